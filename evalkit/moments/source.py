"""From canonical rows to cells: numbering of units, villages, rounds and cohorts, with the checks of a panel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.columns import CLUSTER, FIRST, STRATUM, TIME, UNIT, WEIGHT, require_keys
from evalkit.design import AssignedTo, Design
from evalkit.errors import DataError, DesignError
from evalkit.moments.cells import MAX_PERIODS, Cells, Rows, sum_cells
from evalkit.moments.codes import NEVER, Codes, cohort_codes, key_codes, name_codes, whole_codes
from evalkit.moments.pooled import pooled_cells
from evalkit.moments.units import Units
from evalkit.panel import check_assignment, check_rows
from evalkit.results import FloatArray


@dataclass(frozen=True, slots=True)
class Source:
    """What one pass found."""

    clusters: tuple[str, ...]
    strata: tuple[str, ...] | None
    periods: tuple[int, ...]
    cohorts: tuple[int | None, ...]
    assigned_to: AssignedTo
    cells: Mapping[str, Cells]
    n_rows: int


def cells_of_outcomes(frame: pl.LazyFrame, design: Design, outcomes: Sequence[str]) -> Source:
    """Collect the needed columns once and make the cells of each outcome."""
    rows = frame.collect()
    require_keys(rows)
    rows = _observed(rows, outcomes)
    if not design.follows:
        return _pooled(rows, design, outcomes)
    keys = _number(rows)
    _require_sound(rows, keys, outcomes)
    assigned = _assignment(rows, keys, design)
    _require_few(len(keys.periods))
    weight = rows[WEIGHT].to_numpy() if design.weights else None
    cells = {name: sum_cells(_rows_of(rows[name], keys, weight)) for name in outcomes}
    strata = _strata(rows, keys.clusters, assigned) if design.strata else None
    return Source(keys.clusters, strata, keys.periods, keys.cohorts, assigned, cells, rows.height)


def _pooled(rows: pl.DataFrame, design: Design, outcomes: Sequence[str]) -> Source:
    """Sum repeated cross-sections by village and round, after the checks that a panel makes."""
    for name in outcomes:
        check_rows(rows.filter(pl.col(name).is_not_null()), name)
    _require_whole_villages(rows, design)
    clusters, periods, cohorts, cells = pooled_cells(rows, outcomes, weighted=design.weights is not None)
    _require_few(len(periods))
    return Source(
        clusters,
        _strata(rows, clusters, "cluster") if design.strata else None,
        periods,
        cohorts,
        "cluster",
        cells,
        rows.height,
    )


def _require_whole_villages(rows: pl.DataFrame, design: Design) -> None:
    """Refuse treatment by household: who is not followed cannot be told before the programme."""
    if check_assignment(rows, design) == "unit":
        raise DesignError(
            "design.unit",
            "it is left out, and some households of a village are treated and others are not",
            "households that are followed, or villages treated as a whole",
            "name the column of the household (--unit), or give each village one first treated round",
        )


def _require_few(n_periods: int) -> None:
    if n_periods > MAX_PERIODS:
        raise DataError("rounds", f"there are {n_periods}", f"at most {MAX_PERIODS}", "group them (months to quarters)")


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys as numbers: `unit` and `period` by row, `cluster` and `cohort` by unit (one row's, checked)."""

    clusters: tuple[str, ...]
    periods: tuple[int, ...]
    cohorts: tuple[int | None, ...]
    unit: Units
    period: Codes
    cluster: Codes
    cohort: Codes
    moves: bool


def _number(rows: pl.DataFrame) -> _Keys:
    """Return the keys as numbers; those of a unit are checked on its rows, then numbered once a unit (faster)."""
    names, code = key_codes(rows[UNIT])
    unit = Units.of(code, len(names))
    first, villages = rows[FIRST], rows[CLUSTER]
    if villages.dtype.is_integer():
        village, moved = unit.own(villages.cast(pl.Int64).to_numpy())
        clusters, cluster = name_codes(pl.Series(village))
    else:
        clusters, by_row = name_codes(villages)
        cluster, moved = unit.own(by_row)
    never = NEVER if first.null_count() == len(first) else int(first.max()) + 1  # type: ignore[arg-type]
    adoption, switched = unit.own(first.fill_null(never).to_numpy())
    cohorts, cohort = cohort_codes(pl.Series(adoption).replace(never, None))
    periods, period = whole_codes(rows[TIME].to_numpy())
    rounds = tuple(int(p) for p in periods)
    return _Keys(clusters, rounds, cohorts, unit, period, cluster, cohort, moved or switched)


