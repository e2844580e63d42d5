"""Placebo and jackknife of synthetic estimates: against refits from scratch, properties, what is refused."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, DesignError, Estimate, Moments, UsageError
from evalkit.inference.placebo import placebo, placebo_sets
from evalkit.results import Donors

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")
ESTIMATORS = [evalkit.synthetic_control, evalkit.synthetic_did]


def _moments(y: np.ndarray, pilots: int, start: int) -> Moments:
    village, time = np.divmod(np.arange(y.size), y.shape[1])
    first = np.where(village < pilots, start, 0)
    names = [f"v{v:02d}" for v in village]
    frame = pl.DataFrame({"household": names, "village": names, "round": time + 1, "first": first, "y": y.ravel()})
    return Moments.from_frame(frame, design=DESIGN, outcomes=["y"])


def _y(seed: int, villages: int, rounds: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factor = np.cumsum(rng.normal(size=rounds))
    return (
        rng.uniform(0, 2, (villages, 1)) * factor + rng.normal(size=(villages, 1)) + rng.normal(size=(villages, rounds))
    )


def _refit(estimate: Estimate, rows: list[int], pilots: list[int]) -> float:
    """Fit anew on some villages with others as pilots; rows and pilots are numbers of the estimate's villages."""
    basis = estimate.basis
    assert isinstance(basis, Donors)
    share = np.array([1 / len(pilots) if r in pilots else 0.0 for r in rows])
    return basis.refit(basis.means[rows], share, basis.before, basis.after).att


def _sizes(estimate: Estimate, pilots: int, h: float) -> list[float]:
    """Return the size of the effect of each set of villages with h taken off the pilots, each fitted by itself."""
    basis = estimate.basis
    means = basis.means.copy()
    means[:pilots, basis.after] -= h
    sets = combinations(range(len(means)), pilots)
    shares = [np.isin(np.arange(len(means)), s) / pilots for s in sets]
    return [abs(basis.refit(means, share, basis.before, basis.after).att) for share in shares]


@pytest.mark.parametrize(("pilots", "villages"), [(1, 20), (2, 8)])
def test_every_set_of_villages(pilots: int, villages: int) -> None:
    """p at 0 and on both sides of both ends, each set and each hypothesis refitted; weights hold no effect here."""
    estimate = evalkit.synthetic_control(_moments(_y(5, villages), pilots, 6))

    def p_of(h: float) -> float:
        sizes = _sizes(estimate, pilots, h)
        return float(np.mean([x >= sizes[0] * (1 - 1e-9) for x in sizes]))

    row = evalkit.infer(estimate, "placebo").row("att")
    assert row["p_value"] == pytest.approx(p_of(0.0))
    step = 1e-5 * (row["conf_high"] - row["conf_low"])
    for end, outwards in ((row["conf_low"], -step), (row["conf_high"], step)):
        assert p_of(end - outwards) > 0.05 + 1e-9
        assert p_of(end + outwards) <= 0.05 + 1e-9


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("pilots", [1, 2])
def test_sets_at_the_estimate(estimator, pilots: int) -> None:
    """With the gap of each round taken off the pilots, their own effect is 0 and each other set is refitted so."""
    estimate = estimator(_moments(_y(5, 9), pilots, 6))
    basis, sets = estimate.basis, placebo_sets(estimate.basis, 9999, seed=1)[0]
    means = basis.means.copy()
    means[:pilots] -= np.where(basis.after, basis.fit.gaps, 0.0)
    found = sets.at_zero - estimate.values[0] * sets.slope
    expected = [
        basis.refit(means, np.isin(np.arange(9), s) / pilots, basis.before, basis.after).att
        for s in combinations(range(9), pilots)
    ]
    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert sorted(found) == pytest.approx(sorted(expected), abs=1e-9)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_std_error_is_the_spread_of_comparison_villages(estimator) -> None:
    """As synthdid's placebo: pilots take no part, weights are fitted anew with the first fit's penalties."""
    estimate = estimator(_moments(_y(5, 9), 2, 6))
    rows = list(range(2, 9))
    effects = [_refit(estimate, rows, list(s)) for s in combinations(rows, 2)]
    assert evalkit.infer(estimate, "placebo").row("att")["std_error"] == pytest.approx(np.std(effects))


def test_rounds_before_the_start_have_no_interval() -> None:
    table = evalkit.infer(evalkit.synthetic_did(_moments(_y(5, 21), 1, 6)), "placebo").tidy()
    before = table.filter(pl.col("event_time") < 0)
    assert before.height == 5
    assert before.select("std_error", "p_value", "conf_low").null_count().row(0) == (5, 5, 5)
    assert table.filter(pl.col("event_time") >= 0)["conf_low"].null_count() == 0


def test_ranks_by_ratio() -> None:
    """The root mean square gap after the start over that before it; there is no interval."""
    estimate = evalkit.synthetic_control(_moments(_y(5, 12), 1, 6))
    basis = estimate.basis
    fits = [basis.fit] + [basis.refit(basis.means[1:], np.eye(11)[i], basis.before, basis.after) for i in range(11)]
    ratios = [(np.mean(f.gaps[5:] ** 2) / np.mean(f.gaps[:5] ** 2)) ** 0.5 for f in fits]
    row = placebo(estimate, statistic="ratio").row("att")
    assert row["p_value"] == pytest.approx(np.mean([r >= ratios[0] for r in ratios]))
    assert row["conf_low"] is None


