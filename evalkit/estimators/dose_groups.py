"""Dose groups: villages that start split by their dose, and averages of ATT(g, t) within each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DataError, DesignError, UsageError, listed
from evalkit.estimators.aggregate import Averages, Part
from evalkit.estimators.within import villages_with
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray

FEWEST = 4
"""A group of fewer villages has no interval: of three it would be 4.5 standard deviations long either way, of two 14,
and hold the truth only by telling nothing (docs/coverage.md)."""


def dose_edges(cuts: Sequence[float]) -> tuple[float, ...]:
    """Return the ends of the dose groups, 0 and infinity among them; raises UsageError where cuts do not ascend."""
    edges = (0.0, *map(float, cuts), np.inf)
    if not cuts or any(not low < high for low, high in pairwise(edges)):
        raise UsageError("by_dose, cuts", f"{list(cuts)}", "ascending numbers above 0, at least one", "correct them")
    return edges


@dataclass(frozen=True, slots=True)
class Split:
    """Moments and cells whose cohorts are (start, dose group): ``group`` of each cohort, −1 where it has no dose.

    ``doses`` (G,) are those of the villages, 0 where they do not start.
    """

    moments: Moments
    cells: Cells
    group: tuple[int, ...]
    doses: FloatArray


def split_by_dose(moments: Moments, cells: Cells, dose: Mapping[str, float], edges: Sequence[float]) -> Split:
    """Split each cohort by the dose of its villages.

    Raises
    ------
    DataError, DesignError
        See `by_dose`.
    """
    doses = _doses(moments, cells, dose)
    own = np.searchsorted(np.asarray(edges[1:-1]), doses, side="right")
    last = moments.periods[-1]
    starts = np.array([g is not None and g <= last for g in moments.cohorts])[cells.cohort]
    group = np.where(starts, own[cells.cluster], -1)
    keys = sorted(set(zip(cells.cohort.tolist(), group.tolist(), strict=True)))
    code = {key: i for i, key in enumerate(keys)}
    cohort = np.array([code[key] for key in zip(cells.cohort.tolist(), group.tolist(), strict=True)], dtype=np.int64)
    split = replace(moments, cohorts=tuple(moments.cohorts[k] for k, _ in keys))
    return Split(split, replace(cells, cohort=cohort), tuple(j for _, j in keys), doses)


def _doses(moments: Moments, cells: Cells, dose: Mapping[str, float]) -> FloatArray:
    """Return the dose of each village that starts within the rounds, (G,), 0 for the others."""
    if moments.assigned_to != "cluster":
        raise DesignError(
            "by_dose", "households were assigned, not villages", "a dose and a start of each village", "use subgroups"
        )
    treated = villages_with(moments, cells, treated=True)
    never = villages_with(moments, cells, treated=False) & ~_later(moments, cells)
    given = np.array([float(dose.get(name, 0.0)) for name in moments.clusters])
    lacking = [n for n, t, d in zip(moments.clusters, treated, given, strict=True) if t and not (d > 0 and d < np.inf)]
    if lacking:
        raise DataError(
            "dose",
            f"{len(lacking)} villages that start have none above 0 ({listed(lacking)})",
            "a finite number above 0 for every village that starts",
            "complete the column, or correct the start",
        )
    extra = [n for n, t, d in zip(moments.clusters, never, given, strict=True) if t and d != 0]
    if extra:
        raise DataError(
            "dose",
            f"{len(extra)} villages that never start have one ({listed(extra)})",
            "0 or nothing for villages without the programme: they are the comparison",
            "correct the column, or enter their start",
        )
    return np.where(treated, given, 0.0)


def _later(moments: Moments, cells: Cells) -> NDArray[np.bool_]:
    """Whether a village starts after the last round, (G,)."""
    after = np.array([g is not None and g > moments.periods[-1] for g in moments.cohorts])
    return np.isin(np.arange(len(moments.clusters)), cells.cluster[after[cells.cohort]])


@dataclass(frozen=True)
class DoseGroups:
    """C pairs (start and dose group, round) averaged within J groups.

    ``att`` (C,) with ``psi`` and ``left_out`` (G, C); ``weight`` (G, C) of each pair's cohort by village, ``doses``
    (G,), ``group`` (C,), ``slopes`` whether slopes between groups are terms.
    """

    att: FloatArray
    psi: FloatArray
    weight: FloatArray
    doses: FloatArray
    group: NDArray[np.int64]
    edges: tuple[float, ...]
    slopes: bool

    @property
    def n_groups(self) -> int:
        """J."""
        return len(self.edges) - 1

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms (m,)."""
        steps = range(2, self.n_groups + 1) if self.slopes else ()
        return ("att", *(f"dose={j + 1}" for j in range(self.n_groups)), *(f"slope={j}" for j in steps))

    @cached_property
    def shares(self) -> FloatArray:
        """Which pairs are averaged in which group, (C, J); pairs that are undetermined are in none."""
        known = ~np.isnan(self.att)
        return np.stack([(known & (self.group == j)).astype(np.float64) for j in range(self.n_groups)], axis=1)

    @cached_property
    def n_villages(self) -> NDArray[np.int64]:
        """The villages of each group, (J,)."""
        return np.asarray(((self.weight @ self.shares) > 0).sum(axis=0), dtype=np.int64)

    @cached_property
    def without_interval(self) -> NDArray[np.bool_]:
        """Which terms rest on a group of fewer than `FEWEST` villages, (m,)."""
        few = self.n_villages < FEWEST
        return np.concatenate([[False], few, *([few[1:] | few[:-1]] if self.slopes else [])])

    def arms(self, n_comparison: int) -> NDArray[np.int64]:
        """Return the villages on either side of each term, (m, 2)."""
        n = self.n_villages
        levels = [(int(k), n_comparison) for k in (n.sum(), *n)]
        return np.array([*levels, *(pairwise(n.tolist()) if self.slopes else [])], dtype=np.int64)

    @cached_property
    def averages(self) -> Averages:
        """ATT^loc and the level effects, (1 + J)."""
        parts = [Part("att", self.shares.sum(axis=1)), *(Part(f"dose={j + 1}", s) for j, s in enumerate(self.shares.T))]
        return Averages((), tuple(parts))

    def values(self) -> FloatArray:
        """Return the terms (m,)."""
        dosed = (self.weight * self.doses[:, None]).sum(axis=0)
        return self._terms(self.att, self.weight.sum(axis=0), dosed)

    def means(self) -> FloatArray:
        """Return the mean dose of each group, (J,), with the weights of its level effect."""
        return _ratio(
            (self.weight * self.doses[:, None]).sum(axis=0) @ self.shares, self.weight.sum(axis=0) @ self.shares
        )

    def without_each(self, left_out: FloatArray) -> FloatArray:
        """Return the terms without each village, (G, m), from the pairs' ATTs without it (G, C)."""
        total, dosed = self.weight.sum(axis=0), self.weight * self.doses[:, None]
        rest = np.where(total - self.weight > 1e-12 * total, total - self.weight, 0.0)
        out = self._terms(left_out, rest, np.where(rest > 0, dosed.sum(axis=0) - dosed, 0.0))
        return np.where(self.without_interval, np.nan, out)

    def influence(self) -> FloatArray:
        """Return ψ (G, m): of a slope (a − b)/(x − y) that of its levels and of its mean doses, by the delta method."""
        levels = self.averages.influence(self.att, self.psi, self.weight)
        if self.slopes:
            sizes = self.weight.sum(axis=0) @ self.shares
            moved = ((self.doses[:, None] - self.means()) * (self.weight @ self.shares)) / sizes
            slope = self.values()[1 + self.n_groups :]
            steps = (np.diff(levels[:, 1:], axis=1) - slope * np.diff(moved, axis=1)) / np.diff(self.means())
            levels = np.concatenate([levels, steps], axis=1)
        return np.where(self.without_interval, np.nan, levels)

    def columns(self, units: NDArray[np.int64]) -> dict[str, tuple[Any, ...]]:
        """Return the columns of the terms from the treated households of each pair (C,)."""
        steps = (None,) * (self.n_groups - 1 if self.slopes else 0)
        most = [self._units(units, j) for j in range(self.n_groups)]
        return {
            "dose_low": (None, *self.edges[:-1], *steps),
            "dose_high": (None, *self.edges[1:-1], None, *steps),
            "dose_mean": (self._mean_of_all(), *self.means().tolist(), *steps),
            "n_treated_units": (sum(most), *most, *steps),
            "n_treated_villages": (int(self.n_villages.sum()), *self.n_villages.tolist(), *steps),
        }

    def require(self, before: bool) -> None:
        """Raise DesignError where a group has no village that can be compared (``before`` its start, or after it)."""
        empty = [f"{a:g} to {b:g}" for (a, b), n in zip(pairwise(self.edges), self.n_villages, strict=True) if not n]
        if empty:
            raise DesignError(
                "by_dose",
                f"no village with a dose of {listed(empty)} can be compared",
                f"villages in every dose group, seen {'twice before' if before else 'before and after'}, "
                "beside villages without the programme",
                "choose other cuts",
            )

    def _terms(self, att: FloatArray, weight: FloatArray, dosed: FloatArray) -> FloatArray:
        """Return the terms (…, m) from ATTs, weights and weights times doses of the pairs (…, C)."""
        levels = self.averages.of(att, weight)
        if not self.slopes:
            return levels
        mean = _ratio(dosed @ self.shares, weight @ self.shares)
        return np.concatenate([levels, np.diff(levels[..., 1:], axis=-1) / np.diff(mean, axis=-1)], axis=-1)

    def _mean_of_all(self) -> float:
        """Return the mean dose with the weights of ATT^loc."""
        sizes = self.weight.sum(axis=0) @ self.shares
        return float(self.means() @ sizes / sizes.sum())

    def _units(self, units: NDArray[np.int64], group: int) -> int:
        """Count the households of a group: of each start its most in any round."""
        own = np.flatnonzero(self.shares[:, group])
        starts = {tuple(self.weight[:, c]) for c in own}
        return sum(max(int(units[c]) for c in own if tuple(self.weight[:, c]) == s) for s in starts)


def _ratio(top: FloatArray, below: FloatArray) -> FloatArray:
    return np.asarray(np.where(below > 0, top, np.nan) / np.where(below > 0, below, 1.0), dtype=np.float64)
