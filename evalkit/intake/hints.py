"""Hints for the person who completes a draft: which columns could say who is treated, and which could be results."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.intake.guess import Guess

MOST_VALUES = 10
"""A column with more different values than this is rather measured than asked in classes."""


def flags_of_villages(frame: pl.DataFrame, guesses: Sequence[Guess]) -> tuple[str, ...]:
    """Return the canonical names of 0/1 columns that are the same in all rows of a village and differ between them."""
    village = next((g.header for g in guesses if g.role == "cluster"), None)
    flags = [g for g in guesses if g.kind == "flag" and g.name and not g.personal]
    if village is None or not flags:
        return ()
    number = {g.name: pl.col(g.header).cast(pl.Float64, strict=False) for g in flags}
    counts = frame.group_by(village).agg(e.drop_nulls().n_unique().alias(n) for n, e in number.items())
    both = frame.select(e.drop_nulls().n_unique().alias(n) for n, e in number.items())
    return tuple(n for n in number if counts[n].max() == 1 and both[n].item() == 2)


def measured(frame: pl.DataFrame, guesses: Sequence[Guess]) -> tuple[str, ...]:
    """Return the canonical names of columns of numbers with many values, or of 0/1: a result is one of them."""
    plain = [g for g in guesses if g.name and not g.role and not g.personal and g.header in frame.columns]
    many = [g.name for g in plain if g.kind == "number" and frame[g.header].n_unique() > MOST_VALUES]
    return (*many, *(g.name for g in plain if g.kind == "flag"))
