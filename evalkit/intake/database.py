"""A table or query of a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, PlanError, nearest

SUFFIXES = frozenset({".sqlite", ".sqlite3", ".db"})


def sqlite_table(path: Path, table: str | None) -> pl.DataFrame:
    """Return the rows of a table with their types; the file is opened for reading only.

    Raises
    ------
    PlanError
        No table is named.
    DataError
        There is no such table, or the file is no SQLite database.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        names = _tables(connection, path)
        if table is None:
            raise PlanError(
                f"{path}", "no table is named", f"one of {', '.join(names)}", 'add table = "…" in [[sources]]'
            )
        if table not in names:
            raise DataError(
                f"{path}", f"there is no table {table!r} ({nearest(table, names)})", "a table of the file", "correct it"
            )
        quoted = table.replace('"', '""')
        return pl.read_database(f'SELECT * FROM "{quoted}"', connection, infer_schema_length=None)


def _tables(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Return the names of tables and views."""
    try:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
        return [str(name) for (name,) in rows]
    except sqlite3.DatabaseError as error:
        raise DataError(
            str(path), f"it cannot be read as SQLite ({error})", "a SQLite file", "export it again"
        ) from error
