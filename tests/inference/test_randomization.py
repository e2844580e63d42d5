"""Randomization inference against refitting under every assignment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.inference.assignments import assignments
from tests.small_panels import clustered_t, two_way_design, village_panel


def _design(**options: str | None) -> evalkit.Design:
    return evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", **options)  # type: ignore[arg-type]


def _t(rows: pl.DataFrame, first: dict[str, int], key: str, w: str | None) -> float:
    adopted = rows[key].replace_strict(first).to_numpy()
    treated = ((adopted > 0) & (rows["round"].to_numpy() >= adopted)).astype(float)
    weights = None if w is None else rows[w].to_numpy()
    return clustered_t(two_way_design(rows, treated), rows["y"].to_numpy(), rows["village"].to_numpy(), weights)


def _share(
    rows: pl.DataFrame, orders: Iterator[dict[str, int]], own: dict[str, int], key: str, w: str | None = None
) -> float:
    limit = abs(_t(rows, own, key, w)) * (1 - 1e-9)
    hits = [abs(_t(rows, first, key, w)) >= limit for first in orders]
    return sum(hits) / len(hits)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_all_assignments_of_villages(weights: str | None) -> None:
    """Two adoption rounds over six villages: 6!/(2!·1!·3!) = 60 assignments, each refitted on rows."""
    frame = village_panel(21, [2, 2, 3, 0, 0, 0])
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(weights=weights), outcomes=["y"]))
    result = evalkit.infer(estimate, "randomization")
    rows = frame.filter(pl.len().over("household") > 1)
    own = {f"v{v}": g for v, g in enumerate([2, 2, 3, 0, 0, 0])}
    orders = (dict(zip(own, order, strict=True)) for order in sorted(set(permutations(own.values()))))
    assert "all 60 assignments" in result.reason
    assert "can be attained is 0.017" in result.reason
    assert result.row("att")["p_value"] == _share(rows, orders, own, "village", weights)


def test_drawn_assignments_say_how_small_p_can_be() -> None:
    """Of 12!/(6! 6!) = 924 assignments 199 are drawn, and the real one counts: 1/200."""
    frame = village_panel(21, [2] * 6 + [0] * 6, missing=0.0)
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(), outcomes=["y"]))
    reason = evalkit.infer(estimate, "randomization", draws=199).reason
    assert "199 of 924 assignments" in reason
    assert "can be attained is 0.005" in reason


def test_within_strata() -> None:
    """Villages 0, 2, 4 and 1, 3, 5 are strata with one pilot each: 3 · 3 = 9 assignments."""
    frame = village_panel(22, [2, 2, 0, 0, 0, 0])
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(strata="stratum"), outcomes=["y"]))
    result = evalkit.infer(estimate, "randomization")
    rows = frame.filter(pl.len().over("household") > 1)
    own = {"v0": 2, "v1": 2, "v2": 0, "v3": 0, "v4": 0, "v5": 0}
    orders = ({v: 2 if v in {a, b} else 0 for v in own} for a in ("v0", "v2", "v4") for b in ("v1", "v3", "v5"))
    assert "all 9 assignments" in result.reason
    assert result.row("att")["p_value"] == _share(rows, orders, own, "village")


def test_households_are_exchanged_within_their_village() -> None:
    """Two villages with 2 of 4 households treated: 6 · 6 = 36 assignments; from the Panel."""
    frame = village_panel(23, [0, 0], missing=0.0).with_columns(
        pl.when(pl.col("household").str.ends_with("_0") | pl.col("household").str.ends_with("_1"))
        .then(2)
        .otherwise(0)
        .alias("first")
    )
    panel = evalkit.Panel.from_frame(frame, design=_design(), outcome="y")
    result = evalkit.infer(evalkit.did(panel), "randomization")
    own = dict(frame.select("household", "first").unique().iter_rows())
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    orders = (
        {h: 2 if int(h[-1]) in (a if h.startswith("h0") else b) else 0 for h in own} for a in pairs for b in pairs
    )
    assert "all 36 assignments" in result.reason
    assert result.row("att")["p_value"] == _share(frame, orders, own, "household")


def test_moments_refuse_to_exchange_households() -> None:
    frame = village_panel(23, [0, 0], missing=0.0).with_columns(
        pl.when(pl.col("household").str.ends_with("_0")).then(2).otherwise(0).alias("first")
    )
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(), outcomes=["y"]))
    with pytest.raises(evalkit.DesignError, match="estimate from the Panel"):
        evalkit.infer(estimate, "randomization")


def test_three_of_six_pilot_villages_cannot_reach_five_percent() -> None:
    """20 assignments; with the t-statistic an assignment and its mirror image tie, so the smallest p is 2/20 = .1."""
    frame = village_panel(24, [2, 2, 2, 0, 0, 0]).with_columns(
        pl.when((pl.col("first") > 0) & (pl.col("round") > 1)).then(pl.col("y") + 1000).otherwise("y").alias("y")
    )
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(), outcomes=["y"]))
    row = evalkit.infer(estimate, "randomization").row("att")
    assert row["p_value"] == pytest.approx(0.1)
    assert row["conf_low"] is None


def test_drawn_assignments_keep_the_numbers_in_each_stratum() -> None:
    assigned, stratum = np.array([1, 1, 0, 0, 0, 1, 0, 0]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    pool = assignments(assigned, stratum, draws=10, seed=1)
    assert not pool.exact
    assert pool.total == 6 * 4
    assert (pool.arms[:, :4].sum(axis=1) == 2).all()
    assert (pool.arms[:, 4:].sum(axis=1) == 1).all()


def test_all_assignments_are_listed_once() -> None:
    pool = assignments(np.array([0, 1, 2, 0, 1]), np.array([0, 0, 0, 1, 1]), draws=100, seed=1)
    assert pool.exact
    assert len(pool.arms) == len(np.unique(pool.arms, axis=0)) == pool.total == 6 * 2


def test_interval_endpoints_are_where_p_crosses() -> None:
    frame = village_panel(25, [2] * 4 + [0] * 4)
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(), outcomes=["y"]))
    row = evalkit.infer(estimate, "randomization").row("att")

    def p_of(h: float) -> float:
        shifted = frame.with_columns(
            pl.when((pl.col("first") > 0) & (pl.col("round") >= pl.col("first")))
            .then(pl.col("y") - h)
            .otherwise("y")
            .alias("y")
        )
        moved = evalkit.did(evalkit.Moments.from_frame(shifted, design=_design(), outcomes=["y"]))
        return float(evalkit.infer(moved, "randomization").row("att")["p_value"])

    assert p_of(row["conf_low"] + 1e-6) > 0.05 >= p_of(row["conf_low"] - 1e-6)
    assert p_of(row["conf_high"] - 1e-6) > 0.05 >= p_of(row["conf_high"] + 1e-6)