@pytest.mark.parametrize(("donors", "pilots", "exists"), [(18, 1, False), (19, 1, True), (4, 2, False), (5, 2, True)])
def test_how_many_donors_are_needed(donors: int, pilots: int, exists: bool) -> None:
    result = evalkit.infer(evalkit.synthetic_did(_moments(_y(6, donors + pilots), pilots, 6)), "placebo")
    assert (result.row("att")["conf_low"] is not None) is exists
    assert f"can be attained is {1 / comb(donors + pilots, pilots):.2g}" in result.reason


def test_auto_is_placebo_even_with_one_pilot() -> None:
    result = evalkit.infer(evalkit.synthetic_did(_moments(_y(7, 21), 1, 6)))
    assert result.method == "placebo"
    assert np.isfinite(result.conf_low[0])


def test_placebo_normal_is_by_t() -> None:
    """Five donors: no rank can reject, so the spread of placebos stands in, by t with 4 df (t.975 = 2.776)."""
    estimate = evalkit.synthetic_did(_moments(_y(8, 6), 1, 6))
    row = evalkit.infer(estimate, "placebo_normal").row("att")
    assert row["std_error"] == evalkit.infer(estimate, "placebo").row("att")["std_error"]
    assert (row["conf_high"] - row["conf_low"]) / 2 == pytest.approx(2.7764451 * row["std_error"])


def test_drawn_sets_depend_on_the_seed_only() -> None:
    """Of 20 over 3 = 1,140 sets 99 are drawn."""
    estimate = evalkit.synthetic_did(_moments(_y(9, 23), 3, 6))
    first, same, other = (evalkit.infer(estimate, "placebo", draws=99, seed=s).row("att") for s in (1, 1, 2))
    assert first == same
    assert first["std_error"] != other["std_error"]
    assert evalkit.infer(estimate, "placebo", draws=99).reason.startswith("rank among drawn 100 sets")


def test_jackknife_by_hand() -> None:
    """Four villages in three rounds, weights read off the fit; each village left out, the rest rescaled."""
    estimate = evalkit.synthetic_did(_moments(_y(10, 7, rounds=5), 2, 4))
    basis, fit = estimate.basis, estimate.basis.fit
    effects = []
    for v in range(7):
        share, donors = np.delete(basis.share, v), np.delete(fit.donors, v)
        level = share / share.sum() @ np.delete(basis.means, v, 0) - donors / donors.sum() @ np.delete(
            basis.means, v, 0
        )
        effects.append(level[3:].mean() - fit.times @ level)
    variance = 6 / 7 * ((np.array(effects) - np.mean(effects)) ** 2).sum()
    row = evalkit.infer(estimate, "synthetic_jackknife").row("att")
    assert row["std_error"] == pytest.approx(variance**0.5)
    assert row["df"] == 6


def test_crv3_refits_the_weights() -> None:
    estimate = evalkit.synthetic_did(_moments(_y(10, 9), 2, 6))
    own = float(estimate.values[0])
    without = [_refit(estimate, [r for r in range(9) if r != v], [p for p in (0, 1) if p != v]) for v in range(9)]
    row = evalkit.infer(estimate, "crv3").row("att")
    assert row["std_error"] == pytest.approx((8 / 9 * sum((w - own) ** 2 for w in without)) ** 0.5)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), effect=st.floats(-50, 50), which=st.sampled_from(ESTIMATORS))
def test_an_effect_moves_estimate_and_interval_alike(seed: int, effect: float, which) -> None:
    y = _y(seed, 21)
    moved = y.copy()
    moved[0, 5:] += effect
    own, again = (evalkit.infer(which(_moments(v, 1, 6)), "placebo").row("att") for v in (y, moved))
    for name in ("estimate", "conf_low", "conf_high"):
        if own[name] is None:  # an end that the ranks do not reach is missing in both
            assert again[name] is None
        else:
            assert again[name] - own[name] == pytest.approx(effect, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "villages", "pilots", "words"),
    [
        ("placebo", 3, 1, "two donors beside each placebo set"),
        ("placebo", 5, 2, "3 comparison villages for 2 pilot"),
        ("synthetic_jackknife", 9, 1, "1 pilot village"),
        ("crv1", 9, 2, "use placebo"),
        ("crv2", 9, 2, "use placebo"),
        ("wild", 9, 2, "use placebo"),
        ("randomization", 9, 2, "cannot be reassigned"),
    ],
)
def test_what_is_refused(method: str, villages: int, pilots: int, words: str) -> None:
    estimate = evalkit.synthetic_did(_moments(_y(11, villages), pilots, 6))
    with pytest.raises(DesignError, match=words):
        evalkit.infer(estimate, method)


@pytest.mark.parametrize("method", ["placebo", "placebo_normal", "synthetic_jackknife"])
def test_regressions_have_no_donors(method: str) -> None:
    with pytest.raises(DesignError, match="has no donors"):
        evalkit.infer(evalkit.did(_moments(_y(11, 9), 2, 6)), method)


def test_unknown_statistic() -> None:
    with pytest.raises(UsageError, match="att or ratio"):
        placebo(evalkit.synthetic_did(_moments(_y(11, 9), 1, 6)), statistic="t")


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_placebo_covers_with_one_pilot_of_twenty(estimator) -> None:
    """300 draws of a factor model, effect 0; exchangeable villages: .95 ± .035 is beyond 2.7 standard errors."""
    hits = [
        bool(r.conf_low[0] <= 0 <= r.conf_high[0])
        for seed in range(300)
        for r in [evalkit.infer(estimator(_moments(_y(seed, 20), 1, 6)), "placebo")]
    ]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.035)
