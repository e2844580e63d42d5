"""One pass over the rows of an outcome: sums by (village, cohort, attendance pattern)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.moments.codes import whole_codes
from evalkit.moments.exact import exact_group_sum, exact_group_sums
from evalkit.moments.units import Units
from evalkit.results import FloatArray

MAX_PERIODS = 63
CELL_FIELDS = ("cluster", "cohort", "pattern", "n_units", "n_zero", "sum_w", "sum_w2", "sum_y", "sum_wy", "sum_yy")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one outcome as numbers: `units, period, weight, y` by row (n,), `cluster, cohort` by unit.

    No (unit, period) occurs twice; some units may have no row.
    """

    units: Units
    period: NDArray[np.int64]
    weight: FloatArray | None
    y: FloatArray
    cluster: NDArray[np.int64]
    cohort: NDArray[np.int64]
    n_periods: int

    @property
    def n_units(self) -> int:
        """The number of units, with or without rows."""
        return len(self.cluster)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A_vg (B, T, T) and b_vg (B, T) by (village, cohort), summed household by household.

    Kept only where weights change between a household's rounds, or where patterns were folded before sharing.
    """

    cluster: NDArray[np.int64]
    cohort: NDArray[np.int64]
    a: FloatArray
    b: FloatArray

    def of(self, cluster: NDArray[np.int64], cohort: NDArray[np.int64]) -> Blocks:
        """Return the blocks of these villages and cohorts."""
        pairs = set(zip(cluster.tolist(), cohort.tolist(), strict=True))
        keep = np.array([pair in pairs for pair in zip(self.cluster.tolist(), self.cohort.tolist(), strict=True)])
        return Blocks(self.cluster[keep], self.cohort[keep], self.a[keep], self.b[keep])


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of one outcome by (village, cohort, pattern), R rows sorted by these keys, T periods.

    ``pattern`` has bit p set where the period p is attended; ``sum_w, sum_w2, sum_y, sum_wy, sum_yy`` are (R, T),
    zero where not attended. ``sum_yy`` serves classical inference in a cross-section and is NaN where there are several
    rounds. ``n_zero`` (R,) counts the units whose outcome is 0 in all their rows; it is NaN where some outcome of the
    row is negative. ``blocks`` is given where weights change by round. ``n_by_period`` (R, T) is given where patterns
    were folded for sharing (see `moments.share`), and in repeated cross-sections (`pooled`), where ``n_units`` counts
    rows. Where folded, ``pattern`` has all rounds in which any household of the row was seen, and ``n_zero`` and the
    sums but ``sum_w`` are NaN.
    """

    cluster: NDArray[np.int64]
    cohort: NDArray[np.int64]
    pattern: NDArray[np.uint64]
    n_units: NDArray[np.int64]
    n_zero: FloatArray
    sum_w: FloatArray
    sum_w2: FloatArray
    sum_y: FloatArray
    sum_wy: FloatArray
    sum_yy: FloatArray
    blocks: Blocks | None
    n_by_period: NDArray[np.int64] | None = None

    @property
    def is_folded(self) -> bool:
        """Whether sums by pattern are gone, for sharing."""
        return self.n_by_period is not None and bool(np.isnan(self.sum_wy).any())

    @property
    def n_at(self) -> NDArray[np.int64]:
        """How many households of a row were seen in each round, (R, T)."""
        return self.n_units[:, None] * self.attended if self.n_by_period is None else self.n_by_period

    @property
    def attended(self) -> NDArray[np.bool_]:
        """Whether a pattern attends a period, (R, T)."""
        return _attended(self.pattern, self.sum_y.shape[1])

    @property
    def is_whole(self) -> NDArray[np.bool_]:
        """Whether a pattern attends all periods, (R,)."""
        return np.asarray(self.attended.all(axis=1), dtype=np.bool_)

    def where(self, keep: NDArray[np.bool_]) -> Cells:
        """Return the rows to keep (R,), and of the blocks those whose village and cohort are still there."""
        keys = {name: getattr(self, name)[keep] for name in CELL_FIELDS}
        at = None if self.n_by_period is None else self.n_by_period[keep]
        blocks = None if self.blocks is None else self.blocks.of(keys["cluster"], keys["cohort"])
        return Cells(**keys, blocks=blocks, n_by_period=at)


