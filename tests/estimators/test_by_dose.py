"""Level effects by dose: worked by hand, against other programs on a published case, and where a slope misleads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import DataError, Design, DesignError, Moments, UsageError
from evalkit.inference.jackknife import degrees_of_freedom
from tests.small_panels import village_panel

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first", comparison="never")


def moments_of(frame: pl.DataFrame, design: Design = DESIGN) -> Moments:
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def two_rounds(changes: dict[str, list[float]], pilots: str) -> Moments:
    """Villages of households that start at 0 and have changed by so much in round 2, when pilots start."""
    rows = [
        (f"{v}{i}", v, 2 if v in pilots else 0, t, y * (t == 2))
        for v, ys in changes.items()
        for i, y in enumerate(ys)
        for t in (1, 2)
    ]
    return moments_of(pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row"))


def test_by_hand() -> None:
    """Untreated c and d changed by 1 and 3: 2. Below a dose of 2: a (dose 1) by 5, so 3. From 2: b (dose 3) by 9, and
    both households of e (dose 4) by 12: 11 on average, so 9, at a mean dose of (3 + 2·4)/3 = 11/3.

    All four pilot households: (5 + 9 + 24)/4 − 2 = 7.5. Slope (9 − 3)/(11/3 − 1) = 2.25.
    """
    found = two_rounds({"a": [5], "b": [9], "e": [12, 12], "c": [1], "d": [3]}, "abe")
    estimate = evalkit.by_dose(found, {"a": 1, "b": 3, "e": 4, "c": 0}, [2], slopes=True)
    assert estimate.terms == ("att", "dose=1", "dose=2", "slope=2")
    assert estimate.values == pytest.approx([7.5, 3, 9, 2.25])
    assert estimate.columns["dose_mean"][:3] == pytest.approx([3, 1, 11 / 3])
    assert estimate.columns["dose_low"] == (None, 0, 2, None)
    assert estimate.columns["dose_high"] == (None, 2, None, None)
    assert estimate.columns["n_treated_units"] == (4, 1, 3, None)
    assert estimate.columns["n_treated_villages"] == (3, 1, 2, None)
    assert (estimate.counts.n_obs, estimate.counts.n_units, estimate.counts.n_comparison_clusters) == (12, 6, 2)


def test_the_standard_error_by_hand() -> None:
    """Four villages of dose 1 changed by 1, 2, 3, 4 (mean 2.5), five untreated by −1, 0, 0, 0, 1 (mean 0).

    Without a pilot: 3, 8/3, 7/3, 2, so .5, 1/6, −1/6, −.5 away, squares 5/9; without an untreated one: −.25 and .25
    away in two of five, squares 1/8. CRV3: 8/9·(5/9 + 1/8) = .604938. Four villages on the smaller side, five on the
    other; four more pilots of dose 3 change nothing but (G − 1)/G, which is then 12/13.
    """
    changes = {**dict(zip("abcd", ([1.0], [2.0], [3.0], [4.0]), strict=True)), "u": [0.0], "v": [0.0], "w": [0.0]}
    changes |= {"x": [-1.0], "y": [1.0]} | dict(zip("efgh", ([7.0], [8.0], [9.0], [9.0]), strict=True))
    estimate = evalkit.by_dose(
        two_rounds(changes, "abcdefgh"), {**dict.fromkeys("abcd", 1.0), **dict.fromkeys("efgh", 3.0)}, [2]
    )
    found = evalkit.infer(estimate).row("dose=1")
    assert found["estimate"] == pytest.approx(2.5)
    assert found["std_error"] == pytest.approx((12 / 13 * (5 / 9 + 1 / 8)) ** 0.5)
    assert found["df"] == pytest.approx(degrees_of_freedom(4, 5))
    assert found["inference"] == "jackknife"


def test_each_group_is_a_did_of_its_own_and_the_whole_is_the_continuous_did_of_diff_diff(cases: Path) -> None:
    """castle: homicides of 2004 and 2010 in 50 states, 21 of which had the law in force for 1.7 to 5.2 years.

    Two dose groups are two separate 2×2 DiDs (pyfixest); levels, their mean, the step between them and standard errors
    are those of diff-diff's ContinuousDiD with a discrete dose (equation 4.1 of the paper): sums in another order.
    """
    pyfixest, diff_diff = pytest.importorskip("pyfixest"), pytest.importorskip("diff_diff")
    rows = pl.read_parquet(cases / "castle.parquet").with_columns(pl.col("year").cast(pl.Int64))
    force = rows.group_by("state").agg(pl.col("cdl").sum().alias("force"))
    rows = rows.filter(pl.col("year").is_in([2004, 2010])).join(force, on="state").rename({"l_homicide": "y"})
    level = pl.when(pl.col("force") >= 4.2).then(2.0).when(pl.col("force") > 0).then(1.0).otherwise(0.0)
    rows = rows.with_columns(
        level.alias("level"),
        pl.when(pl.col("force") > 0).then(2).otherwise(0).alias("first"),
        pl.when(pl.col("year") == 2010).then(2).otherwise(1).alias("round"),
    )
    design = Design(unit="state", cluster="state", time="round", first_treated="first", comparison="never")
    levels = dict(rows.select("state", "level").iter_rows())
    estimate = evalkit.by_dose(moments_of(rows, design), levels, [2], slopes=True)
    result = evalkit.infer(estimate, "crv1").tidy()
    for j in (1.0, 2.0):
        part = rows.filter(pl.col("level").is_in([0.0, j])).with_columns(
            ((pl.col("level") == j) & (pl.col("round") == 2)).cast(pl.Float64).alias("treated")
        )
        fit = pyfixest.feols("y ~ treated | state + round", part.to_pandas())
        assert result.filter(term=f"dose={j:.0f}")["estimate"].item() == pytest.approx(fit.coef()["treated"], abs=1e-9)
    peer = diff_diff.ContinuousDiD(treatment_type="discrete").fit(
        rows.select("state", "round", "first", "level", "y").to_pandas(),
        outcome="y",
        unit="state",
        time="round",
        first_treat="first",
        dose="level",
    )
    curve, steps = peer.dose_response_att.to_dataframe(), peer.dose_response_acrt.to_dataframe()
    assert list(result["estimate"]) == pytest.approx(
        [peer.overall_att, *curve["effect"], steps["effect"][1]], abs=1e-12
    )
    assert list(result["std_error"]) == pytest.approx([peer.overall_att_se, *curve["se"], steps["se"][1]], rel=1e-9)


def test_before_the_start_by_hand() -> None:
    """Starts in round 3: a (dose 1) changes by 2 from round 1 to 2, b (dose 3) by 5; c starts in round 4 and changes by
    1 and 4; d never, by 3 and 0.

    From round 1 to 2 those that start later than a and b, c and d, changed by 2: a 0 more, b 3 more. c's own change to
    round 2 is set against d alone (a and b start earlier): 1 − 3, and to round 3, 4 − 0; of dose 3, so in b's group:
    (3 − 2 + 4)/3 = 5/3. All: (0 + 3 − 2 + 4)/4.
    """
    paths = {"a": (3, [0, 2, 9, 9]), "b": (3, [0, 5, 9, 9]), "c": (4, [0, 1, 5, 9]), "d": (0, [0, 3, 3, 3])}
    rows = [(v, v, g, t, float(y)) for v, (g, ys) in paths.items() for t, y in enumerate(ys, 1)]
    found = moments_of(pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row"))
    dose = {"a": 1.0, "b": 3.0, "c": 3.0}
    estimate = evalkit.by_dose(found, dose, [2], comparison="not_yet", before=True)
    assert estimate.values == pytest.approx([5 / 4, 0, 5 / 3])
    assert estimate.columns["n_treated_villages"] == (3, 1, 2)
    assert estimate.counts.n_comparison_clusters == 2
    never = evalkit.by_dose(found, dose, [2], comparison="never", before=True)
    assert never.values == pytest.approx([(-1 + 2 - 2 + 4) / 4, -1, (2 - 2 + 4) / 3])


def test_before_the_start_each_group_is_a_did_of_its_own(cases: Path) -> None:
    """castle, 2003 to 2004 before laws of 2005 on: in each dose group pyfixest's 2×2 against states without one."""
    pyfixest = pytest.importorskip("pyfixest")
    rows = pl.read_parquet(cases / "castle.parquet").with_columns(pl.col("year").cast(pl.Int64))
    force = rows.group_by("state").agg(pl.col("cdl").sum().alias("force"))
    rows = rows.filter(pl.col("year").is_in([2003, 2004, 2010])).join(force, on="state").rename({"l_homicide": "y"})
    level = pl.when(pl.col("force") >= 4.2).then(2.0).when(pl.col("force") > 0).then(1.0).otherwise(0.0)
    rows = rows.with_columns(
        level.alias("level"),
        pl.when(pl.col("force") > 0).then(3).otherwise(0).alias("first"),
        pl.col("year").replace_strict({2003: 1, 2004: 2, 2010: 3}).alias("round"),
    )
    design = Design(unit="state", cluster="state", time="round", first_treated="first", comparison="never")
    levels = dict(rows.select("state", "level").iter_rows())
    estimate = evalkit.by_dose(moments_of(rows, design), levels, [2], before=True)
    for j in (1.0, 2.0):
        part = rows.filter(pl.col("level").is_in([0.0, j]), pl.col("round") < 3).with_columns(
            ((pl.col("level") == j) & (pl.col("round") == 2)).cast(pl.Float64).alias("treated")
        )
        fit = pyfixest.feols("y ~ treated | state + round", part.to_pandas())
        found = evalkit.infer(estimate, "crv1").row(f"dose={j:.0f}")
        assert found["estimate"] == pytest.approx(fit.coef()["treated"], abs=1e-9)


