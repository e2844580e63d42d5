"""Missing values of a source by column and round; don't-know and refused apart where the codebook tells them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.convert import CODE

MISSING_COUNTS = ("n_rows", "n_missing", "n_dont_know", "n_refused")


def missing_values(frame: pl.DataFrame, entries: Sequence[Entry], time: str | None) -> pl.DataFrame:
    """Count missing values by column and round; of them those that are don't-know or refused, null where not told."""
    names = [n for n in dict.fromkeys(e.name for e in entries) if n in frame.columns]
    rounds = frame[time] if time and time in frame.columns else pl.Series("time", [None] * frame.height, dtype=pl.Int64)
    by_round = frame.with_columns(rounds.cast(pl.Int64).alias("_time")).group_by("_time")
    return (
        pl.concat([by_round.agg(*_missing_counts(frame, n)) for n in names])
        .select("column", pl.col("_time").alias("time"), *MISSING_COUNTS)
        .sort("column", "time")
    )


def _missing_counts(frame: pl.DataFrame, name: str) -> list[pl.Expr]:
    code = pl.col(f"{CODE}{name}") if f"{CODE}{name}" in frame.columns else None
    apart = [pl.lit(None, pl.Int64) if code is None else (code == n).sum() for n in (1, 2)]
    values = (pl.len(), pl.col(name).is_null().sum(), *apart)
    return [
        pl.lit(name).alias("column"),
        *(v.cast(pl.Int64).alias(c) for v, c in zip(values, MISSING_COUNTS, strict=True)),
    ]


def unknown_answers(frame: pl.DataFrame) -> pl.DataFrame | None:
    """Count for each row the answers that are don't-know or refused, of those whose codebook has such codes."""
    codes = [c for c in frame.columns if c.startswith(CODE)]
    if not codes:
        return None
    asked = [pl.col(c.removeprefix(CODE)).is_not_null() | pl.col(c).is_not_null() for c in codes]
    said = pl.sum_horizontal(pl.col(c).is_not_null() for c in codes)
    return frame.select(said.alias("_n_unknown"), pl.sum_horizontal(asked).alias("_n_asked"))
