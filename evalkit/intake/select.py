"""What is asked of a database: one table, or one query that only reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evalkit.errors import DataError, PlanError, nearest
from evalkit.programme import Source

FIRST = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


def asked(source: Source, where: str, tables: Mapping[str, tuple[str, ...]]) -> str:
    """Return the query of a source: its own, or all rows of its table.

    Parameters
    ----------
    tables : mapping
        Names that a source may give, and the parts (schema, table) of each.

    Raises
    ------
    PlanError
        Neither table nor query is named, both are, or the query is more than one SELECT.
    DataError
        There is no such table.
    """
    if (source.table is None) == (source.query is None):
        raise PlanError(
            where,
            "no table is named" if source.table is None else "table and query are both named",
            f"one of {', '.join(tables) or 'its tables'}",
            'add table = "…" or query = "select …" in [[sources]]',
        )
    if source.query is not None:
        return one_select(source.query, where)
    table = str(source.table)
    if table not in tables:
        raise DataError(
            where, f"there is no table {table!r} ({nearest(table, tables)})", "a table of the database", "correct it"
        )
    return "SELECT * FROM " + ".".join('"' + part.replace('"', '""') + '"' for part in tables[table])


def one_select(query: str, where: str) -> str:
    """Return a query without its last semicolon.

    Raises
    ------
    PlanError
        It does not begin with SELECT or WITH, or another statement follows.
    """
    bare = QUOTED.sub(" ", query).strip()
    if not FIRST.match(bare) or ";" in bare.removesuffix(";"):
        raise PlanError(
            where, "the query is not one SELECT", 'query = "select … from …" and nothing after it', "correct query"
        )
    return query.rstrip().removesuffix(";")