def test_a_group_that_drifts_is_seen_before_its_start_and_the_other_is_not() -> None:
    """Villages of the high dose drift by .5 a round from the first on; the effect itself changes nothing before."""
    frame, dose = staggered(8)
    drifting = frame.with_columns(
        pl.col("y") + 0.5 * pl.col("round") * pl.col("village").is_in(["v2", "v3", "v6", "v7"])
    )
    effect = pl.when((pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))).then(7.0).otherwise(0.0)
    plain, moved, later = (
        evalkit.by_dose(moments_of(f), dose, [4], before=True).values
        for f in (frame, drifting, drifting.with_columns(pl.col("y") + effect))
    )
    assert moved - plain == pytest.approx([0.25, 0, 0.5])
    assert later == pytest.approx(moved)


def test_before_the_start_there_are_no_slopes_and_it_takes_two_rounds() -> None:
    frame, dose = staggered(1)
    with pytest.raises(UsageError, match="slopes before the start"):
        evalkit.by_dose(moments_of(frame), dose, [4], slopes=True, before=True)
    with pytest.raises(DesignError, match="seen twice before"):
        evalkit.by_dose(moments_of(frame.filter(pl.col("round") >= 3, pl.col("first") != 3)), dose, [4], before=True)


def staggered(seed: int, *, missing: float = 0.0) -> tuple[pl.DataFrame, dict[str, float]]:
    """Thirteen villages that start in rounds 3, 4 or never, eight of them with doses."""
    frame = village_panel(seed, [3, 3, 3, 3, 4, 4, 4, 4, 0, 0, 0, 0, 0], rounds=5, missing=missing)
    return frame, {f"v{v}": d for v, d in enumerate([1.0, 2.0, 5.0, 6.0, 1.5, 3.0, 5.5, 7.0])}


