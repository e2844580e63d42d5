"""ATT(g, t) with households' covariates, from Panel: each pair's changes compared by `adjusted_change`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError, listed
from evalkit.estimators.doubly_robust import Adjustment, adjusted_change
from evalkit.estimators.group_cells import Pair, Sample
from evalkit.estimators.linear import independent_columns
from evalkit.estimators.rows import covariate_columns
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.results import FloatArray


@dataclass(frozen=True, slots=True)
class AdjustedPairs:
    """The pairs' effects with covariates, ``att`` (C,) and ``psi`` (G, C), and the households for refits."""

    att: FloatArray
    psi: FloatArray
    households: Households

    def values(self) -> FloatArray:
        """Return each ATT(g, t), (C,); NaN where covariates leave no comparison."""
        return self.att

    def influence(self) -> FloatArray:
        """Return ψ (G, C) by village."""
        return self.psi

    def without_each(self) -> FloatArray:
        """Return each ATT(g, t) fitted again without each village, (G, C)."""
        every = self.households
        return np.stack([every.fit(every.cluster != v)[0] for v in range(every.n_clusters)])


@dataclass(frozen=True, slots=True)
class Households:
    """U households, T rounds, k columns: ``y`` (U, T), NaN where not seen; ``x`` (U, T, k); the others (U,)."""

    pairs: Sequence[Pair]
    method: Adjustment
    cluster: NDArray[np.int64]
    cohort: NDArray[np.int64]
    weight: FloatArray
    y: FloatArray
    x: FloatArray
    n_clusters: int

    def fit(self, kept: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        """Return ATT(g, t) (C,) and ψ (G, C) from the households kept (U,)."""
        att, psi = np.full(len(self.pairs), np.nan), np.full((self.n_clusters, len(self.pairs)), np.nan)
        for c, pair in enumerate(self.pairs):
            if pair.time == pair.base:
                att[c], psi[:, c] = 0.0, 0.0
                continue
            change = self.y[:, pair.time] - self.y[:, pair.base]
            own = self.cohort == pair.cohort
            rows = kept & ~np.isnan(change) & (own | np.isin(self.cohort, pair.comparison))
            x = self.x[rows, min(pair.time, pair.base)]
            fit = adjusted_change(own[rows], change[rows], x, self.weight[rows], self.method) if rows.any() else None
            if fit is not None:
                att[c], psi[:, c] = fit[0], np.bincount(self.cluster[rows], fit[1], self.n_clusters)
        return att, psi


def adjusted_pairs(
    panel: Panel,
    moments: Moments,
    pairs: Sequence[Pair],
    covariates: Sequence[str],
    method: Adjustment,
    sample: Sample,
) -> AdjustedPairs:
    """Fit the pairs; a covariate counts with its value in the earlier round of each pair.

    Raises
    ------
    UsageError
        The panel doesn't hold a covariate.
    DesignError
        Covariates are collinear; they are named.
    """
    absent = [c for c in covariates if c not in panel.frame.columns]
    if absent:
        raise UsageError(
            "covariates",
            f"the panel does not hold {listed(absent)}",
            "columns of the panel",
            "name them in Panel.from_frame",
        )
    rows = panel.frame
    if sample == "complete":
        rows = rows.filter(pl.len().over("unit") == len(moments.periods))
    every = _arranged(rows, panel.outcome, moments, pairs, _columns(rows, covariates), method)
    return AdjustedPairs(*every.fit(np.ones(len(every.y), dtype=bool)), every)


def _arranged(
    rows: pl.DataFrame,
    outcome: str,
    moments: Moments,
    pairs: Sequence[Pair],
    columns: FloatArray,
    method: Adjustment,
) -> Households:
    """Lay rows, which are sorted by household, out by household and round."""
    unit = rows["unit"].rle_id().to_numpy()
    rounds = {p: i for i, p in enumerate(moments.periods)}
    spot = unit, np.array([rounds[t] for t in rows["time"]])
    y = np.full((int(unit[-1]) + 1, len(rounds)), np.nan)
    y[spot] = rows[outcome].to_numpy()
    x = np.zeros((*y.shape, columns.shape[1]))
    x[spot] = columns
    first = rows.group_by("unit", maintain_order=True).first()
    villages = {name: i for i, name in enumerate(moments.clusters)}
    cohorts = {g: i for i, g in enumerate(moments.cohorts)}
    cluster = np.array([villages[v] for v in first["cluster"]])
    cohort = np.array([cohorts[g] for g in first["first_treated"]])
    return Households(pairs, method, cluster, cohort, first["weight"].to_numpy(), y, x, len(villages))


def _columns(rows: pl.DataFrame, covariates: Sequence[str]) -> FloatArray:
    """Return an intercept and the covariates as numbers (n, k)."""
    named = [("intercept", np.ones(rows.height))]
    named += [column for name in covariates for column in covariate_columns(rows[name])]
    x = np.column_stack([values for _, values in named])
    kept = independent_columns(x.T @ x)
    if not kept.all():
        lost = [name for (name, _), k in zip(named, kept, strict=True) if not k]
        raise DesignError(
            "covariates",
            f"collinear with those before them: {listed(lost)}",
            "covariates that differ",
            "leave them out",
        )
    return x
