"""Conley–Taber and Ferman–Pinto: a case by hand, against rows, what is refused, and how often they cover."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, DesignError, Estimate, Moments
from evalkit.inference.ferman_pinto import scales
from evalkit.inference.ranks import enough_comparison
from evalkit.inference.village_effects import VillageEffects, village_effects
from tests.small_panels import two_way_design, village_panel, weighted_least_squares

BOTH = ["conley_taber", "ferman_pinto"]


def _design(**options: str | None) -> Design:
    return Design(unit="household", cluster="village", time="round", first_treated="first", **options)  # type: ignore[arg-type]


def _did(frame: pl.DataFrame, **options: str | None) -> Estimate:
    return evalkit.did(Moments.from_frame(frame, design=_design(**options), outcomes=["y"]))


def _changes(pilot: list[float], comparison: list[float]) -> pl.DataFrame:
    """Return one household a village, at 0 in round 1 and at the given change in round 2."""
    rows = []
    for name, changes in (("p", pilot), ("c", comparison)):
        for i, change in enumerate(changes):
            first = 2 if name == "p" else None
            rows += [(f"{name}{i}", f"{name}{i}", 1, first, 0.0), (f"{name}{i}", f"{name}{i}", 2, first, change)]
    return pl.DataFrame(rows, schema=["household", "village", "round", "first", "y"], orient="row")


def test_conley_taber_by_hand() -> None:
    """Changes 5 | −1, 0, 1, 0, −2, 2. With h taken off the pilot, each village against the mean of the other six.

    Own set: 5 − h. Village c against the rest: c − (5 − h − c)/6 = 7c/6 − (5 − h)/6. With d = 5 − h the sizes are |d|,
    |−7 − d|/6, |d|/6, |7 − d|/6, |d|/6, |−14 − d|/6, |14 − d|/6. h = 0, d = 5: 5, 2, .83, .33, .83, 3.17, 1.5: p = 1/7.
    For d > 0 the sizes reach d from |−14 − d|/6 up to d = 14/5 = 2.8, from |14 − d|/6 to d = 2, |−7 − d|/6 to 7/5,
    |7 − d|/6 to d = 1. At 70 % p = 2/7 < .3 rejects and 3/7 doesn't: |d| ≤ 2, and the interval is 5 ± 2.
    Spread at d = 0: √((1 + 1 + 4 + 4)/7) · 7/6.
    """
    estimate = _did(_changes([5.0], [-1.0, 0.0, 1.0, 0.0, -2.0, 2.0]))
    row = evalkit.infer(estimate, "conley_taber", level=0.7).row("att")
    assert row["estimate"] == pytest.approx(5.0)
    assert row["p_value"] == pytest.approx(1 / 7)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((3.0, 7.0))
    assert row["std_error"] == pytest.approx(7 / 6 * (10 / 7) ** 0.5)
    assert row["df"] is None


def test_without_enough_villages_there_is_no_interval() -> None:
    """1/7 is the smallest p that 6 comparison villages allow: nothing is rejected at 5 %."""
    result = evalkit.infer(_did(_changes([5.0], [-1.0, 0.0, 1.0, 0.0, -2.0, 2.0])), "conley_taber")
    assert result.row("att")["conf_low"] is None
    assert "smallest p that can be attained is 0.14" in result.reason


@pytest.mark.parametrize("method", BOTH)
def test_two_pilots_in_either_order_are_one_set(method: str) -> None:
    """2 of 7 villages: 21 sets, each in two orders, so the smallest p is 1/21."""
    reason = evalkit.infer(_did(_changes([5.0, 4.0], [-1.0, 0.0, 1.0, 0.5, -2.0])), method).reason
    assert "rank among all 21 sets of villages that might have been pilots" in reason
    assert "can be attained is 0.048" in reason


@pytest.mark.parametrize(("pilots", "comparison"), [(1, 19), (2, 5), (3, 4)])
@pytest.mark.parametrize("method", BOTH)
def test_how_many_comparison_villages_an_interval_needs(method: str, pilots: int, comparison: int) -> None:
    rng = np.random.default_rng(1)
    assert enough_comparison(pilots) == comparison
    for n, exists in ((comparison, True), (comparison - 1, False)):
        estimate = _did(_changes([5.0] * pilots, rng.normal(size=n).tolist()))
        assert (evalkit.infer(estimate, method).row("att")["conf_low"] is not None) is exists


def _changes_from_rows(frame: pl.DataFrame, w: str | None) -> tuple[dict[str, float], dict[str, float]]:
    """Return the coefficient of the exposure in a village's residuals (effect left in), and its weight, from rows."""
    rows = frame.filter(pl.len().over("household") > 1)
    weight = np.ones(rows.height) if w is None else rows[w].to_numpy()
    after = (rows["round"] >= 2).cast(pl.Float64).to_numpy()
    x = two_way_design(rows, after * (rows["first"].to_numpy() > 0))
    y, village = rows["y"].to_numpy(), rows["village"].to_numpy()
    beta = weighted_least_squares(x, y, weight)
    rest = y - x[:, :-1] @ beta[:-1]
    household = rows["household"].to_numpy()
    residual, size = {}, {}
    for v in np.unique(village):
        here = village == v
        own = np.column_stack([household[here] == h for h in np.unique(household[here])] + [after[here]]).astype(float)
        residual[v] = float(weighted_least_squares(own, rest[here], weight[here])[-1])
        within = after[here] - own[:, :-1] @ weighted_least_squares(own[:, :-1], after[here], weight[here])
        size[v] = float((weight[here] * within**2).sum())
    return residual, size


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("pilots", [1, 2])
def test_against_rows(pilots: int, weights: str | None) -> None:
    """Unbalanced households: changes, weights and every ordered choice of villages, from rows; ends of the interval."""
    frame = village_panel(61, [2] * pilots + [0] * 9, households=5)
    estimate = _did(frame, weights=weights)
    change, size = _changes_from_rows(frame, weights)
    names = sorted(change)
    treated = [v for v in names if frame.filter(pl.col("village") == v)["first"][0] > 0]
    effects = village_effects(estimate, "conley_taber")
    assert effects.change == pytest.approx([change[v] for v in names], abs=1e-10)
    assert effects.weight == pytest.approx([size[v] for v in names], rel=1e-10)
    part = np.array([size[v] for v in treated]) / sum(size[v] for v in treated)
    result = evalkit.infer(estimate, "conley_taber", level=0.8)

    def p_of(h: float) -> float:
        own = {v: change[v] - (h if v in treated else 0) for v in names}
        sizes = {}
        for order in permutations(names, pilots):
            rest = [v for v in names if v not in order]
            mean = sum(size[v] * own[v] for v in rest) / sum(size[v] for v in rest)
            sizes[order] = abs(sum(part * [own[v] for v in order]) - mean)
        return float(np.mean([x >= sizes[tuple(treated)] * (1 - 1e-9) for x in sizes.values()]))

    row = result.row("att")
    assert row["p_value"] == pytest.approx(p_of(0.0))
    width = row["conf_high"] - row["conf_low"]
    for end, outwards in ((row["conf_low"], -1e-6 * width), (row["conf_high"], 1e-6 * width)):
        assert p_of(end - outwards) > 0.2 + 1e-9
        assert p_of(end + outwards) <= 0.2 + 1e-9