@pytest.mark.parametrize("comparison", ["never", "not_yet"])
def test_in_a_balanced_rollout_the_mean_is_that_of_group_time(comparison: str) -> None:
    frame, dose = staggered(3)
    moments = moments_of(frame)
    found = evalkit.by_dose(moments, dose, [4], comparison=comparison)
    plain = evalkit.group_time(moments, comparison=comparison)
    assert found.values[0] == pytest.approx(plain.values[0], abs=1e-12)
    both = [evalkit.infer(e, "crv3").row("att")["std_error"] for e in (found, plain)]
    assert both[0] == pytest.approx(both[1], rel=1e-9)
    assert found.values[1:] @ [0.5, 0.5] == pytest.approx(plain.values[0], abs=1e-12)


def test_a_dose_group_in_a_rollout_is_group_time_on_its_villages_and_those_never_treated() -> None:
    frame, dose = staggered(4, missing=0.2)
    estimate = evalkit.by_dose(moments_of(frame), dose, [4])
    for j, own in enumerate(({"v0", "v1", "v4", "v5"}, {"v2", "v3", "v6", "v7"}), 1):
        part = frame.filter(pl.col("village").is_in(list(own)) | (pl.col("first") == 0))
        assert estimate.values[j] == pytest.approx(evalkit.group_time(moments_of(part)).values[0], abs=1e-12)


