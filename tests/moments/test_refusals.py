"""What moments refuse, with the words that name the trouble; next to each refusal, what is let through."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from evalkit import DataError, Design, Moments, UsageError
from tests.small_panels import village_panel

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")
STRATA = replace(DESIGN, strata="stratum")


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return village_panel(5, [2, 3, 0, 0]).with_columns(z=pl.col("y") * 2)


def half(rows: pl.DataFrame, villages: tuple[str, ...]) -> pl.DataFrame:
    return rows.filter(pl.col("village").is_in(villages))


def sums(rows: pl.DataFrame, villages: tuple[str, ...], design: Design = DESIGN, outcomes: tuple[str, ...] = ("y",)):
    return Moments.from_frame(half(rows, villages), design=design, outcomes=list(outcomes))


def test_parts_of_other_villages_add_up(rows: pl.DataFrame):
    merged = sums(rows, ("v0", "v2")).merge(sums(rows, ("v1", "v3")))
    assert merged.clusters == ("v0", "v1", "v2", "v3")
    assert len(merged.parts) == 2


def test_a_part_given_twice(rows: pl.DataFrame):
    one = sums(rows, ("v0", "v2"))
    with pytest.raises(DataError, match="given more than once"):
        one.merge(one)


def test_other_outcomes_and_another_order_of_them(rows: pl.DataFrame):
    both = sums(rows, ("v0", "v2"), outcomes=("y", "z"))
    for other in (("y",), ("z", "y")):
        with pytest.raises(DataError, match="outcomes differ"):
            both.merge(sums(rows, ("v1", "v3"), outcomes=other))


def test_another_design(rows: pl.DataFrame):
    with pytest.raises(DataError, match="designs differ"):
        sums(rows, ("v0", "v2")).merge(sums(rows, ("v1", "v3"), design=replace(DESIGN, weights="weight")))


def test_a_village_in_two_parts(rows: pl.DataFrame):
    """Two parts with the same villages, by household: refused for that already, whatever the strata."""
    first = pl.col("household").str.ends_with("_0") | pl.col("household").str.ends_with("_1")
    a, b = rows.filter(first), rows.filter(~first)
    parts = [Moments.from_frame(part, design=STRATA, outcomes=["y"]) for part in (a, b)]
    with pytest.raises(DataError, match=r"4 villages stand in more than one part \(v0, v1, v2, v3\)"):
        parts[0].merge(parts[1])


def test_a_village_without_a_stratum(rows: pl.DataFrame):
    gap = rows.with_columns(stratum=pl.when(pl.col("village") == "v1").then(None).otherwise("stratum"))
    with pytest.raises(DataError, match="1 villages have no stratum"):
        Moments.from_frame(gap, design=STRATA, outcomes=["y"])
    assert Moments.from_frame(rows, design=STRATA, outcomes=["y"]).strata == ("s0", "s1", "s0", "s1")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (pl.col("y") * float("inf"), "are infinite or NaN"),
        (pl.lit("x"), "are text"),
    ],
)
def test_an_outcome_that_is_no_number(rows: pl.DataFrame, change: pl.Expr, what: str):
    with pytest.raises(DataError, match=what):
        Moments.from_frame(rows.with_columns(y=change), design=DESIGN, outcomes=["y"])


def test_a_row_twice(rows: pl.DataFrame):
    with pytest.raises(DataError, match="occur more than once"):
        Moments.from_frame(pl.concat([rows, rows.head(1)]), design=DESIGN, outcomes=["y"])


@pytest.mark.parametrize("weight", [0.0, -1.0, None, float("nan")])
def test_a_weight_that_is_none(rows: pl.DataFrame, weight: float | None):
    """One household's weight; a tiny one is let through."""
    design = replace(DESIGN, weights="weight")
    is_first = pl.col("household") == rows["household"][0]
    bad = rows.with_columns(weight=pl.when(is_first).then(pl.lit(weight, pl.Float64)).otherwise("weight"))
    with pytest.raises(DataError, match="weight"):
        Moments.from_frame(bad, design=design, outcomes=["y"])
    tiny = rows.with_columns(weight=pl.when(is_first).then(1e-6).otherwise("weight"))
    assert Moments.from_frame(tiny, design=design, outcomes=["y"]).parts[0].n_rows == rows.height


def test_an_outcome_must_be_named_where_there_are_two(rows: pl.DataFrame):
    both = sums(rows, ("v0", "v1", "v2", "v3"), outcomes=("y", "z"))
    with pytest.raises(UsageError, match="none was named"):
        both.of(None)
    with pytest.raises(UsageError, match="'x' is not in the moments"):
        both.of("x")
