"""The rows of a survey that a plan is about, where it is not about all: `where` of [[sources]]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from evalkit.errors import PlanError, nearest
from evalkit.programme import Source, Value


def chosen_rows(frame: pl.DataFrame, source: Source, programme_id: str) -> pl.DataFrame:
    """Return the rows in which each column of ``where`` has its value, or one of its values; null is none of them.

    Raises
    ------
    PlanError
        A column is not there, its values are of another kind, or no row has them.
    """
    where = f"{programme_id}, [[sources]] {source.place}, where"
    kept = frame.filter(*[_matches(frame, column, wanted, where) for column, wanted in _wanted(source.where)])
    if kept.height == 0 and frame.height:
        raise PlanError(
            where,
            f"none of the {frame.height} rows has {_said(source.where)}",
            "values as the codebook gives them",
            "correct where; evalkit check without it shows the rows that there are",
        )
    return kept


def _wanted(where: Mapping[str, Value | tuple[Value, ...]]) -> list[tuple[str, Sequence[Value]]]:
    return [(column, value if isinstance(value, tuple) else (value,)) for column, value in where.items()]


def _said(where: Mapping[str, Value | tuple[Value, ...]]) -> str:
    return ", ".join(f"{column} = {' or '.join(map(str, values))}" for column, values in _wanted(where))


def _matches(frame: pl.DataFrame, column: str, values: Sequence[Value], where: str) -> pl.Expr:
    if column not in frame.columns:
        raise PlanError(
            where,
            f"there is no column {column!r} ({nearest(column, [c for c in frame.columns if not c.startswith('_')])})",
            "canonical columns of the codebook",
            "correct where, or enter the column in the codebook",
        )
    is_number = frame.schema[column].is_numeric()
    odd = [v for v in values if isinstance(v, str) == is_number]
    if odd:
        kind = "numbers" if is_number else "text"
        raise PlanError(where, f"{column} = {odd[0]!r}", f"{kind}, as in the column", "correct where")
    return pl.col(column).cast(pl.Float64).is_in([float(v) for v in values]) if is_number else pl.col(column).is_in(values)
