"""Dose: what changed in villages that had the programme for longer and for shorter; a description, never an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.diagnostics.arms import cell_row, round_before
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.programme import Programme

SCHEMA = {
    "first_treated": pl.Int64,
    "n_rounds": pl.Int64,
    "n_units": pl.Int64,
    "n_villages": pl.Int64,
    "before": pl.Float64,
    "after": pl.Float64,
    "change": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Dose:
    """The rounds compared, and a row for each start (null = never, last) with ``n_rounds`` of exposure until the last.

    ``before``, ``after`` and ``change`` are (weighted) means of the households seen in both rounds.
    """

    before: int
    after: int
    rows: pl.DataFrame


def dose(programme: Programme, indicator: str) -> Dose | None:
    """Return the changes of an indicator by how long villages had the programme; None where all had it equally long."""
    if programme.design_for(programme.indicator(indicator)).time is None:
        return None
    return dose_in(Moments.from_panel(Panel.from_programme(programme, indicator)))


def dose_in(moments: Moments, outcome: str | None = None) -> Dose | None:
    """Return the changes by start; None with fewer than two starts, or without a round before the first.

    From the last round before any start (and anticipation) to the last round of all, as in the four-cell table.
    """
    _, cells = moments.of(outcome, pooled=True)
    before, last = round_before(moments), len(moments.periods) - 1
    end = moments.periods[last]
    starts = sorted({g for g in moments.cohorts if g is not None and g <= end})
    if before is None or len(starts) < 2 or moments.periods[before] >= starts[0]:
        return None
    both = cells.attended[:, before] & cells.attended[:, last]
    rows = []
    for start in (*starts, None):
        own = np.array([(g if g is not None and g <= end else None) == start for g in moments.cohorts])[cells.cohort]
        row = cell_row("start", cells, both & own, before, last)
        exposed = 0 if start is None else sum(p >= start for p in moments.periods)
        if row.n_units:
            rows.append((start, exposed, row.n_units, row.n_villages, row.before, row.after, row.change))
    return Dose(moments.periods[before], end, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
