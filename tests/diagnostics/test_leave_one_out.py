"""Leaving one village out, by hand."""

from __future__ import annotations

import polars as pl
import pytest

import evalkit
from evalkit.diagnostics import leave_one_out

DESIGN = evalkit.Design(unit="village", cluster="village", time="round", first_treated="first")


def _estimate(pilot: list[float], comparison: list[float]) -> evalkit.results.Estimate:
    """One household a village, whose outcome is 0 before and its change after."""
    names = [f"p{i}" for i in range(len(pilot))] + [f"c{i}" for i in range(len(comparison))]
    before = pl.DataFrame(
        {"village": names, "round": 1, "first": [2] * len(pilot) + [0] * len(comparison), "y": 0.0},
    )
    after = before.with_columns(pl.lit(2).alias("round"), pl.Series("y", [*pilot, *comparison], dtype=pl.Float64))
    return evalkit.did(evalkit.Moments.from_frame(pl.concat([before, after]), design=DESIGN, outcomes=["y"]))


def test_by_hand() -> None:
    """Pilot changes 1, 3, 8 (mean 4), comparison 0, 1, 2, 5 (mean 2): effect 2.

    Without p2 (8): 2 − 2 = 0. Without p0: 5.5 − 2 = 3.5; p1: 4.5 − 2 = 2.5. Without c3 (5): 4 − 1 = 3; c0: 4 − 8/3;
    c1: 4 − 7/3; c2: 4 − 2 = 2.
    """
    table = leave_one_out(_estimate([1, 3, 8], [0, 1, 2, 5]))
    assert table["cluster"].to_list() == ["p2", "p0", "c3", "c0", "p1", "c1", "c2"]
    assert table["estimate"].to_list() == pytest.approx([0, 3.5, 3, 4 / 3, 2.5, 5 / 3, 2])
    assert table["change"].to_list() == pytest.approx([-2, 1.5, 1, -2 / 3, 0.5, -1 / 3, 0], abs=1e-12)
    assert table["arm"].to_list() == ["pilot", "pilot", "comparison", "comparison", "pilot", "comparison", "comparison"]


def test_null_where_one_village_carries_the_term() -> None:
    table = leave_one_out(_estimate([4], [0, 1, 2]))
    assert table.row(by_predicate=pl.col("cluster") == "p0") == ("p0", "pilot", None, None)
    assert table["cluster"][-1] == "p0"


def test_unknown_term_is_named() -> None:
    with pytest.raises(evalkit.UsageError, match=r"'at' \(nearest: 'att'\)"):
        leave_one_out(_estimate([4, 5], [0, 1]), "at")