def _rows_of(y: pl.Series, keys: _Keys, weight: FloatArray | None) -> Rows:
    """Return the rows in which one outcome is observed."""
    n_periods = len(keys.periods)
    if y.null_count() == 0:
        return Rows(keys.unit, keys.period, weight, y.to_numpy(), keys.cluster, keys.cohort, n_periods)
    take = y.is_not_null().to_numpy()
    w = None if weight is None else weight[take]
    return Rows(keys.unit.take(take), keys.period[take], w, y.to_numpy()[take], keys.cluster, keys.cohort, n_periods)


def _observed(rows: pl.DataFrame, outcomes: Sequence[str]) -> pl.DataFrame:
    """Return the rows in which some outcome is observed; refuse an outcome that never is."""
    missing = [rows[name].null_count() for name in outcomes]
    for name, n in zip(outcomes, missing, strict=True):
        if n == rows.height:
            raise DataError(
                f"outcome {name!r}",
                f"all {n} rows are missing",
                "observed values",
                "check the column and the missing codes",
            )
    return rows.filter(pl.any_horizontal(pl.col(outcomes).is_not_null())) if all(missing) else rows


def _require_sound(rows: pl.DataFrame, keys: _Keys, outcomes: Sequence[str]) -> None:
    """Look for trouble with numbers alone; where there is any, let the panel's checks name it."""
    doubled = keys.unit.has_doubles(keys.period, len(keys.periods))
    odd = any(not rows[name].is_finite().all() for name in outcomes)
    w = rows[WEIGHT] if WEIGHT in rows.columns else None
    bad = w is not None and (w.null_count() > 0 or not bool((w > 0).all()) or not bool(w.is_finite().all()))
    if not (doubled or odd or bad or keys.moves or -1 in keys.cohorts):
        return
    for name in outcomes:
        check_rows(rows.filter(pl.col(name).is_not_null()), name)
    if keys.moves:  # seen only across rows of different outcomes
        check_rows(rows, outcomes[0])


def _assignment(rows: pl.DataFrame, keys: _Keys, design: Design) -> AssignedTo:
    """Return what the data show; the panel's check names villages where they contradict the plan."""
    pairs = np.unique(keys.cluster * len(keys.cohorts) + keys.cohort)
    found: AssignedTo = "unit" if len(pairs) > len(keys.clusters) else "cluster"
    if (design.assigned_to == "cluster" and found == "unit") or design.strata:
        return check_assignment(rows, design)
    return design.assigned_to or found


def _strata(rows: pl.DataFrame, clusters: Sequence[str], assigned: AssignedTo) -> tuple[str, ...] | None:
    """Return the stratum of each village; None where households of a village lie in several."""
    by_village = rows.group_by(pl.col(CLUSTER).cast(pl.String)).agg(
        pl.col(STRATUM).n_unique().alias("n"), pl.col(STRATUM).first()
    )
    missing = by_village[STRATUM].null_count()
    if missing:
        raise DataError(
            "strata", f"{missing} villages have no stratum", "a stratum for each village", "complete the roster"
        )
    if (by_village["n"] > 1).any() and assigned == "unit":
        return None
    strata = dict(by_village.select(CLUSTER, STRATUM).iter_rows())
    return tuple(strata[c] for c in clusters)


def part_of(cells: Mapping[str, Cells], clusters: Sequence[str]) -> str:
    """Return the id of a part: a hash of its sums, so that the same rows always give the same id."""
    digest = hashlib.sha256("\x1f".join(clusters).encode())
    for name, c in cells.items():
        digest.update(name.encode())
        for array in (c.cluster, c.cohort, c.pattern, c.n_units, c.sum_w, c.sum_wy):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
