"""The regression with household effects that did, event_study and pre_post share, from Moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.moments import Moments
from evalkit.moments.blocks import Demeaned, demeaned
from evalkit.moments.cells import Cells
from evalkit.results import ClusterSums, Counts, FloatArray

Regressors = Callable[[int | None], FloatArray]
"""From a cohort's first treated round (None = never) to its regressors by round, (T, k)."""


@dataclass(frozen=True, slots=True)
class Within:
    """Village sums of a household-effects regression, with the names of its columns."""

    sums: ClusterSums
    names: tuple[str, ...]
    counts: Counts


def within_sums(
    moments: Moments, cells: Cells, regressors: Regressors, names: Sequence[str], *, period_effects: bool = True
) -> Within:
    """Form S_v = X'A_vX and r_v = X'b_v with X = (period dummies, regressors).

    Period dummies stand first, so that a regressor that they explain is the one found collinear.
    Households seen once are dropped and counted.

    Raises
    ------
    DesignError
        No household is seen in two rounds.
    """
    cells, dropped = followed(cells)
    blocks = demeaned(cells, weighted=moments.design.weights is not None)
    x = np.stack([full_regressors(moments, regressors, g, period_effects) for g in moments.cohorts])[blocks.cohort]
    sums = block_sums(moments, cells, blocks, x)
    labels = [f"round {p}" for p in moments.periods[1:]] if period_effects else []
    return Within(sums, (*labels, *names), counts_of(cells, sums, dropped))


def followed(cells: Cells) -> tuple[Cells, int]:
    """Return the cells of households seen in two rounds or more, and how many households were left out."""
    singles = cells.attended.sum(axis=1) == 1
    if singles.all():
        raise DesignError(
            "rounds",
            "no household is seen in two rounds",
            "households followed over rounds",
            "use itt for one cross-section",
        )
    return cells.where(~singles), int(cells.n_units[singles].sum())


def block_sums(moments: Moments, cells: Cells, blocks: Demeaned, x: FloatArray) -> ClusterSums:
    """Sum X'AX and X'b by village, X (B, T, K) by block."""
    village, codes = np.unique(blocks.cluster, return_inverse=True)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(codes) != 0]))

    def s(a: FloatArray) -> FloatArray:
        return np.add.reduceat(np.einsum("btk,bts,bsl->bkl", x, a, x, optimize=True), starts)

    def r(b: FloatArray) -> FloatArray:
        return np.add.reduceat(np.einsum("btk,bt->bk", x, b), starts)

    s1, r1 = s(blocks.a1), r(blocks.b1)
    same = moments.design.weights is None
    return ClusterSums(
        clusters=tuple(moments.clusters[v] for v in village),
        treated=villages_with(moments, cells, treated=True)[village],
        untreated=villages_with(moments, cells, treated=False)[village],
        strata=None if moments.strata is None else tuple(moments.strata[v] for v in village),
        s1=s1,
        r1=r1,
        s0=s1 if same else None if blocks.a0 is None else s(blocks.a0),
        s2=s1 if same else None if blocks.a2 is None else s(blocks.a2),
        r0=r1 if same else None if blocks.b0 is None else r(blocks.b0),
        weighted=not same,
    )


def full_regressors(
    moments: Moments, regressors: Regressors, cohort: int | None, period_effects: bool = True
) -> FloatArray:
    """Return a cohort's period dummies (all but the first) and regressors by round, (T, K)."""
    own = regressors(cohort)
    return np.hstack([np.eye(len(own))[:, 1:], own]) if period_effects else own


def villages_with(moments: Moments, cells: Cells, *, treated: bool) -> NDArray[np.bool_]:
    """Whether a village has households treated within the observed rounds (or not), by village of the moments."""
    last = max(moments.periods)
    ever = np.array([g is not None and g <= last for g in moments.cohorts])
    found = np.zeros(len(moments.clusters), dtype=bool)
    found[cells.cluster[ever[cells.cohort] == treated]] = True
    return found


def counts_of(cells: Cells, sums: ClusterSums, dropped: int = 0) -> Counts:
    """Count the rows, households and villages of cells, and the households that were dropped."""
    return Counts(
        n_obs=int(cells.n_at.sum()),
        n_units=int(cells.n_units.sum()),
        n_clusters=len(sums.clusters),
        n_treated_clusters=int(sums.treated.sum()),
        n_comparison_clusters=int(sums.untreated.sum()),
        n_dropped_singletons=dropped,
    )


def event_times(moments: Moments, cohort: int | None) -> NDArray[np.float64]:
    """Return round − first treated round for each round; NaN for the never treated."""
    periods = np.array(moments.periods, dtype=np.float64)
    return np.full_like(periods, np.nan) if cohort is None else periods - cohort
