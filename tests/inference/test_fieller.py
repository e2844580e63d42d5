"""The interval of a ratio: at its ends a − ρb, estimated as an outcome of its own, is just told from 0."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, UsageError
from evalkit.inference.fieller import fieller
from evalkit.inference.student import critical
from tests.small_panels import village_panel

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")


def effect(rows: pl.DataFrame, outcome: str) -> evalkit.Inference:
    return evalkit.infer(evalkit.did(Moments.from_frame(rows, design=DESIGN, outcomes=[outcome])), "crv3")


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """A total with a clear effect, and a part of it."""
    frame = village_panel(3, [2, 2, 2, 3, 0, 0, 0, 0], households=6, missing=0.1)
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    noise = pl.Series(np.random.default_rng(4).normal(size=frame.height))
    return frame.with_columns(total=pl.col("y") + 8 * treated.cast(float), part=0.5 * pl.col("y") + treated + noise)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_at_each_end_the_difference_is_just_told_from_0(rows: pl.DataFrame, level: float):
    found = fieller(effect(rows, "part"), effect(rows, "total"), level)
    assert found.is_bounded
    assert found.low < found.value < found.high
    for end, sign in ((found.low, 1), (found.high, -1)):
        gap = effect(rows.with_columns(gap=pl.col("part") - end * pl.col("total")), "gap").row("att")
        assert gap["statistic"] == pytest.approx(sign * critical(gap["df"], level), rel=1e-8)


def test_the_ratio_of_an_effect_to_itself_is_one_without_width(rows: pl.DataFrame):
    found = fieller(effect(rows, "total"), effect(rows, "total"))
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0), abs=1e-7)


def test_a_divisor_that_is_not_told_from_0_has_no_interval(rows: pl.DataFrame):
    """The same total without its effect: any ratio fits."""
    flat = rows.with_columns(
        flat=pl.col("total")
        - effect(rows, "total").row("att")["estimate"] * (pl.col("round") >= pl.col("first")) * (pl.col("first") > 0)
    )
    found = fieller(effect(flat, "part"), effect(flat, "flat"))
    assert (found.low, found.high, found.is_bounded) == (None, None, False)


def test_a_part_that_one_village_carries_has_no_interval(rows: pl.DataFrame):
    """Of the pilots only those of v0 sell after the start: without v0 there is no ratio of sales, and no covariance."""
    after = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    sold = rows.with_columns(part=pl.when(after & (pl.col("village") != "v0")).then(0.0).otherwise(1.0))
    part = evalkit.infer(evalkit.ppml(Moments.from_frame(sold, design=DESIGN, outcomes=["part"])), "crv1")
    assert np.isfinite(part.df[0])
    found = fieller(part, effect(rows, "total"))
    assert (found.low, found.high) == (None, None)
    assert found.value == pytest.approx(part.estimate.values[0] / effect(rows, "total").estimate.values[0])


def test_other_villages_are_refused(rows: pl.DataFrame):
    fewer = rows.filter(pl.col("village") != "v7")
    with pytest.raises(UsageError, match="8 and 7 villages"):
        fieller(effect(rows, "part"), effect(fewer, "total"))
