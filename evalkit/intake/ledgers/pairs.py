"""Entries that concern one another: copies of a key, and reversals with what they reverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from evalkit.intake.convert import FILE, ROW
from evalkit.intake.ledgers.kinds import AMOUNT
from evalkit.intake.ledgers.records import HEADER, KEY, TOKEN, WHY
from evalkit.programme import Source

Keep = Callable[[pl.Expr], pl.Expr]
"""A condition on the token of an entry."""
PAIR_RULES = ("duplicate_conflicting", "duplicate_identical", "reversed", "reversal", "reversal_unmatched")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which tokens stand alone, the entries of pairs that count, and those of pairs that do not (with ``_why``)."""

    alone: Keep
    kept: pl.DataFrame
    left_out: pl.DataFrame


Choose = Callable[[Keep], pl.LazyFrame]
"""Gives the sound entries whose token a condition accepts."""


def resolve(tokens: pl.LazyFrame, sound: Choose, source: Source) -> Pairs:
    """Part entries into those that no other concerns, and the few that must be looked at together.

    ``tokens`` stand for the keys of all entries, sound or not, and need no other column: 8 bytes a row are loaded. Two
    keys with one token (a hash) are merely looked at together as well: what is decided, is decided by keys themselves.
    """
    marked = _doubled(tokens.collect(engine="streaming")[TOKEN])
    if source.reverses:
        pointing = sound(_each).filter(pl.col(source.reverses).is_not_null())
        both = pointing.select(pl.col(KEY).hash().alias("a"), pl.col(source.reverses).hash().alias("b"))
        found = both.collect(engine="streaming")
        marked = pl.concat([marked, *(found[c].rename(TOKEN) for c in ("a", "b"))]).unique()
    if marked.is_empty():
        empty = sound(_each).head(0).collect()
        return Pairs(_each, empty, empty.with_columns(pl.lit(None, pl.String).alias(WHY)))
    concerned = marked.implode()
    together = sound(lambda token: token.is_in(concerned)).collect(engine="streaming").sort(FILE, ROW)
    judged = _reversals(_copies(together), source)
    counts = judged.filter(pl.col(WHY).is_null()).drop(WHY)
    left_out = judged.filter(pl.col(WHY).is_not_null())
    return Pairs(lambda token: ~token.is_in(concerned).fill_null(value=False), counts, left_out)


def _each(_: pl.Expr) -> pl.Expr:
    return pl.lit(value=True)


def _doubled(tokens: pl.Series) -> pl.Series:
    """Return the tokens that occur more than once."""
    ordered = tokens.drop_nulls().sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()


def _copies(rows: pl.DataFrame) -> pl.DataFrame:
    """Of identical entries with one key keep the first; of different ones none."""
    content = [c for c in rows.columns if c not in {ROW, FILE, WHY, HEADER}]
    same = pl.struct(content).n_unique().over(KEY) == 1
    again = pl.int_range(pl.len()).over(KEY) > 0
    why = (
        pl.when(~same)
        .then(pl.lit("duplicate_conflicting"))
        .when(again)
        .then(pl.lit("duplicate_identical"))
        .otherwise(None)
    )
    return rows.with_columns(why.cast(pl.String).alias(WHY))


def _reversals(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Take out each entry that another reverses, and that other; a reversal that fits nothing is left out alone.

    It fits where the entry is there, is no reversal itself, has not been reversed before, and has the same amount
    (with either sign, or none given).
    """
    if not source.reverses:
        return rows
    free = rows.filter(pl.col(WHY).is_null())
    amount = [pl.col(AMOUNT).alias("_amount")] if AMOUNT in rows.columns else [pl.lit(None, pl.Int64).alias("_amount")]
    targets = free.filter(pl.col(source.reverses).is_null()).select(pl.col(KEY).alias(source.reverses), *amount)
    pointing = free.filter(pl.col(source.reverses).is_not_null()).unique(
        source.reverses, keep="first", maintain_order=True
    )
    met = pointing.join(targets, on=source.reverses, how="inner", maintain_order="left")
    if AMOUNT in rows.columns:
        met = met.filter((pl.col(AMOUNT).abs() == pl.col("_amount").abs()).fill_null(True))
    reversal, reversed_ = met[KEY].implode(), met[source.reverses].implode()
    why = (
        pl.when(pl.col(WHY).is_not_null())
        .then(pl.col(WHY))
        .when(pl.col(KEY).is_in(reversal))
        .then(pl.lit("reversal"))
        .when(pl.col(source.reverses).is_not_null())
        .then(pl.lit("reversal_unmatched"))
        .when(pl.col(KEY).is_in(reversed_))
        .then(pl.lit("reversed"))
    )
    return rows.with_columns(why.alias(WHY))
