"""A table or query of a PostgreSQL server, read in a transaction that cannot write; rows in an order of their own."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from evalkit.errors import DataError, UsageError, nearest
from evalkit.intake.select import asked
from evalkit.programme import Source

if TYPE_CHECKING:
    import pyarrow as pa

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 600
SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'",
    "SET LOCAL extra_float_digits = 1",
)
TABLES = """SELECT table_schema, table_name, table_schema = current_schema() FROM information_schema.tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 3 DESC, 1, 2"""
NUMERIC = "numeric"
PLAIN = {
    "text", "varchar", "bpchar", "name", "int2", "int4", "int8", "float4", "float8", "bool", "date", "timestamp",
    NUMERIC,
}  # fmt: skip
KIND = b"POSTGRESQL:type"


def postgres_table(source: Source) -> tuple[pl.DataFrame, str]:
    """Return the rows of a table or query with their types, sorted by all columns, and a SHA-256 of them.

    A server gives rows in no order; sorted, the same rows give the same frame and sum. ``numeric`` comes as text with
    every digit.

    Raises
    ------
    UsageError
        The extra is not installed, or the environment variable is not set.
    DataError
        The server does not answer, refuses, or has no such table; a column is of a kind that is not read.
    PlanError
        No table is named, or the query is not one SELECT.
    """
    rows = _fetched(source, _address(source))
    frame = pl.DataFrame([_plain(rows, i, source) for i in range(rows.num_columns)])
    frame = frame.sort(frame.columns) if frame.width else frame
    return frame, _sum(frame)


def _address(source: Source) -> str:
    """Return what the driver connects to; it may hold a password and is never shown."""
    kind, _, name = str(source.database).partition(":")
    if kind == "service":
        return f"postgresql:///?service={name}&connect_timeout={CONNECT_SECONDS}"
    address = os.environ.get(name, "")
    if not address:
        raise UsageError(
            source.place,
            f"the environment variable {name} is not set",
            "the address of the server, e.g. postgresql://user@host/database",
            f"export {name}=… before evalkit runs; keep passwords in ~/.pgpass",
        )
    return address


def _fetched(source: Source, address: str) -> pa.Table:
    driver = _driver(source)
    try:
        with driver.connect(address) as connection, connection.cursor() as cursor:
            for setting in SETTINGS:
                cursor.execute(setting)
            cursor.execute(TABLES)
            query = asked(source, source.place, _names(cursor.fetchall()))
            cursor.execute(query)
            table: pa.Table = cursor.fetch_arrow_table()
            return table
    except driver.Error as error:
        raise DataError(
            source.place,
            f"the server or its driver says: {_said(error, address)}",
            "a server that answers, and a table or query that may be read",
            "see that the server runs, that the address is right, and that this user may read the table",
        ) from None  # the driver's own message may repeat the address


def _driver(source: Source) -> Any:
    try:
        import pyarrow  # noqa: F401  (the driver hands rows over as its tables, and imports it only then)
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise UsageError(
            source.place,
            f"reading PostgreSQL needs a driver that is not installed ({error.name})",
            "the extra postgres",
            "pip install 'evalkit[postgres]'",
        ) from error
    return dbapi


def _names(rows: list[tuple[str, str, bool]]) -> dict[str, tuple[str, ...]]:
    """Return tables by the names a source may give: schema.table, and table alone in the user's own schema."""
    full = {f"{schema}.{name}": (schema, name) for schema, name, _ in rows}
    return {**{name: (schema, name) for schema, name, is_own in rows if is_own}, **full}


def _said(error: Exception, address: str) -> str:
    """Return the first line of what the server says, without the address."""
    lines = str(error).replace(address, "(address)").splitlines() or [type(error).__name__]
    return lines[0].strip()


def _plain(rows: pa.Table, place: int, source: Source) -> pl.Series:
    """Return one column; kinds that could be misread are refused: money comes in cents, moments in UTC's days."""
    field = rows.schema.field(place)
    kind = (field.metadata or {}).get(KIND, b"").decode()
    if kind not in PLAIN:
        raise DataError(
            f"{source.place}, column {field.name!r}",
            f"values of the kind {kind or str(field.type)!r} are not read ({nearest(kind, PLAIN)})",
            "text, numbers, dates or true and false",
            f'cast it: query = "select {field.name}::text, …" (money: ::numeric; moments: at a time zone, ::date), '
            "or leave it out",
        )
    column = rows.column(place)
    if kind == NUMERIC:
        column = column.combine_chunks().storage if hasattr(column.combine_chunks(), "storage") else column
    return pl.Series(field.name, pl.from_arrow(column))


def _sum(frame: pl.DataFrame) -> str:
    """Return a SHA-256 of names, types and values."""
    digest = hashlib.sha256(repr(list(frame.schema.items())).encode())
    digest.update(frame.write_csv(quote_style="non_numeric").encode())
    return digest.hexdigest()


def path_of(source: Source) -> Path:
    """Return what stands for a file's name where rows came from a server."""
    return Path(source.place)
