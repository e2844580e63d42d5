"""Sums of entries by unit and period, some files at a time: memory is that of so many rows, whatever the ledger has."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.following import follow
from evalkit.intake.ledgers.kinds import FORMS
from evalkit.intake.ledgers.records import PERIOD, WHO
from evalkit.programme import Source

N_ROWS = "_n"
MOST_SUMS = 8_000_000
"""Rows of sums that are kept apart before they are added up."""


def keys_of_sums(source: Source) -> list[str]:
    """Return the columns that sums are taken by: unit and period, and the loan of a loan book."""
    return [WHO, PERIOD, *(["loan_id"] if source.ledger == "loans" else [])]


def summed(pieces: Sequence[pl.LazyFrame], source: Source) -> pl.DataFrame:
    """Return the sums of whole numbers by unit and period (and loan), with ``_n``, the number of entries.

    Each piece is streamed and its sums are added to those before, so that neither rows nor the partial sums of all of
    them are ever there together. `follow` shows how far it is where there are several.
    """
    by, made = keys_of_sums(source), []
    short = pl.col(PERIOD).cast(pl.Int32)
    named = [expression.alias(name) for name, expression in FORMS[str(source.ledger)].sums().items()]
    for piece in follow(pieces, lambda _: source.place) if len(pieces) > 1 else pieces:
        sums = piece.with_columns(short).group_by(by).agg(pl.len().cast(pl.Int64).alias(N_ROWS), *named)
        made.append(sums.collect(engine="streaming"))
        if sum(m.height for m in made) > MOST_SUMS:
            made = [_added(made, by)]
    return _added(made, by).with_columns(pl.col(PERIOD).cast(pl.Int64))


def _added(made: Sequence[pl.DataFrame], by: Sequence[str]) -> pl.DataFrame:
    """Add sums up; of dates the last one counts."""
    if len(made) == 1:
        return made[0]
    kinds = {n: t for n, t in made[0].schema.items() if n not in by}
    return (
        pl.concat(made).group_by(by).agg(pl.col(n).max() if t == pl.Date else pl.col(n).sum() for n, t in kinds.items())
    )
