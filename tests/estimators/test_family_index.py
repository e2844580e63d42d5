"""The index of a family as a panel: standardised at the start by comparison households, more being better."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import DesignError, Panel, UsageError
from tests.small_panels import village_panel

DESIGN = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")


def _frame() -> pl.DataFrame:
    rng = np.random.default_rng(9)
    frame = village_panel(31, [2, 2, 2, 0, 0, 0], households=6)
    second = pl.col("y") * 0.3 + rng.normal(size=frame.height)
    return frame.with_columns((-second * 10 + 4).alias("z"), pl.lit(rng.normal(size=frame.height)).alias("x"))


def _panels(frame: pl.DataFrame, outcomes: list[str]) -> list[Panel]:
    return [Panel.from_frame(frame, design=DESIGN, outcome=y) for y in outcomes]


def test_an_effect_of_one_standard_deviation_on_all_is_one() -> None:
    """Two outcomes without noise beyond the first round's, each raised by its comparison SD: the index rises by 1."""
    frame = _frame().filter(pl.len().over("household") == 3)
    start = frame.filter(pl.col("round") == 1).select("household", "y", "x")
    flat = frame.drop("y", "x").join(start, on="household")
    treated = (pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))
    sd = flat.filter((pl.col("round") == 1) & (pl.col("first") == 0)).select(pl.col("y", "x").std()).row(0)
    moved = flat.with_columns(
        [pl.when(treated).then(pl.col(c) + s).otherwise(pl.col(c)).alias(c) for c, s in zip("yx", sd, strict=True)]
    )
    index = evalkit.family_index(_panels(moved, ["y", "x"]), ["higher", "higher"])
    assert evalkit.did(index).values[0] == pytest.approx(1.0, abs=1e-10)


def test_standardised_by_comparison_households_at_the_start() -> None:
    index = evalkit.family_index(_panels(_frame(), ["y", "z"]), ["higher", "lower"])
    start = index.frame.filter((pl.col("time") == 1) & pl.col("first_treated").is_null())["index"]
    assert start.mean() == pytest.approx(0, abs=1e-12)
    assert index.outcome == "index"
    assert index.flow.steps[-1].n_rows == index.frame.height == _frame().height


def test_the_index_starts_from_all_rows() -> None:
    """Its panel is made of the rows that have any of the outcomes: none was dropped on the way, and both arms count."""
    index = evalkit.family_index(_panels(_frame(), ["y", "z"]), ["higher", "higher"])
    (step,) = index.flow.steps
    pilots = _frame().filter(pl.col("first") > 0)
    assert (step.code, step.n_rows, step.n_rows_dropped) == ("raw_rows", _frame().height, 0)
    assert (step.n_rows_pilot, step.n_units_pilot) == (pilots.height, pilots["household"].n_unique())


def test_lower_is_better_turns_the_outcome_round() -> None:
    frame = _frame()
    turned = frame.with_columns(-pl.col("z"))
    one = evalkit.family_index(_panels(frame, ["y", "z"]), ["higher", "lower"])
    two = evalkit.family_index(_panels(turned, ["y", "z"]), ["higher", "higher"])
    assert one.frame["index"].to_numpy() == pytest.approx(two.frame["index"].to_numpy(), abs=1e-12)


def test_a_row_with_one_outcome_has_that_one() -> None:
    """Alone it is the standardised outcome itself."""
    frame = _frame().with_columns(pl.when(pl.int_range(pl.len()) > 0).then(pl.col("z")).alias("z"))
    key = frame.row(0, named=True)
    index = evalkit.family_index(_panels(frame, ["y", "z"]), ["higher", "higher"])
    start = frame.filter((pl.col("round") == 1) & (pl.col("first") == 0))["y"]
    row = index.frame.row(
        by_predicate=(pl.col("unit") == key["household"]) & (pl.col("time") == key["round"]), named=True
    )
    assert row["index"] == pytest.approx((key["y"] - start.mean()) / start.std(), abs=1e-12)  # type: ignore[operator]


def test_wrong_calls() -> None:
    panels = _panels(_frame(), ["y", "z"])
    with pytest.raises(UsageError, match="index: 1 outcomes and 1 directions"):
        evalkit.family_index(panels[:1], ["higher"])
    with pytest.raises(UsageError, match="index: better = 'more'"):
        evalkit.family_index(panels, ["more", "higher"])
    weighted = evalkit.Design(
        unit="household", cluster="village", time="round", first_treated="first", weights="weight"
    )
    other = Panel.from_frame(_frame(), design=weighted, outcome="z")
    with pytest.raises(DesignError, match="index: z follows another design than y"):
        evalkit.family_index([panels[0], other], ["higher", "higher"])
    pilot = _panels(_frame().filter(pl.col("first") > 0), ["y", "z"])
    with pytest.raises(DesignError, match="index: 0 comparison households are seen in the first round"):
        evalkit.family_index(pilot, ["higher", "higher"])
