"""The rows of a survey that a plan is about, where it is not about all: `where` and `where_not` of [[sources]]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from evalkit.errors import PlanError, nearest
from evalkit.programme import Source, Value

Wanted = Mapping[str, Value | tuple[Value, ...]]


def chosen_rows(frame: pl.DataFrame, source: Source, programme_id: str) -> pl.DataFrame:
    """Return the rows that have the values of ``where`` in each of its columns, and none of those of ``where_not``.

    An empty cell has no value: ``where`` leaves its row out, ``where_not`` keeps it.

    Raises
    ------
    PlanError
        A column is not there, its values are of another kind, a value of ``where_not`` does not occur, or no row is
        left.
    """
    place = f"{programme_id}, [[sources]] {source.place}"
    meant = [_matches(frame, c, values, f"{place}, where") for c, values in _pairs(source.where)]
    barred = [_matches(frame, c, values, f"{place}, where_not") for c, values in _pairs(source.where_not)]
    _require_there(frame, source.where_not, f"{place}, where_not")
    kept = frame.filter(*meant, *[~odd.fill_null(value=False) for odd in barred])
    if kept.height == 0 and frame.height:
        raise PlanError(
            place,
            f"none of the {frame.height} rows fits where and where_not",
            "values as the codebook gives them",
            "correct them; evalkit check without them counts the rows that there are",
        )
    return kept


def _pairs(wanted: Wanted) -> list[tuple[str, Sequence[Value]]]:
    return [(column, value if isinstance(value, tuple) else (value,)) for column, value in wanted.items()]


def _require_there(frame: pl.DataFrame, wanted: Wanted, where: str) -> None:
    """Refuse a value to be left out that no row has: it is probably mistyped."""
    for column, values in _pairs(wanted):
        there = frame[column].drop_nulls().unique().sort() if column in frame.columns else ()
        for value in values:
            if frame.filter(_matches(frame, column, (value,), where)).height == 0:
                raise PlanError(
                    where,
                    f"no row has {column} = {value!r} ({nearest(str(value), there)})",
                    "a value that occurs",
                    "correct it, or take it out",
                )


def _matches(frame: pl.DataFrame, column: str, values: Sequence[Value], where: str) -> pl.Expr:
    if column not in frame.columns:
        raise PlanError(
            where,
            f"there is no column {column!r} ({nearest(column, [c for c in frame.columns if not c.startswith('_')])})",
            "canonical columns of the survey's codebook",
            "correct it, or enter the column in the codebook",
        )
    is_number = frame.schema[column].is_numeric()
    odd = [v for v in values if isinstance(v, str) == is_number]
    if odd:
        raise PlanError(
            where, f"{column} = {odd[0]!r}", f"{'numbers' if is_number else 'text'}, as in the column", "correct it"
        )
    if is_number:
        return pl.col(column).cast(pl.Float64).is_in([float(v) for v in values])
    return pl.col(column).is_in(list(values))