def test_slopes_move_as_their_refits_do() -> None:
    """The influence of a slope by the delta method, and its jackknife, agree to first order in 120 villages."""
    rng = np.random.default_rng(5)
    dose = {f"v{v}": float(d) for v, d in enumerate(rng.uniform(0.5, 4, 60))}
    frame = village_panel(5, [2] * 60 + [0] * 60, rounds=2, missing=0.1)
    estimate = evalkit.by_dose(moments_of(frame), dose, [1.5, 3], slopes=True)
    by = {m: evalkit.infer(estimate, m).tidy()["std_error"].to_numpy() for m in ("crv1", "crv3")}
    assert by["crv3"] == pytest.approx(by["crv1"], rel=0.1)


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(0.1, 50),
    st.floats(-100, 100),
    st.floats(0.1, 20),
    st.lists(st.floats(-50, 50), min_size=13, max_size=13),
)
def test_scale_shift_and_merging(seed: int, scale: float, shift: float, unit: float, levels: list[float]) -> None:
    """Outcomes scale all terms, village levels and rounds move none; another unit of the dose divides slopes alone."""
    frame, dose = staggered(seed, missing=0.15)
    plain = evalkit.by_dose(moments_of(frame), dose, [4], slopes=True).values
    level = pl.col("village").replace_strict({f"v{v}": x for v, x in enumerate(levels)})
    other = frame.with_columns(pl.col("y") * scale + level + shift * pl.col("round"))
    wider = {v: d * unit for v, d in dose.items()}
    moved = evalkit.by_dose(moments_of(other), wider, [4 * unit], slopes=True).values
    assert moved[:3] == pytest.approx(plain[:3] * scale, rel=1e-7, abs=1e-7)
    assert moved[3] == pytest.approx(plain[3] * scale / unit, rel=1e-7, abs=1e-7)
    odd = pl.col("village").str.slice(1).cast(pl.Int64) % 2 == 1
    merged = moments_of(frame.filter(odd)).merge(moments_of(frame.filter(~odd)))
    assert evalkit.by_dose(merged, dose, [4], slopes=True).values == pytest.approx(plain, abs=1e-10)


def drawn(seed: int, per_unit: float, chosen: float) -> tuple[Moments, dict[str, float]]:
    """Thirty pilot villages of doses 1 to 3 gain `per_unit` a unit; those that chose a high dose gain `chosen` more."""
    rng = np.random.default_rng(seed)
    dose = {f"v{v}": 1.0 + 2.0 * (v % 2) for v in range(30)}
    frame = village_panel(seed, [2] * 30 + [0] * 30, rounds=2, missing=0.0)
    d = pl.col("village").replace_strict(dose, default=0.0)
    gain = d * per_unit + chosen * (d > 2) - 0.8 * (d > 0)
    noise = pl.Series(rng.normal(size=frame.height) * 0.1)
    return moments_of(frame.with_columns(pl.col("y") + gain * (pl.col("round") == 2) + noise)), dose


