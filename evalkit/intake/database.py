"""A table or query of a SQLite file, which is opened for reading only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.select import asked
from evalkit.programme import Source

SUFFIXES = frozenset({".sqlite", ".sqlite3", ".db"})
ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
MOST_SECONDS = 600.0
"""A query that takes longer is stopped; a table of ten million rows takes a minute."""
STEPS = 100_000
BIGGEST_CELL = 10 * 2**20
EXACT = 2**53
"""Up to here every whole number is a float: a column of both kinds keeps its digits."""


def sqlite_table(path: Path, source: Source) -> pl.DataFrame:
    """Return the rows of a table or query; a column holds whole numbers, numbers, or text where its cells are mixed.

    Raises
    ------
    PlanError
        No table is named, or the query is not one SELECT.
    DataError
        There is no such table, a column holds binary cells, or the file is no SQLite database.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, BIGGEST_CELL)
        end = time.monotonic() + MOST_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
        query = asked(source, str(path), {str(name): (str(name),) for (name,) in names})
        connection.set_authorizer(_only_reading)
        cursor = connection.execute(query)
        headers = [str(c[0]) for c in cursor.description or ()]
        _require_single(headers, path)
        rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(headers)
    return pl.DataFrame([_column(h, cells, path) for h, cells in zip(headers, columns, strict=True)])


def _only_reading(action: int, *_: str | None) -> int:
    """Let SQLite refuse, before it does anything, whatever is not reading: ATTACH and PRAGMA too."""
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY


def _require_single(headers: Sequence[str], path: Path) -> None:
    doubled = sorted({h for h in headers if headers.count(h) > 1})
    if doubled or not headers:
        raise DataError(
            str(path), f"the query names {doubled[0]!r} twice" if doubled else "it has no columns", "one name a column",
            "give names: select a.x as x",
        )  # fmt: skip


def _column(header: str, cells: Sequence[object], path: Path) -> pl.Series:
    kinds = {type(cell) for cell in cells} - {type(None)}
    if bytes in kinds:
        raise DataError(
            f"{path}, column {header!r}", "it holds binary cells", "text or numbers", "leave it out by query"
        )
    if kinds <= {int}:
        return pl.Series(header, cells, dtype=pl.Int64)
    whole = [c for c in cells if isinstance(c, int)]
    if kinds <= {int, float} and all(abs(c) <= EXACT for c in whole):
        return pl.Series(header, cells, dtype=pl.Float64, strict=False)
    return pl.Series(header, [None if c is None else str(c) for c in cells], dtype=pl.String)
