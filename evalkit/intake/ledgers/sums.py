"""Sums of entries by unit and period, some files at a time: memory is that of so many rows, whatever the ledger has."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.following import follow
from evalkit.intake.ledgers.kinds import FORMS, Form
from evalkit.intake.ledgers.records import PERIOD, WHO
from evalkit.programme import Source

N_ROWS = "_n"
MOST_SUMS = 8_000_000
"""Rows of sums that are kept apart before they are added up."""
HALF = 1 << 32
"""Two numbers are held in one, one of them times this: polars counts no more rows, and a period is far below it."""


def keys_of_sums(source: Source) -> list[str]:
    """Return the columns that sums are taken by: unit and period, and the loan of a loan book."""
    return [WHO, PERIOD, *(["loan_id"] if source.ledger == "loans" else [])]


def summed(pieces: Sequence[pl.LazyFrame], source: Source) -> pl.DataFrame:
    """Return the sums of whole numbers by unit and period (and loan), with ``_n``, the number of entries.

    Each piece is streamed and its sums are added to those before, so that neither rows nor the partial sums of all of
    them are ever there together. `follow` shows how far it is where there are several.
    """
    by, made, form = keys_of_sums(source), [], FORMS[str(source.ledger)]
    short = pl.col(PERIOD).cast(pl.Int32)
    named = [*(expression.alias(name) for name, expression in form.sums().items()), *_packed(form)]
    for piece in follow(pieces, lambda _: source.place) if len(pieces) > 1 else pieces:
        sums = piece.with_columns(short).group_by(by).agg(pl.len().cast(pl.Int64).alias(N_ROWS), *named)
        made.append(_unpacked(sums.collect(engine="streaming"), form))
        if sum(m.height for m in made) > MOST_SUMS:
            made = [_added(made, by)]
    return _added(made, by).with_columns(pl.col(PERIOD).cast(pl.Int64))


def _pairs(form: Form) -> list[list[str]]:
    names = [*form.counts()]
    return [names[i : i + 2] for i in range(0, len(names), 2)]


def _packed(form: Form) -> list[pl.Expr]:
    """Return the counts as sums, two in one and under the name of the first: each sum more costs every row of it."""
    ones = {name: met.fill_null(value=False).cast(pl.Int64) for name, met in form.counts().items()}
    return [
        pl.sum_horizontal(ones[n] * HALF**i for i, n in enumerate(pair)).sum().alias(pair[0]) for pair in _pairs(form)
    ]


def _unpacked(sums: pl.DataFrame, form: Form) -> pl.DataFrame:
    """Return each count under its own name."""
    return sums.with_columns(
        (pl.col(pair[0]) // HALF**i % HALF).alias(n) for pair in _pairs(form) for i, n in enumerate(pair)
    )


def _added(made: Sequence[pl.DataFrame], by: Sequence[str]) -> pl.DataFrame:
    """Add sums up; of dates the last one counts."""
    if len(made) == 1:
        return made[0]
    kinds = {n: t for n, t in made[0].schema.items() if n not in by}
    return (
        pl.concat(made).group_by(by).agg(pl.col(n).max() if t == pl.Date else pl.col(n).sum() for n, t in kinds.items())
    )
