"""Redrawn villages against refitting the redrawn rows; Westfall–Young and Romano–Wolf from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import DesignError, Moments, UsageError
from evalkit.inference.redraw import _draws, redraw
from evalkit.inference.romano_wolf import romano_wolf
from evalkit.inference.step_down import Adjusted
from evalkit.inference.westfall_young import westfall_young
from evalkit.results import Estimate
from tests.small_panels import clustered_t, dummies, two_way_design, village_panel

CHUNKS_OVER = 1003
"""More draws than are solved at once."""


def _panel(weights: str | None = None, seed: int = 4) -> tuple[pl.DataFrame, list[Estimate]]:
    """Return rows with two outcomes, one of which was not asked in village v1, and their estimates."""
    rng = np.random.default_rng(seed)
    frame = village_panel(seed, [2, 2, 3, 2, 0, 0, 0, 0])
    asked = pl.when(pl.col("village") != "v1").then(pl.col("y") * 0.5 + rng.normal(size=frame.height))
    frame = frame.with_columns(asked.alias("z"))
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)
    moments = Moments.from_frame(frame, design=design, outcomes=["y", "z"])
    return frame, [evalkit.did(moments, "y"), evalkit.did(moments, "z")]


def _refitted(frame: pl.DataFrame, outcome: str, counts: dict[str, int], weights: str | None, value: float) -> float:
    """Stack the rows of drawn villages under new names, subtract the effect, and return t up to CRV1's factors."""
    rows = frame.drop_nulls(outcome).filter(pl.len().over("household") > 1)
    copies = [
        rows.filter(pl.col("village") == v).with_columns(
            pl.format("{}_{}", "village", pl.lit(k)).alias("village"),
            pl.format("{}_{}", "household", pl.lit(k)).alias("household"),
        )
        for v, n in counts.items()
        for k in range(n)
    ]
    drawn = pl.concat(copies)
    treated = ((drawn["first"] > 0) & (drawn["round"] >= drawn["first"])).cast(pl.Float64).to_numpy()
    x, y = two_way_design(drawn, treated), drawn[outcome].to_numpy() - value * treated
    return clustered_t(x, y, drawn["village"].to_numpy(), None if weights is None else drawn[weights].to_numpy())


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_statistics_equal_refitting_redrawn_rows(weights: str | None) -> None:
    """Shifting y by the estimate for treated rows makes t that of b* − b; tolerance: rounding of a dense solve.

    Draws that hold one arm only have no t; at least 20 of 24 have one.
    """
    frame, estimates = _panel(weights)
    found = redraw(estimates, draws=12, seed=5)
    assert np.isfinite(found.statistic).sum() >= 20
    names = [f"v{v}" for v in range(8)]
    for b, counts in enumerate(_draws([""] * 8, 12, 5)):
        for j, estimate in enumerate(estimates):
            if np.isnan(found.statistic[b, j]):
                continue
            here = {v: int(n) for v, n in zip(names, counts, strict=True) if v in estimate.basis.sums.clusters}
            g, n, k = sum(here.values()), estimate.counts.n_obs, estimate.basis.k_dof
            t = _refitted(frame, estimate.outcome, here, weights, float(estimate.values[0]))
            assert found.statistic[b, j] == pytest.approx(t / np.sqrt(g / (g - 1) * (n - 1) / (n - k)), rel=1e-7)


@pytest.mark.parametrize("adjust", [romano_wolf, westfall_young])
def test_without_options_it_is_9999_draws_with_seed_1_within_strata(adjust: Callable[..., Adjusted]) -> None:
    """With another seed or one draw more some adjusted p differs."""
    _, estimates = _panel()
    found = adjust(estimates)
    said = adjust(estimates, term="att", draws=9999, seed=1, within="strata")
    assert found.p_adjusted.tolist() == said.p_adjusted.tolist()
    for other in ({"seed": 2}, {"draws": 10000}):
        assert found.p_adjusted.tolist() != adjust(estimates, **other).p_adjusted.tolist()


def test_undefined_statistics_are_told_where_there_are_any() -> None:
    """With 1 of 2 pilot villages undrawn in both places some draws hold one arm; with 12 of each none of 50 does."""
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    reasons = []
    for arm in (2, 12):
        frame = village_panel(6, [2] * arm + [0] * arm, missing=0.0)
        estimate = evalkit.did(Moments.from_frame(frame, design=design, outcomes=["y"]))
        reasons.append(romano_wolf([estimate], draws=50).reason)
    assert "of the 1 × 50 statistics undefined" in reasons[0]
    assert reasons[1].endswith("24 villages drawn with replacement within strata 50 times")


def test_a_draw_of_one_arm_is_undefined() -> None:
    """With 2 of 3 villages treated, the draws without the third, or with nothing else, are those of one arm."""
    frame = village_panel(6, [2, 2, 0], missing=0.0)
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    estimate = evalkit.did(Moments.from_frame(frame, design=design, outcomes=["y"]))
    undefined = np.isnan(redraw([estimate], draws=300, seed=1).statistic[:, 0])
    counts = _draws([""] * 3, 300, 1)
    one_arm = (counts[:, 2] == 0) | (counts[:, 2] == 3)
    assert one_arm.any()
    assert np.all(undefined[one_arm])
    assert not undefined[(counts == 1).all(axis=1)].any()


