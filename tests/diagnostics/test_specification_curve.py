"""The specification curve under other assignments: by hand, against every estimator refitted, and how often it errs."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, DesignError, Moments
from evalkit.diagnostics.specification_curve import _permuted_did, curve_of
from evalkit.diagnostics.specification_set import DataChoice, round_choices
from evalkit.inference.permuted_group_time import permuted_group_time, village_sums
from tests.small_panels import clustered_t, two_way_design, village_panel, weighted_least_squares

SAME = 1e-9
"""Relative, beside the estimators themselves: the same sums, added in another order."""


def moments_of(frame: pl.DataFrame, weights: str | None = None, strata: str | None = None, ahead: int = 0) -> Moments:
    design = Design(
        unit="household",
        cluster="village",
        time="round",
        first_treated="first",
        weights=weights,
        strata=strata,
        anticipation=ahead,
    )
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def chosen(moments: Moments) -> list[DataChoice]:
    return [DataChoice("planned", "planned", rounds, m) for rounds, m in round_choices(moments)]


def test_by_hand() -> None:
    """One household in each of four villages, two rounds; a starts. Changes are 5, 1, 0 and −1.

    All 14 ways (did of all and of the complete; group–time, two comparisons, two averages, three samples) give a's
    change less the others' mean: 5. With b, c, d as pilot it would be 1 − 4/3, 0 − 5/3 and −1 − 2: none as far from 0
    as 5, so p is 1/4 with all four assignments. t of a: the others' changes about their mean are 1, 0, −1.
    """
    change = {"a": 5.0, "b": 1.0, "c": 0.0, "d": -1.0}
    rows = [(v, v, 2 if v == "a" else 0, t, change[v] * (t == 2)) for v in change for t in (1, 2)]
    frame = pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row")
    found = curve_of(chosen(moments_of(frame)))
    assert found.rows["estimate"].to_list() == pytest.approx([5.0] * 14)
    assert (found.n_above, found.n_below, found.n_assignments, found.is_exact) == (14, 0, 4, True)
    assert (found.median, found.p_median) == (pytest.approx(5.0), 0.25)
    assert found.band.height == 14


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("ahead", [0, 1])
@pytest.mark.parametrize("starts", [[3, 3, 4, 4, 0, 0, 5], [3, 4, 4, 5, 5, 6]])
def test_every_way_is_the_estimator_refitted(starts: list[int], ahead: int, weights: str | None) -> None:
    """The real assignment and another one, of an unbalanced panel, with and without some never treated."""
    frame = village_panel(1, starts, rounds=6, missing=0.1, households=5)
    moments = moments_of(frame, weights, ahead=ahead)
    _, cells = moments.of()
    start = np.array([cells.cohort[cells.cluster == v][0] for v in range(len(starts))])
    other = np.roll(start, 2)
    first = dict(zip(moments.clusters, [moments.cohorts[k] or 0 for k in other], strict=True))
    moved = moments_of(frame.with_columns(pl.col("village").replace_strict(first).alias("first")), weights, ahead=ahead)
    never = 0 in starts
    for sample in ("pairwise", "all_rows", "complete"):
        sums = village_sums(moments, cells, sample)
        for kind in ("never", "not_yet") if never else ("not_yet",):
            for aggregate in ("simple", "group"):
                b, t = permuted_group_time(
                    moments, sums, np.stack([start, other]), kind, by_cohort=aggregate == "group"
                )
                for i, data in enumerate((moments, moved)):
                    estimate = evalkit.group_time(data, comparison=kind, sample=sample, aggregate=aggregate)
                    row = evalkit.infer(estimate, "crv1").row("att")
                    assert b[i] == pytest.approx(row["estimate"], rel=SAME)
                    assert t[i] == pytest.approx(row["statistic"], rel=SAME)


def test_did_under_every_assignment_from_rows() -> None:
    """The 30 orders of one start in 2, two in 3 and two never, by dummies on rows: coefficient and t of each."""
    frame = village_panel(3, [2, 3, 3, 0, 0], rounds=4, missing=0.15)
    moments = moments_of(frame)
    places = {g: k for k, g in enumerate(moments.cohorts)}
    orders = sorted(set(permutations((2, 3, 3, 0, 0))), key=lambda o: o != (2, 3, 3, 0, 0))
    b, t = _permuted_did(moments, np.array([[places[g or None] for g in order] for order in orders]))
    seen = frame.filter(pl.len().over("household") > 1)
    village, y = np.array(seen["village"]), seen["y"].to_numpy()
    g, n, k = 5, seen.height, 1 + 4
    factor = np.sqrt(g / (g - 1) * (n - 1) / (n - k))
    assert len(orders) == curve_of([DataChoice("planned", "planned", "all", moments)]).n_assignments == 30
    for i, order in enumerate(orders):
        first = np.array([order[int(v[1:])] for v in village])
        treated = ((first > 0) & (seen["round"].to_numpy() >= first)).astype(float)
        x = two_way_design(seen, treated)
        assert b[i] == pytest.approx(weighted_least_squares(x, y)[-1], rel=SAME)
        assert t[i] == pytest.approx(clustered_t(x, y, village) / factor, rel=SAME)


def test_strata_keep_their_starts() -> None:
    """Two strata of three with one start each: 3 · 3 assignments, not 15 · 2."""
    frame = village_panel(2, [2, 2, 0, 0, 0, 0], rounds=3, missing=0)
    assert curve_of(chosen(moments_of(frame, strata="stratum"))).n_assignments == 9
    assert curve_of(chosen(moments_of(frame))).n_assignments == 15


def test_order_labels_and_money_do_not_matter() -> None:
    frame = village_panel(4, [3, 3, 4, 4, 0, 0, 0], rounds=5, missing=0.05)
    found = curve_of(chosen(moments_of(frame)), draws=200)
    other = frame.sample(fraction=1.0, shuffle=True, seed=3).with_columns(
        (pl.col("household") + "x").alias("household"), (1000 * pl.col("y") + 7 * pl.col("round")).alias("y")
    )
    again = curve_of(chosen(moments_of(other)), draws=200)
    assert again.median == pytest.approx(1000 * found.median, rel=1e-8)
    assert (again.p_median, again.p_beyond, again.p_mean) == (found.p_median, found.p_beyond, found.p_mean)
    assert found.rows.height == 4 * (2 + 3 * 2 * 2)
    assert found.rows["estimate"].is_sorted()


def test_one_of_many_ways_errs_often_and_the_joint_test_does_not() -> None:
    """No programme at all, 120 times: some way has |t| > t.975 far more often than 5 %; the joint p stays at its level.

    With 119 other assignments p ≤ .05 happens 5 % of the time; 120 draws are within .05 + 3 · √(.05 · .95/120) = .11.
    """
    some, joint = 0, np.zeros(3)
    for seed in range(120):
        frame = village_panel(seed, [3, 3, 4, 4, 0, 0, 0, 0], rounds=5, households=3, missing=0.1)
        treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
        found = curve_of(chosen(moments_of(frame.with_columns(pl.col("y") - 0.8 * treated))), draws=119, seed=seed)
        some += found.rows["statistic"].abs().max() > 2.365
        joint += np.array([found.p_median, found.p_beyond, found.p_mean]) <= 0.05
    assert some / 120 > 0.15
    assert (joint / 120 < 0.11).all()


def test_what_cannot_be_exchanged_is_refused() -> None:
    frame = village_panel(1, [2, 2, 2], rounds=3, missing=0)
    with pytest.raises(DesignError, match="one assignment"):
        curve_of(chosen(moments_of(frame)))
    mixed = village_panel(1, [2, 0, 0], rounds=3, missing=0).with_columns(
        pl.when(pl.col("household") == "h1_0").then(2).otherwise("first").alias("first")
    )
    with pytest.raises(DesignError, match="one village start at different"):
        curve_of([DataChoice("planned", "planned", "all", moments_of(mixed))])


def test_rounds_that_leave_no_start_or_nothing_before_are_not_dropped() -> None:
    frame = village_panel(1, [4, 4, 0, 0], rounds=4, missing=0)
    assert [name for name, _ in round_choices(moments_of(frame))] == ["all", "without_first", "without_last_before"]
    early = village_panel(1, [2, 2, 0, 0], rounds=4, missing=0)
    assert [name for name, _ in round_choices(moments_of(early))] == ["all", "without_last"]
    assert [name for name, _ in round_choices(moments_of(early, ahead=1))] == ["all"]