def test_two_equal_pilots_are_a_permutation_test() -> None:
    """Equal villages: p is the share of the 36 pairs of 9 villages whose difference in means is as large."""
    changes = [2.0, 1.0, 0.3, -1.2, 0.8, 1.9, -0.4, -2.2, 0.8]
    differences = {
        s: np.mean([changes[i] for i in s]) - np.mean(np.delete(changes, s)) for s in combinations(range(9), 2)
    }
    p = np.mean([abs(d) >= abs(differences[0, 1]) * (1 - 1e-9) for d in differences.values()])
    row = evalkit.infer(_did(_changes(changes[:2], changes[2:])), "conley_taber").row("att")
    assert row["estimate"] == pytest.approx(differences[0, 1])
    assert row["p_value"] == pytest.approx(p)


def test_drawn_sets_hold_the_real_one_and_follow_the_seed() -> None:
    """18 · 17 = 306 orders against 99 draws: p is a hundredth part."""
    estimate = _did(_changes([9.0, 9.5], np.random.default_rng(2).normal(size=16).tolist()))
    first, same, other = (evalkit.infer(estimate, "conley_taber", draws=99, seed=s) for s in (1, 1, 2))
    assert first.tidy().equals(same.tidy())
    assert first.std_error[0] != other.std_error[0]
    assert "drawn 100 sets" in first.reason
    assert first.row("att")["p_value"] >= 0.01


def test_ferman_pinto_scales_by_hand() -> None:
    """Squares 5 and 2 at sizes 1 and 4 lie on A + B/M with A = 1, B = 4; the pilot's at size 2 is 3."""
    effects = VillageEffects(
        change=np.array([9.0, 5**0.5, -(5**0.5), 2**0.5, -(2**0.5)]),
        weight=np.ones(5),
        size=np.array([2.0, 1.0, 1.0, 4.0, 4.0]),
        pilot=np.array([True, False, False, False, False]),
    )
    assert scales(effects) ** 2 == pytest.approx([3, 5, 5, 2, 2])


def test_sizes_that_explain_nothing_leave_conley_taber() -> None:
    """Villages of one size: all are scaled alike, and both methods are the same."""
    estimate = _did(_changes([1.0], np.random.default_rng(3).normal(size=20).tolist()))
    ct, fp = (evalkit.infer(estimate, m).row("att") for m in BOTH)
    assert [fp[k] for k in ("p_value", "conf_low", "conf_high")] == pytest.approx(
        [ct[k] for k in ("p_value", "conf_low", "conf_high")]
    )


