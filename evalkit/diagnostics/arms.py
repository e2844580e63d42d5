"""Means by arm and round, and the four-cell table: before and after, pilot and comparison, on one sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.moments import Moments
from evalkit.moments.cells import Cells

ARMS = ("pilot", "comparison")


@dataclass(frozen=True, slots=True)
class CellRow:
    """One row of the four-cell table; in a cross-section `before` and `change` are None."""

    row: str
    before: float | None
    after: float | None
    change: float | None
    n_units: int | None
    n_villages: int | None


@dataclass(frozen=True, slots=True)
class FourCell:
    """Means before and after in both arms, first differences, and their difference, all on the same households."""

    before_label: str | None
    after_label: str | None
    rows: tuple[CellRow, ...]

    def row(self, name: str) -> CellRow:
        """Return one row: pilot, comparison or difference."""
        return next(r for r in self.rows if r.row == name)


def four_cell(moments: Moments, outcome: str | None = None) -> FourCell:
    """Return weighted means of households seen both before and after (the core table of ietoolkit's ieddtab).

    Before is the last round before any village's adoption (and anticipation), else the first; after is the last round.
    A cross-section has only `after`. In repeated cross-sections the villages are the same and the households are not;
    `n_units` is then the smaller of the two rounds' numbers.
    """
    _, cells = moments.of(outcome, pooled=True)
    after = len(moments.periods) - 1
    before = round_before(moments)
    attended = cells.attended
    both = attended[:, after] if before is None else attended[:, before] & attended[:, after]
    pilot = pilot_cells(moments, cells)
    arms = [cell_row(name, cells, both & (pilot == (name == "pilot")), before, after) for name in ARMS]
    rows = (*arms, _difference(*arms))
    label = None if before is None else str(moments.periods[before])
    return FourCell(label, None if before is None else str(moments.periods[after]), rows)


def means_by_round(moments: Moments, outcome: str | None = None) -> pl.DataFrame:
    """Return arm, time, mean (weighted), n_units and n_villages, of all households observed in a round."""
    _, cells = moments.of(outcome, pooled=True)
    pilot = pilot_cells(moments, cells)
    rows = []
    for name in ARMS:
        for p, period in enumerate(moments.periods):
            here = cells.attended[:, p] & (pilot == (name == "pilot"))
            r = cell_row(name, cells, here, None, p)
            if r.n_units:
                time = period if moments.design.time else None
                rows.append(
                    {"arm": name, "time": time, "mean": r.after, "n_units": r.n_units, "n_villages": r.n_villages}
                )
    return pl.DataFrame(
        rows,
        schema={"arm": pl.String, "time": pl.Int64, "mean": pl.Float64, "n_units": pl.Int64, "n_villages": pl.Int64},
    )


def comparison_mean(moments: Moments, outcome: str | None = None) -> float | None:
    """Return the comparison arm's mean over the rounds from the first adoption on; None without comparison."""
    _, cells = moments.of(outcome, pooled=True)
    dates = [g for g in moments.cohorts if g is not None]
    late = np.array([not dates or p >= min(dates) for p in moments.periods])
    rows = ~pilot_cells(moments, cells)
    weight = float(cells.sum_w[rows][:, late].sum())
    return float(cells.sum_wy[rows][:, late].sum() / weight) if weight > 0 else None


def pilot_cells(moments: Moments, cells: Cells) -> NDArray[np.bool_]:
    """Whether the households of a cell are treated within the observed rounds."""
    last = max(moments.periods)
    return np.array([g is not None and g <= last for g in moments.cohorts])[cells.cohort]


def round_before(moments: Moments) -> int | None:
    """Return the place of the last round before any start and anticipation, else 0; None where there is one round."""
    if len(moments.periods) < 2:
        return None
    dates = [g for g in moments.cohorts if g is not None]
    start = min(dates) - moments.design.anticipation if dates else moments.periods[-1]
    earlier = [p for p, period in enumerate(moments.periods) if period < start]
    return earlier[-1] if earlier else 0


def cell_row(name: str, cells: Cells, keep: NDArray[np.bool_], before: int | None, after: int) -> CellRow:
    """Return the means of some cells' households before and after, by the places of these rounds."""
    n = min(int(cells.n_at[keep, p].sum()) for p in (before, after) if p is not None)
    if n == 0:
        return CellRow(name, None, None, None, 0, 0)
    first, last = (
        None if p is None else float(cells.sum_wy[keep, p].sum() / cells.sum_w[keep, p].sum()) for p in (before, after)
    )
    change = None if first is None or last is None else last - first
    return CellRow(name, first, last, change, n, len(np.unique(cells.cluster[keep])))


def _difference(pilot: CellRow, other: CellRow) -> CellRow:
    before, after, change = (_minus(getattr(pilot, k), getattr(other, k)) for k in ("before", "after", "change"))
    return CellRow("difference", before, after, change, None, None)


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
