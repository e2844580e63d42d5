"""The passage of records: how many of each arm and round are left after each join, filter and exclusion."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.flow import FlowStep, SampleFlow
from evalkit.intake.convert import ROW, Converted
from evalkit.programme import DesignPlan, Programme

Stage = tuple[str, pl.DataFrame]
"""A step's code, and the rows that are left after it."""
ARM, DROPPED = "arm", "_dropped"
PILOT, COMPARISON, UNCLEAR = "pilot", "comparison", "unclear"
PASSAGE_SCHEMA = {
    "step": pl.Int64,
    "code": pl.String,
    "arm": pl.String,
    "time": pl.Int64,
    "n_rows": pl.Int64,
    "n_rows_dropped": pl.Int64,
    "n_villages": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Arms:
    """Who is of the pilot: ``starts`` by village or household (``by``); rows tell it themselves where that is None."""

    by: str | None
    table: pl.DataFrame


def placed(
    converted: Converted, dropped: Collection[int], round_: int | None, names: Sequence[str], time: str | None
) -> pl.DataFrame:
    """Return a row for each row of a raw table: its columns ``names``, and whether the correction log drops it.

    A row that is no record (a total, a remark) has its file's round at most.
    """
    rows = pl.concat([converted.frame, converted.lost])
    known = rows.select(ROW, *[n for n in names if n in rows.columns])
    foot = converted.rejected.filter(pl.col("rule") == "footer").select(pl.col("row").alias(ROW))
    if round_ is not None and time in known.columns:
        foot = foot.with_columns(pl.lit(round_).cast(known.schema[str(time)]).alias(str(time)))
    every = pl.concat([known, foot], how="diagonal")
    return every.with_columns(pl.col(ROW).is_in(list(dropped)).alias(DROPPED))


def place_names(design: DesignPlan) -> list[str]:
    """Return the columns that place a row: household, village, round and start."""
    return [n for n in dict.fromkeys((design.unit, design.cluster, design.time, start_column(design))) if n]


def start_column(design: DesignPlan) -> str:
    """Return the column that says who is treated, and maybe when."""
    return str(design.first_treated or design.treatment)


def arms_of(records: pl.DataFrame, roster: pl.DataFrame | None, design: DesignPlan) -> Arms:
    """Learn from records, or from the roster where these do not say it, who is treated at some time."""
    column = start_column(design)
    inside = column in records.columns
    source, by = (records, design.unit) if inside or roster is None else (roster, design.cluster)
    if column not in source.columns or by is None or by not in source.columns:
        return Arms(None, pl.DataFrame())
    return Arms(by, source.drop_nulls(by).group_by(by).agg(_starts(column).any().alias("starts")))


def with_arm(frame: pl.DataFrame, arms: Arms, design: DesignPlan) -> pl.DataFrame:
    """Add ``arm``: pilot (treated at some time), comparison, or unclear where village or household is not known."""
    column = start_column(design)
    if arms.by is None:
        starts = _starts(column) if column in frame.columns else pl.lit(None, pl.Boolean)
        marked = frame.with_columns(starts.alias("starts"))
    elif arms.by not in frame.columns:
        marked = frame.with_columns(pl.lit(None, pl.Boolean).alias("starts"))
    else:
        marked = frame.join(arms.table, on=arms.by, how="left", maintain_order="left")
    arm = pl.when("starts").then(pl.lit(PILOT)).when(~pl.col("starts")).then(pl.lit(COMPARISON))
    return marked.with_columns(arm.otherwise(pl.lit(UNCLEAR)).alias(ARM)).drop("starts")


def sample_flow(stages: Sequence[Stage], programme: Programme) -> SampleFlow:
    """Count the records and households that are left after each stage."""
    steps, before = [], stages[0][1].height
    for code, frame in stages:
        steps.append(FlowStep(code, frame.height, _units(frame, programme.design.unit), before - frame.height))
        before = frame.height
    return SampleFlow(tuple(steps))


def passage(stages: Sequence[Stage], arms: Arms, design: DesignPlan) -> pl.DataFrame:
    """Count records by stage, arm and round.

    Returns
    -------
    DataFrame
        ``step`` (from 0), ``code``, ``arm``, ``time``, ``n_rows`` left after the step, ``n_rows_dropped`` in it, and
        ``n_villages`` of those left. In each arm and round, rows left and dropped add up to the rows left before.
    """
    counted = [
        _counts(frame, arms, design).with_columns(step=pl.lit(n), code=pl.lit(c)) for n, (c, frame) in enumerate(stages)
    ]
    cells = counted[0].select(ARM, "time").unique()
    steps = pl.DataFrame({"step": range(len(stages)), "code": [c for c, _ in stages]})
    grid = cells.join(steps, how="cross").sort("time", ARM, "step", nulls_last=True)
    full = grid.join(
        pl.concat(counted), on=[ARM, "time", "step", "code"], how="left", nulls_equal=True, maintain_order="left"
    )
    filled = full.with_columns(pl.col("n_rows", "n_villages").fill_null(0))
    before = pl.col("n_rows").shift(1).over(ARM, "time", order_by="step")
    dropped = (before - pl.col("n_rows")).fill_null(0).alias("n_rows_dropped")
    return filled.with_columns(dropped).select(pl.col(n).cast(t) for n, t in PASSAGE_SCHEMA.items())


def _counts(frame: pl.DataFrame, arms: Arms, design: DesignPlan) -> pl.DataFrame:
    there = design.time is not None and design.time in frame.columns
    time = pl.col(str(design.time)).cast(pl.Int64) if there else pl.lit(None, pl.Int64)
    villages = pl.col(design.cluster).drop_nulls().n_unique() if design.cluster in frame.columns else pl.lit(0)
    marked = with_arm(frame, arms, design).with_columns(time.alias("time"))
    return marked.group_by(ARM, "time").agg(
        pl.len().cast(pl.Int64).alias("n_rows"), villages.cast(pl.Int64).alias("n_villages")
    )


def _starts(column: str) -> pl.Expr:
    first = pl.col(column).cast(pl.Float64)
    return ((first > 0) & first.is_finite()).fill_null(value=False)


def _units(frame: pl.DataFrame, unit: str | None) -> int:
    return frame.height if unit is None or unit not in frame.columns else frame[unit].drop_nulls().n_unique()