def test_villages_seen_on_one_side_have_no_change() -> None:
    """They enter neither did nor the residuals; a village that would start after the last round is a comparison."""
    frame = village_panel(8, [2, 0, 0, 0, 0, 0, 0], missing=0.0)
    other = frame.with_columns(pl.when(pl.col("village") == "v6").then(9).otherwise("first").alias("first"))
    late = other.filter((pl.col("village") != "v5") | (pl.col("round") >= 2))
    assert len(village_effects(_did(late), "test").change) == 6
    without = other.filter(pl.col("village") != "v5")
    assert len(village_effects(_did(without), "test").change) == 6
    assert village_effects(_did(other), "test").change == pytest.approx(village_effects(_did(frame), "test").change)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), method=st.sampled_from(BOTH), factor=st.sampled_from([1e-3, 40.0]))
def test_order_labels_and_scale(seed: int, method: str, factor: float) -> None:
    frame = village_panel(seed, [2, 0, 0, 0, 0, 0, 0, 0], households=3, missing=0.0)
    frame = frame.filter((pl.col("round") < 3) | (pl.col("weight") > 1))
    names = dict(
        zip([f"v{v}" for v in range(8)], np.random.default_rng(seed).permutation(list("abcdefgh")), strict=True)
    )
    other = frame.sample(fraction=1.0, shuffle=True, seed=seed).with_columns(
        pl.col("village").replace_strict(names), pl.col("y") * factor
    )
    own, again = (evalkit.infer(_did(f), method, level=0.8).row("att") for f in (frame, other))
    assert again["p_value"] == pytest.approx(own["p_value"])
    assert again["std_error"] / factor == pytest.approx(own["std_error"])
    assert again["conf_low"] / factor == pytest.approx(own["conf_low"], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (lambda: _did(village_panel(1, [2, 3, 0, 0, 0, 0])), "several rounds"),
        (lambda: _did(village_panel(1, [2, 3, 3, 3, 3, 3])), "several rounds"),
        (lambda: _did(village_panel(1, [2, 0, 0])), "2 comparison villages"),
        (
            lambda: evalkit.event_study(
                Moments.from_frame(village_panel(1, [2, 0, 0, 0, 0, 0]), design=_design(), outcomes=["y"])
            ),
            "did without household covariates",
        ),
        (
            lambda: evalkit.synthetic_did(
                Moments.from_frame(village_panel(1, [3, 0, 0, 0, 0, 0], missing=0.0), design=_design(), outcomes=["y"])
            ),
            "not one linear regression",
        ),
    ],
)
@pytest.mark.parametrize("method", BOTH)
def test_what_is_refused(method: str, estimate, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        evalkit.infer(estimate(), method)


def _coverage(pilots: int, sizes: np.ndarray, shock: float, draws: int = 300) -> dict[str, tuple[float, float]]:
    """Return coverage and median length of each method: 4 rounds, start in 3, autocorrelated village shocks."""
    rng = np.random.default_rng(sizes.sum() + pilots)
    village, g = np.repeat(np.arange(len(sizes)), sizes), len(sizes)
    e = np.zeros((draws, g, 4))
    for t in range(4):
        e[:, :, t] = (0.5 * e[:, :, t - 1] if t else 0.0) + rng.normal(size=(draws, g))
    y = shock * e[:, village] + rng.normal(size=(draws, len(village), 4))
    y[:, village < pilots, 2:] += 1.0
    unit, time = np.divmod(np.arange(len(village) * 4), 4)
    frame = pl.DataFrame(
        {"household": unit.astype(str), "village": village[unit].astype(str), "round": time + 1}
        | {"first": np.where(village[unit] < pilots, 3, 0)}
        | {f"y{d}": y[d].ravel() for d in range(draws)}
    )
    moments = Moments.from_frame(frame, design=_design(), outcomes=[f"y{d}" for d in range(draws)])
    found: dict[str, list[tuple[bool, float]]] = {m: [] for m in ("crv1", *BOTH)}
    for outcome in moments.outcomes:
        estimate = evalkit.did(moments, outcome)
        for method, rows in found.items():
            r = evalkit.infer(estimate, method, draws=400)
            rows.append((bool(r.conf_low[0] <= 1 <= r.conf_high[0]), float(r.conf_high[0] - r.conf_low[0])))
    return {m: (float(np.mean([c for c, _ in r])), float(np.median([n for _, n in r]))) for m, r in found.items()}


@pytest.mark.parametrize(("pilots", "crv1"), [(1, 0.5), (2, 0.85)])
def test_they_cover_where_crv1_does_not(pilots: int, crv1: float) -> None:
    """Pilots of 20 equal villages; 300 draws: .95 ± .035 is beyond 2.7 standard errors."""
    covered = _coverage(pilots, np.full(20, 6), shock=0.5)
    assert covered["crv1"][0] < crv1
    for method in BOTH:
        assert covered[method][0] == pytest.approx(0.95, abs=0.035)


def test_size_matters_where_shocks_are_households_own() -> None:
    """A pilot of 60 households beside villages of 3 to 20: Conley–Taber takes it for as noisy as they are."""
    sizes = np.concatenate([[60], np.random.default_rng(2).integers(3, 20, size=19)])
    covered = _coverage(1, sizes, shock=0.05)
    assert covered["conley_taber"][0] > 0.985
    assert covered["ferman_pinto"][0] == pytest.approx(0.95, abs=0.04)
    assert covered["ferman_pinto"][1] < 0.7 * covered["conley_taber"][1]
