"""The wild cluster bootstrap against refitting every bootstrap sample on rows."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

import evalkit
from tests.small_panels import clustered_t, two_way_design, village_panel, weighted_least_squares


def _design(weights: str | None) -> evalkit.Design:
    return evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)


def _brute_force_p(frame: pl.DataFrame, weights: str | None) -> float:
    """Impose the null, flip the signs of each village's restricted residuals in all 2^G ways, refit, compare |t|."""
    rows = frame.filter(pl.len().over("household") > 1)
    treated = ((rows["first"] > 0) & (rows["round"] >= rows["first"])).cast(pl.Float64).to_numpy()
    x, y, clusters = two_way_design(rows, treated), rows["y"].to_numpy(), rows["village"].to_numpy()
    w = None if weights is None else rows[weights].to_numpy()
    fitted = x[:, :-1] @ weighted_least_squares(x[:, :-1], y, w)
    own = abs(clustered_t(x, y, clusters, w))
    villages = np.unique(clusters)
    count = 0
    for signs in product([1.0, -1.0], repeat=len(villages)):
        flip = np.array(signs)[np.searchsorted(villages, clusters)]
        count += abs(clustered_t(x, fitted + flip * (y - fitted), clusters, w)) >= own * (1 - 1e-9)
    return count / 2 ** len(villages)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_enumerated_p_equals_refitting(weights: str | None) -> None:
    """64 sign vectors of 6 villages: both p are shares of 64, so they are equal or at least 1/64 apart."""
    frame = village_panel(11, [2, 2, 3, 0, 0, 0])
    moments = evalkit.Moments.from_frame(frame, design=_design(weights), outcomes=["y"])
    result = evalkit.infer(evalkit.did(moments), "wild")
    assert "64 sign vectors (all)" in result.reason
    assert result.row("att")["p_value"] == _brute_force_p(frame, weights)


def test_drawn_signs_count_the_sample_itself() -> None:
    """14 villages have 2¹⁴ sign vectors, more than 99: p is one of 1/100, 2/100, … and never 0.

    The effect, 50, is far beyond what any signs of shocks round 1 give; |t| is reached by none but (perhaps) all alike.
    """
    frame = village_panel(12, [2] * 7 + [0] * 7)
    treated = (pl.col("first") > 0) & (pl.col("round") >= 2)
    frame = frame.with_columns(pl.col("y") + 50 * treated)
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(None), outcomes=["y"]))
    result = evalkit.infer(estimate, "wild", draws=99)
    assert "99 Rademacher draws" in result.reason
    assert result.p_value[0] == 1 / 100


def test_interval_holds_what_is_not_rejected() -> None:
    frame = village_panel(12, [2] * 5 + [0] * 5, households=6)
    estimate = evalkit.did(evalkit.Moments.from_frame(frame, design=_design(None), outcomes=["y"]))
    low, high = (evalkit.infer(estimate, "wild").row("att")[c] for c in ("conf_low", "conf_high"))

    def p_of(h: float) -> float:
        shifted = frame.with_columns(
            pl.when((pl.col("first") > 0) & (pl.col("round") >= pl.col("first")))
            .then(pl.col("y") - h)
            .otherwise("y")
            .alias("y")
        )
        moved = evalkit.did(evalkit.Moments.from_frame(shifted, design=_design(None), outcomes=["y"]))
        return float(evalkit.infer(moved, "wild").row("att")["p_value"])

    assert low < estimate.values[0] < high
    assert p_of(low + 1e-6) > 0.05 >= p_of(low - 1e-6)
    assert p_of(high - 1e-6) > 0.05 >= p_of(high + 1e-6)


def test_webb_below_six_villages_and_seeded() -> None:
    moments = evalkit.Moments.from_frame(village_panel(13, [2, 2, 0, 0, 0]), design=_design(None), outcomes=["y"])
    one, two = (evalkit.infer(evalkit.did(moments), "wild", seed=7, draws=499) for _ in range(2))
    assert "Webb" in one.reason
    assert one.tidy().equals(two.tidy())


def test_endpoint_is_null_where_nothing_is_rejected() -> None:
    """With 19 draws the smallest p is 1/20 = .05, never below .01: a 99 % interval has no end."""
    moments = evalkit.Moments.from_frame(village_panel(14, [2, 2, 0, 0, 0]), design=_design(None), outcomes=["y"])
    row = evalkit.infer(evalkit.did(moments), "wild", draws=19, level=0.99).row("att")
    assert row["conf_low"] is None
    assert row["conf_high"] is None