def sum_cells(rows: Rows) -> Cells:
    """Make the cells of one outcome; rows must have no doubled (unit, period)."""
    unit_pattern = rows.units.patterns(rows.period, rows.n_periods)
    seen = np.flatnonzero(unit_pattern)
    keys, inverse, n_units = _cell_keys(rows.cluster[seen], rows.cohort[seen], unit_pattern[seen])
    n_cells, n_periods = len(n_units), rows.n_periods
    spot_of_unit = np.zeros(rows.n_units, dtype=np.int64)
    spot_of_unit[seen] = inverse * n_periods
    spot = rows.units.to_rows(spot_of_unit)
    spot += rows.period

    def total(values: FloatArray) -> FloatArray:
        return exact_group_sum(values, spot, n_cells * n_periods).reshape(n_cells, n_periods)

    count = np.where(_attended(keys[2], n_periods), n_units[:, None], 0).astype(np.float64)
    sum_y = total(rows.y)
    sum_yy = total(rows.y * rows.y) if n_periods == 1 else np.full_like(sum_y, np.nan)
    n_zero = _all_zero(rows, seen, inverse, n_cells)
    if rows.weight is None:
        return Cells(*keys, n_units, n_zero, count, count, sum_y, sum_y, sum_yy, None)
    w = rows.weight
    blocks = _blocks(rows, w, seen) if _varies(rows, w) else None
    return Cells(*keys, n_units, n_zero, total(w), total(w * w), sum_y, total(w * rows.y), sum_yy, blocks)


def _all_zero(rows: Rows, seen: NDArray[np.int64], cell: NDArray[np.int64], n_cells: int) -> FloatArray:
    """Count by cell the units `seen` (with `cell`) whose outcome is 0 in all their rows; NaN where one is negative."""
    if len(rows.y) and rows.y.min() > 0:
        return np.zeros(n_cells)
    positive, negative = (kind[seen] for kind in rows.units.extremes(rows.y))
    n_zero = np.bincount(cell[~positive], minlength=n_cells).astype(np.float64)
    n_zero[cell[negative]] = np.nan
    return n_zero


def _attended(pattern: NDArray[np.uint64], n_periods: int) -> NDArray[np.bool_]:
    periods = np.arange(n_periods, dtype=np.uint64)
    return np.asarray((pattern[:, None] >> periods) & np.uint64(1) == 1, dtype=np.bool_)


Keys = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]


def _cell_keys(
    cluster: NDArray[np.int64], cohort: NDArray[np.int64], pattern: NDArray[np.uint64]
) -> tuple[Keys, NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct (cluster, cohort, pattern), sorted; the number of each unit's; and how many units have it."""
    patterns, code = whole_codes(pattern.astype(np.int64))
    n_cohorts = int(cohort.max()) + 1
    distinct, inverse = whole_codes((cluster * n_cohorts + cohort) * len(patterns) + code)
    block, which = np.divmod(distinct, len(patterns))
    keys = block // n_cohorts, block % n_cohorts, patterns[which].astype(np.uint64)
    return keys, inverse, np.bincount(inverse, minlength=len(distinct)).astype(np.int64)


def _varies(rows: Rows, weight: FloatArray) -> bool:
    of_unit = np.zeros(rows.n_units)
    of_unit[rows.units.code] = weight
    return bool((of_unit[rows.units.code] != weight).any())


def _blocks(rows: Rows, weight: FloatArray, seen: NDArray[np.int64]) -> Blocks:
    """Sum A = diag w − ww'/Σw and b = wy − w Σwy/Σw household by household, over the units that have rows."""
    cluster, cohort = rows.cluster[seen], rows.cohort[seen]
    n_periods = rows.n_periods
    w, wy = np.zeros((2, rows.n_units, n_periods))
    w[rows.units.code, rows.period] = weight
    wy[rows.units.code, rows.period] = weight * rows.y
    w, wy = w[seen], wy[seen]
    _, first, inverse = np.unique(cluster * (cohort.max() + 1) + cohort, return_index=True, return_inverse=True)
    share = w / w.sum(axis=1, keepdims=True)
    b = exact_group_sums(wy - share * wy.sum(axis=1, keepdims=True), inverse, len(first))
    a = np.empty((len(first), n_periods, n_periods))
    for p in range(n_periods):
        a[:, p, :] = -exact_group_sums(share * w[:, [p]], inverse, len(first))
        a[:, p, p] += exact_group_sum(np.ascontiguousarray(w[:, p]), inverse, len(first))
    return Blocks(cluster[first], cohort[first], a, b)
