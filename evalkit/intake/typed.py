"""Columns that come with types (.parquet, .dta, .sav, databases): those that cannot be what the codebook says."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.codebook import NUMBERS, Entry

EXACT = 2**53
"""From here on a float skips whole numbers: an id stored as one has lost digits."""
WORDS = ("id", "text", "category")


def require_fitting(frame: pl.DataFrame, entries: Sequence[Entry], where: str) -> None:
    """Refuse mapped columns whose type cannot hold what the codebook says of them.

    Raises
    ------
    DataError
        A column is nested or binary; an id or a number is a day; ids stored as floats have lost digits.
    """
    for entry in entries:
        if entry.raw_header not in frame.columns:
            continue
        column = frame[entry.raw_header]
        dtype = column.dtype
        day = dtype.is_temporal() and (entry.kind in NUMBERS or dtype in {pl.Time, pl.Duration})
        if dtype.is_nested() or dtype in {pl.Binary, pl.Object} or day:
            raise DataError(
                f"{where}, column {entry.raw_header!r}",
                f"its cells are of the type {dtype} and the codebook says {entry.kind}",
                "text, numbers or dates",
                "correct kind in the codebook, or export the column as text",
            )
        if dtype.is_float() and entry.kind in WORDS:
            _require_digits(column, where)


def _require_digits(column: pl.Series, where: str) -> None:
    """Refuse ids from 2⁵³ on, which floats hold with some digits lost; smaller ones are whole numbers as they were."""
    limit = 2**24 if column.dtype == pl.Float32 else EXACT
    lost = column.is_finite() & (column.abs() >= limit)
    if lost.any():
        raise DataError(
            f"{where}, column {column.name!r}",
            f"{lost.sum()} ids are stored as numbers of {len(str(limit))} digits or more, which have lost digits",
            "ids stored as text",
            "have the column exported again as text; the lost digits cannot be restored",
        )
