"""A user's frame under a Design, brought to the few columns that panel and moments work on."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.design import Design
from evalkit.errors import DataError, DesignError, listed, nearest

UNIT, CLUSTER, TIME, FIRST, WEIGHT, STRATUM = "unit", "cluster", "time", "first_treated", "weight", "stratum"
CANONICAL = (UNIT, CLUSTER, TIME, FIRST, WEIGHT, STRATUM)
EXPOSURE = "exposure"
"""A household's place in its village's programme, where links between households are recorded; see `EXPOSURES`."""
EXPOSURES = ("demonstration", "linked", "unlinked", "comparison")
"""Who is reached first; who is linked to one of these; the others of a pilot village; households of other villages."""
SINGLE_ROUND = 1
"""The period of a cross-section: a design without a time column has one round, numbered 1 (0 would read as never)."""


def canonical_frame(
    frame: pl.LazyFrame, design: Design, outcomes: Sequence[str], covariates: Sequence[str] = ()
) -> pl.LazyFrame:
    """Select and rename the columns that a design names, plus outcomes and covariates.

    Returns
    -------
    LazyFrame
        Columns ``unit, cluster, time (Int64), first_treated (Int64, null = never)``, ``weight`` (Float64) and
        ``stratum`` where the design has them, the outcomes (Float64) and the covariates as they are.

    Raises
    ------
    DataError
        A column is missing, an outcome or weight is not numeric, a treatment is not 0/1 or switches off.
    """
    schema = frame.collect_schema()
    _require_columns(schema, (*design.columns(), *outcomes, *covariates))
    _require_numbers(frame, schema, outcomes, "an outcome")
    reserved = [c for c in (*outcomes, *covariates) if c in CANONICAL and c not in design.columns()]
    renamed = frame.select(
        _unit(design),
        pl.col(design.cluster).alias(CLUSTER),
        _time(frame, schema, design),
        _first_treated(frame, schema, design),
        *_weight_and_stratum(frame, schema, design),
        *[pl.col(c).cast(pl.Float64) for c in outcomes if c not in CANONICAL],
        *[pl.col(c) for c in covariates if c not in CANONICAL and c not in outcomes],
    )
    if reserved:
        raise DataError("outcome", f"{listed(reserved)} is a reserved name", "another column name", "rename the column")
    if design.treatment and design.time:
        return _adoption_from_treatment(renamed, design)
    return renamed


def _require_columns(schema: pl.Schema, names: Sequence[str]) -> None:
    for name in names:
        if name not in schema:
            raise DataError(
                "columns",
                f"there is no column {name!r} ({nearest(name, schema.names())})",
                f"a column {name!r}",
                "correct the name in the design or add the column",
            )


def _require_numbers(frame: pl.LazyFrame, schema: pl.Schema, names: Sequence[str], what: str) -> None:
    for name in names:
        if not (schema[name].is_numeric() or schema[name] == pl.Boolean):
            raise DataError(
                f"column {name!r}",
                _first_text(frame, name) if schema[name] == pl.String else f"it holds {schema[name]}, not numbers",
                f"numbers in {what}",
                "convert the column; evalkit never turns text into numbers unasked",
            )


def _first_text(frame: pl.LazyFrame, name: str) -> str:
    """Say in which row the first value stands that is no number."""
    text = pl.col(name).str.strip_chars()
    odd = text.is_not_null() & text.cast(pl.Float64, strict=False).is_null()
    rows = frame.select(pl.int_range(pl.len()).alias("row"), pl.col(name)).filter(odd).collect()
    if rows.height == 0:
        return "its numbers are written as text"
    return f"{rows.height} values are text (the first is {rows[name][0]!r} in data row {rows['row'][0] + 1})"


def require_keys(rows: pl.DataFrame) -> None:
    """Refuse an empty frame, and rows without unit, village or round."""
    if rows.height == 0:
        raise DataError("rows", "there are none", "at least one row", "check the file and the filters before")
    for name in (UNIT, CLUSTER, TIME):
        if rows[name].null_count():
            raise DataError(
                f"column of the {name}",
                f"{rows[name].null_count()} of {rows.height} rows have none",
                f"a {name} in every row",
                "complete or remove these rows",
            )


def _unit(design: Design) -> pl.Expr:
    return pl.col(design.unit).alias(UNIT) if design.unit else pl.int_range(pl.len()).alias(UNIT)


def _time(frame: pl.LazyFrame, schema: pl.Schema, design: Design) -> pl.Expr:
    if design.time is None:
        return pl.lit(SINGLE_ROUND, pl.Int64).alias(TIME)
    return _whole(frame, schema, design.time).alias(TIME)


def _whole(frame: pl.LazyFrame, schema: pl.Schema, name: str) -> pl.Expr:
    """Read rounds as whole numbers; infinite and 0 are read by the caller."""
    if schema[name].is_integer():
        return pl.col(name).cast(pl.Int64)
    if schema[name].is_float():
        _require_whole(frame, name)
        return pl.when(pl.col(name).is_finite()).then(pl.col(name)).cast(pl.Int64)
    if schema[name] == pl.Null:
        return pl.lit(None, pl.Int64)
    raise DataError(
        f"column {name!r}",
        f"it holds {schema[name]}",
        "rounds as whole numbers (2017, or 1, 2, 3)",
        "number the rounds in order",
    )


def _require_whole(frame: pl.LazyFrame, name: str) -> None:
    value = pl.col(name)
    rows = frame.select(pl.int_range(pl.len()).alias("row"), value).filter(
        value.is_finite() & (value != value.round(0))
    )
    odd = rows.collect()
    if odd.height:
        raise DataError(
            f"column {name!r}",
            f"{odd.height} values are no whole rounds (the first is {odd[name][0]} in data row {odd['row'][0] + 1})",
            "rounds as whole numbers (2017, or 1, 2, 3)",
            "number the rounds in order",
        )


def _first_treated(frame: pl.LazyFrame, schema: pl.Schema, design: Design) -> pl.Expr:
    if design.running is not None:
        _require_numbers(frame, schema, (design.running,), "a score")
        above = pl.col(design.running).cast(pl.Float64) >= design.cutoff
        return pl.when(above).then(pl.lit(SINGLE_ROUND, pl.Int64)).alias(FIRST)
    if design.first_treated is not None:
        first = _whole(frame, schema, design.first_treated)
        return pl.when(first != 0).then(first).alias(FIRST)
    name = str(design.treatment)
    _require_numbers(frame, schema, (name,), "a treatment of 0 and 1")
    treated = pl.col(name).cast(pl.Float64)
    if design.time is None:
        return pl.when(treated == 1).then(pl.lit(SINGLE_ROUND, pl.Int64)).when(treated != 0).then(-1).alias(FIRST)
    return pl.when(treated.is_in([0.0, 1.0])).then(treated).otherwise(-1.0).alias(FIRST)


def _weight_and_stratum(frame: pl.LazyFrame, schema: pl.Schema, design: Design) -> list[pl.Expr]:
    if design.weights:
        _require_numbers(frame, schema, (design.weights,), "a weight")
    weight = [pl.col(design.weights).cast(pl.Float64).alias(WEIGHT)] if design.weights else []
    return weight + ([pl.col(design.strata).cast(pl.String).alias(STRATUM)] if design.strata else [])


def _adoption_from_treatment(frame: pl.LazyFrame, design: Design) -> pl.LazyFrame:
    """Turn a 0/1 treatment by unit and round into the first treated round; refuse one that switches off."""
    odd = frame.filter(pl.col(FIRST) == -1).select(pl.len()).collect().item()
    if odd:
        raise DataError(
            f"column {design.treatment!r}",
            f"{odd} rows are neither 0 nor 1",
            "0 or 1 in every row",
            "correct or remove these rows",
        )
    first = pl.col(TIME).filter(pl.col(FIRST) == 1).min().over(UNIT)
    adopted = frame.with_columns(first.alias("_first"))
    off = (
        adopted.filter((pl.col(TIME) > pl.col("_first")) & (pl.col(FIRST) == 0)).select(pl.col(UNIT).unique()).collect()
    )
    if off.height:
        raise DesignError(
            f"column {design.treatment!r}",
            f"treatment switches off for {off.height} units ({listed(off[UNIT].sort())})",
            "once treated, a unit stays treated",
            "give first_treated, or drop the rounds after the programme ended",
        )
    return adopted.drop(FIRST).rename({"_first": FIRST})