def test_a_slope_over_doses_is_wrong_where_villages_chose_them_and_the_levels_are_right() -> None:
    """Nothing more comes of a unit more, but villages that gain 2 more anyway took the high dose.

    Levels 0 and 2 are right (what these villages gained); the slope of 1 a unit, and with it the two-way regression on
    the dose, say what nobody would gain. 40 draws; means within three standard errors of simulation.
    """
    found = np.array([evalkit.by_dose(*drawn(seed, 0.0, 2.0), [2], slopes=True).values for seed in range(40)])
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / 40**0.5
    assert (np.abs(mean[1:3] - [0.0, 2.0]) < 3 * error[1:3]).all()
    assert abs(mean[3] - 1.0) < 3 * error[3]


def test_a_group_of_fewer_than_four_villages_cannot_be_told() -> None:
    frame, dose = staggered(6)
    estimate = evalkit.by_dose(moments_of(frame), dose | {"v2": 1.0}, [4], slopes=True)
    for method in ("auto", "crv1", "crv3", "multiplier"):
        result = evalkit.infer(estimate, method, draws=99).tidy()
        assert result["estimate"].null_count() == 0
        assert result["conf_low"].is_null().to_list() == [False, False, True, True]
    assert "no interval for dose groups of fewer than 4 villages: 2" in estimate.notes


@pytest.mark.parametrize("cuts", [[], [0.0], [2.0, 2.0], [3.0, 1.0]])
def test_cuts_ascend(cuts: list[float]) -> None:
    frame, dose = staggered(1)
    with pytest.raises(UsageError, match="ascending numbers above 0"):
        evalkit.by_dose(moments_of(frame), dose, cuts)


@pytest.mark.parametrize("bad", [None, 0.0, -1.0, float("inf"), float("nan")])
def test_villages_that_start_have_a_dose(bad: float | None) -> None:
    frame, dose = staggered(1)
    given_dose = {k: v for k, v in dose.items() if k != "v3"} | ({} if bad is None else {"v3": bad})
    with pytest.raises(DataError, match=r"1 villages that start have none above 0 \(v3\)"):
        evalkit.by_dose(moments_of(frame), given_dose, [4])


def test_comparison_villages_have_none() -> None:
    frame, dose = staggered(1)
    with pytest.raises(DataError, match=r"1 villages that never start have one \(v9\)"):
        evalkit.by_dose(moments_of(frame), dose | {"v9": 2.0}, [4])


def test_a_later_start_may_have_one() -> None:
    """A village that starts after the last round is untreated until then, whatever it will have."""
    frame, dose = staggered(2)
    later = frame.with_columns(pl.when(pl.col("village") == "v9").then(9).otherwise(pl.col("first")).alias("first"))
    plain = evalkit.by_dose(moments_of(frame), dose, [4]).values
    assert evalkit.by_dose(moments_of(later), dose | {"v9": 2.0}, [4]).values == pytest.approx(plain)


def test_a_group_nobody_is_in() -> None:
    frame, dose = staggered(1)
    with pytest.raises(DesignError, match="no village with a dose of 20 to inf can be compared"):
        evalkit.by_dose(moments_of(frame), dose, [20])


def test_households_assigned_one_by_one_have_no_dose_of_the_village() -> None:
    frame, dose = staggered(1)
    some = frame.with_columns(
        pl.when(pl.col("household").str.ends_with("_0")).then(0).otherwise(pl.col("first")).alias("first")
    )
    with pytest.raises(DesignError, match="households were assigned, not villages"):
        evalkit.by_dose(moments_of(some), dose, [4])


def test_degrees_of_freedom_come_from_the_smaller_side() -> None:
    frame, dose = staggered(7)
    result = evalkit.infer(evalkit.by_dose(moments_of(frame), dose, [4], slopes=True))
    sides = [(8, 5), (4, 5), (4, 5), (4, 4)]
    assert list(result.df) == pytest.approx([min(degrees_of_freedom(min(s), max(s)), 12) for s in sides])
    assert all(a <= b for a, b in pairwise(sorted(result.df)))
