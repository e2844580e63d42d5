"""CRV3 against leaving out each village and fitting again."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from tests.small_panels import two_way_design, village_panel, weighted_least_squares

DESIGN = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
BY_REFITTING = 1e-9
"""Relative; refitting with household dummies and the sums solve the same equations with condition numbers below 1e4."""


def _refit_without_each_village(frame: pl.DataFrame, weights: str | None) -> float:
    seen = frame.filter(pl.len().over("household") > 1)

    def effect(rows: pl.DataFrame) -> float:
        treated = ((rows["first"] > 0) & (rows["round"] >= rows["first"])).cast(pl.Float64).to_numpy()
        w = None if weights is None else rows[weights].to_numpy()
        return float(weighted_least_squares(two_way_design(rows, treated), rows["y"].to_numpy(), w)[-1])

    villages = seen["village"].unique().sort()
    away = np.array([effect(seen.filter(pl.col("village") != v)) for v in villages]) - effect(seen)
    return float(np.sqrt((len(villages) - 1) / len(villages) * (away**2).sum()))


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_equals_leaving_out_each_village(weights: str | None) -> None:
    frame = village_panel(3, [2, 2, 3, 0, 0, 0])
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=design, outcomes=["y"]))
    row = evalkit.infer(estimate, "crv3").row("att")
    assert row["std_error"] == pytest.approx(_refit_without_each_village(frame, weights), rel=BY_REFITTING)
    assert row["df"] == 5


def test_is_null_where_one_village_carries_a_term() -> None:
    """Only village 0 adopts in round 2 of 3, so event time +1 exists there alone: without it, it is undetermined."""
    frame = village_panel(4, [2, 3, 3, 0, 0, 0], missing=0.0)
    study = evalkit.event_study(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"]))
    result = evalkit.infer(study, "crv3")
    assert result.row("event_time=1")["std_error"] is None
    assert result.row("event_time=0")["std_error"] > 0


def test_needs_three_villages() -> None:
    frame = village_panel(5, [2, 0])
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"]))
    with pytest.raises(evalkit.DesignError, match="there are 2 villages"):
        evalkit.infer(estimate, "crv3")
