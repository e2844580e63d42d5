"""The sums of a regression under every arm: what permutation needs, from Moments (villages) or Panel (households)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from evalkit.errors import DesignError
from evalkit.estimators.within import Regressors, event_times, full_regressors
from evalkit.moments import Moments
from evalkit.moments.blocks import demeaned
from evalkit.moments.cells import Cells
from evalkit.moments.codes import Codes, name_codes
from evalkit.panel import Panel
from evalkit.results import FloatArray, Reassignment


def village_reassignment(moments: Moments, cells: Cells, regressors: Regressors) -> Callable[[], Reassignment]:
    """Exchange adoption rounds between villages, within strata; refused where households were assigned."""

    def build() -> Reassignment:
        if moments.assigned_to == "unit":
            raise DesignError(
                "randomization",
                "households were assigned within villages, and moments hold no households",
                "the households' rows",
                "estimate from the Panel",
            )
        repeated = cells.where(cells.attended.sum(axis=1) > 1)
        blocks = demeaned(repeated, weighted=moments.design.weights is not None)
        strata = None if moments.strata is None else np.array(moments.strata)[blocks.cluster]
        return _alternatives(
            moments, regressors, blocks.a1, blocks.b1, np.arange(len(blocks.cluster)), blocks.cohort, strata
        )

    return build


def household_reassignment(panel: Panel, moments: Moments, regressors: Regressors) -> Callable[[], Reassignment]:
    """Exchange adoption rounds between the households of a village."""

    def build() -> Reassignment:
        rows = panel.frame.filter(pl.len().over("unit") > 1)
        units = rows.group_by("unit", maintain_order=True).agg(pl.col("cluster", "first_treated").first())
        _, cluster = name_codes(units["cluster"])
        never = len(moments.cohorts) - 1
        places = {g: i for i, g in enumerate(moments.cohorts)}
        cohort = np.array([places.get(g, never) for g in units["first_treated"]], dtype=np.int64)
        a, b = _household_sums(rows, moments)
        return _alternatives(moments, regressors, a, b, cluster, cohort, cluster)

    return build


def _household_sums(rows: pl.DataFrame, moments: Moments) -> tuple[FloatArray, FloatArray]:
    """Return A_i (U, T, T) and b_i (U, T) of each household, in the order of first appearance."""
    periods = {p: i for i, p in enumerate(moments.periods)}
    unit = rows["unit"].rle_id().to_numpy()
    spot = unit, np.array([periods[t] for t in rows["time"]])
    w, wy = np.zeros((2, int(unit[-1]) + 1, len(periods)))
    w[spot] = rows["weight"].to_numpy()
    wy[spot] = rows["weight"].to_numpy() * rows[moments.outcomes[0]].to_numpy()
    share = w / w.sum(axis=1, keepdims=True)
    a = np.einsum("ut,ts->uts", w, np.eye(len(periods))) - np.einsum("ut,us->uts", share, w)
    return a, wy - share * wy.sum(axis=1, keepdims=True)


def _alternatives(
    moments: Moments,
    regressors: Regressors,
    a: FloatArray,
    b: FloatArray,
    cluster: Codes,
    cohort: Codes,
    strata: np.ndarray | None,
) -> Reassignment:
    x = np.stack([full_regressors(moments, regressors, g) for g in moments.cohorts])
    exposure = np.stack([np.nan_to_num(event_times(moments, g), nan=-1.0) >= 0 for g in moments.cohorts])[cohort]
    used = np.unique(cohort)
    x = x[used]
    xa = np.einsum("ctk,uts->ucks", x, a, optimize=True)
    shift = np.einsum("ucks,us->uck", xa, exposure.astype(np.float64), optimize=True)
    s = np.einsum("ucks,csl->uckl", xa, x, optimize=True)
    stratum = np.zeros(len(a), dtype=np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
    return Reassignment(cluster, stratum, np.searchsorted(used, cohort), s, np.einsum("ctk,ut->uck", x, b), shift)
