"""The funnel of take-up: how many entities of each arm pass each stage that programme.toml names."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from evalkit.columns import CLUSTER, FIRST, TIME, canonical_frame
from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.intake_store import programme_rows
from evalkit.programme import Programme

SCHEMA = {
    "stage": pl.String,
    "arm": pl.String,
    "n_units": pl.Int64,
    "n_villages": pl.Int64,
    "n_reached": pl.Int64,
    "n_before": pl.Int64,
    "n_passed": pl.Int64,
}


def take_up_funnel(programme: Programme) -> pl.DataFrame | None:
    """Count who reached each stage in the last round, by arm as assigned; None where the plan names no stages.

    Returns
    -------
    DataFrame or None
        A row for each stage and arm: units and villages of the arm, ``n_reached`` of them at this stage, ``n_before``
        at the stage that it follows (the first follows none: all units), and ``n_passed`` at both. Unweighted; units
        with a stage missing are left out of all.

    Raises
    ------
    PlanError
        A stage is no canonical column.
    DataError
        A stage has values other than 0 and 1, or no unit of the last round has all of them.
    """
    columns = [step.column for step in programme.funnel]
    if not columns:
        return None
    frame = programme_rows(programme).frame
    _require_known(programme, columns, frame.columns)
    design = programme.design_for(programme.indicators[0])
    rows = canonical_frame(frame.lazy(), design, columns).collect().drop_nulls(columns)
    _require_flags(programme, rows, columns)
    last = rows.filter(pl.col(TIME) == pl.col(TIME).max())
    arms = last.with_columns((pl.col(FIRST) <= pl.col(TIME)).fill_null(False).alias("assigned"))
    before = {
        step.column: step.after or earlier
        for step, earlier in zip(programme.funnel, [None, *columns[:-1]], strict=True)
    }
    counts = [_count(arms, stage, arm, before) for stage in columns for arm in ("pilot", "comparison")]
    return pl.DataFrame(counts, schema=SCHEMA, orient="row")


def _count(
    rows: pl.DataFrame, stage: str, arm: str, before: Mapping[str, str | None]
) -> tuple[str, str, int, int, int, int, int]:
    own = rows.filter(pl.col("assigned") == (arm == "pilot"))
    reached, earlier = own[stage] == 1, before[stage]
    there = pl.repeat(True, own.height, eager=True) if earlier is None else own[earlier] == 1
    n = (own.height, own[CLUSTER].n_unique(), int(reached.sum()), int(there.sum()), int((reached & there).sum()))
    return (stage, arm, *n)


def _require_known(programme: Programme, columns: list[str], known: list[str]) -> None:
    absent = [c for c in columns if c not in known]
    if absent:
        raise PlanError(
            f"{programme.id}, [[funnel]]",
            f"{listed(absent)} is no canonical column ({nearest(absent[0], known)})",
            "columns of 0/1 that the codebook names",
            "correct the name, or enter the column in the codebook",
        )


def _require_flags(programme: Programme, rows: pl.DataFrame, columns: list[str]) -> None:
    where = f"{programme.id}, [[funnel]]"
    if rows.height == 0:
        raise DataError(where, "no row has all stages", "0 or 1 for each stage", "correct codebook or raw files")
    odd = [c for c in columns if not rows[c].is_in([0.0, 1.0]).all()]
    if odd:
        raise DataError(
            where, f"{listed(odd)} has values other than 0 and 1", "0 or 1", "name columns of the kind flag"
        )