def _cross_section() -> list[Estimate]:
    frame = village_panel(7, [2, 0] * 8, missing=0.0).filter(pl.col("round") == 3)
    frame = frame.with_columns((pl.col("first") > 0).cast(pl.Int8).alias("d"), (pl.col("y") ** 2).alias("z"))
    pair = pl.format("s{}", pl.col("village").str.slice(1).cast(pl.Int64) // 2)
    frame = frame.with_columns(pl.lit(1.0).alias("same"), pair.alias("stratum"))
    design = evalkit.Design(unit="household", cluster="village", treatment="d", strata="stratum")
    moments = Moments.from_frame(frame, design=design, outcomes=["y", "z", "same"])
    return [evalkit.itt(moments, y) for y in ("y", "z", "same")]


def test_draws_stay_within_strata() -> None:
    strata = ["a", "b", "a", "b", "b"]
    counts = _draws(strata, 50, 1)
    assert np.all(counts[:, [0, 2]].sum(axis=1) == 2)
    assert np.all(counts[:, [1, 3, 4]].sum(axis=1) == 3)
    assert len(np.unique(counts, axis=0)) > 10


def test_a_missing_stratum_leaves_the_effect_determined() -> None:
    """Drawn from all villages, a stratum may be absent: its column drops, as it does in a regression on rows.

    Strata are pairs of a pilot and a comparison village: the effect is known where a whole pair was drawn, and
    its error where there are two.
    """
    estimates = _cross_section()[:1]
    found = redraw(estimates, draws=CHUNKS_OVER, seed=2, within="all").statistic[:, 0]
    names, strata = estimates[0].basis.sums.clusters, np.array(estimates[0].basis.sums.strata)
    counts = _draws([""] * len(names), CHUNKS_OVER, 2)
    absent = counts[:, strata == "s1"].sum(axis=1) == 0
    arms = estimates[0].basis.sums.treated
    pairs = [(counts[:, (strata == s) & arms] * counts[:, (strata == s) & ~arms]).max(axis=1) for s in set(strata)]
    whole = (np.array(pairs) > 0).sum(axis=0)
    assert (absent & (whole > 1)).any()
    assert (whole < 2).any()
    assert np.array_equal(np.isfinite(found), whole > 1)


def test_an_outcome_without_variation_has_no_p_and_adjusts_no_other() -> None:
    estimates = _cross_section()
    all_three, two = (westfall_young(e, draws=299) for e in (estimates, estimates[:2]))
    assert np.isnan(all_three.p_adjusted[2])
    assert np.array_equal(all_three.p_adjusted[:2], two.p_adjusted)
    assert all_three.tidy().columns == ["outcome", "statistic", "p_value", "p_adjusted", "method"]
    assert all_three.tidy()["p_adjusted"][2] is None
    assert "16 villages drawn with replacement within strata 299 times" in all_three.reason


def test_the_two_methods_agree_where_villages_are_the_same() -> None:
    """p falls with |t| alike; with an outcome known in fewer villages they may part."""
    estimates = _cross_section()
    first, second = (method(estimates, draws=CHUNKS_OVER, seed=3) for method in (westfall_young, romano_wolf))
    assert np.array_equal(first.p_adjusted, second.p_adjusted, equal_nan=True)
    assert first.p_adjusted.tolist() != first.p_value.tolist()
    uneven = _panel()[1]
    assert westfall_young(uneven, draws=99).p_value == pytest.approx(romano_wolf(uneven, draws=99).p_value)


def test_order_and_scale_do_not_matter_and_seeds_repeat() -> None:
    estimates = _cross_section()[:2]
    found = westfall_young(estimates, draws=199, seed=8)
    back = westfall_young(estimates[::-1], draws=199, seed=8)
    assert np.array_equal(found.p_adjusted, back.p_adjusted[::-1])
    assert found.tidy().equals(westfall_young(estimates, draws=199, seed=8).tidy())


def test_one_outcome_twice_counts_once() -> None:
    """Two equal outcomes move together wholly, so the pair costs nothing; Holm would double p."""
    one = _cross_section()[:1]
    alone, twice = westfall_young(one, draws=499), westfall_young(one * 2, draws=499)
    assert twice.p_adjusted == pytest.approx([alone.p_adjusted[0]] * 2)


def test_wrong_calls() -> None:
    estimates = _cross_section()
    with pytest.raises(UsageError, match="several outcomes: no estimate was given"):
        westfall_young([])
    with pytest.raises(UsageError, match="term 'late': y has none"):
        westfall_young(estimates, term="late")
    with pytest.raises(UsageError, match=r"within: 'stratum' is unknown \(nearest: 'strata'\)"):
        romano_wolf(estimates, within="stratum")
    with pytest.raises(UsageError, match="draws: 0"):
        romano_wolf(estimates, draws=0)
    with pytest.raises(DesignError, match=r"in another for 'y' \(v\d+: 's0' and ''\)"):
        westfall_young([estimates[0], _panel()[1][0]])


def test_dummies_cover_every_row() -> None:
    """The brute force above rests on it."""
    frame = village_panel(1, [2, 0])
    assert np.all(dummies(frame["household"]).sum(axis=1) == 1)
