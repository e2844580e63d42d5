"""Intention to treat: arms compared in one round, with strata effects; from Moments, or from Panel with covariates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError
from evalkit.estimators.linear import solve
from evalkit.estimators.rows import fit_rows
from evalkit.estimators.within import counts_of, villages_with
from evalkit.moments import Moments
from evalkit.moments.blocks import block_starts
from evalkit.moments.cells import Cells
from evalkit.panel import Panel
from evalkit.results import ClusterSums, Estimate, FloatArray, Reassignment


def itt(
    data: Moments | Panel,
    outcome: str | None = None,
    *,
    strata: bool = True,
    covariates: Sequence[str] = (),
    lin: bool = False,
) -> Estimate:
    """Estimate the difference between those assigned to treatment and the others, in the last round.

    Parameters
    ----------
    data : Moments or Panel
        Moments are sufficient without household covariates; with them the Panel is needed.
    outcome : str, optional
        May be left out where there is one.
    strata : bool
        Whether to include an effect for each stratum of the design.
    covariates : sequence of str
        Household columns of the Panel; text columns become categories.
    lin : bool
        Whether strata and covariates, less their means, are interacted with the arm (Lin 2013): adjusting for them
        then never costs precision in large samples, also where arms are unequal. Needs the Panel.

    Returns
    -------
    Estimate
        One term, ``att``.

    Raises
    ------
    DesignError
        Only one arm is observed, or treatment cannot be told from strata and covariates.
    UsageError
        Covariates or interactions with Moments.

    Notes
    -----
    Least squares of the outcome on the arm, an intercept, strata effects and covariates, weighted where the design has
    weights (Athey & Imbens 2017, sections 5 and 7). K counts all columns.
    """
    if isinstance(data, Panel) and (covariates or lin or (data.design.strata and data.assigned_to == "unit")):
        return _from_rows(data, strata, covariates, lin)
    if covariates or lin:
        raise UsageError("itt", "covariates with Moments", "a Panel, which has the households' rows", "pass the Panel")
    moments = Moments.from_panel(data) if isinstance(data, Panel) else data
    name, cells = moments.of(outcome)
    return _from_cells(moments, name, cells, strata)


@dataclass(frozen=True, slots=True)
class _Arms:
    """Sums of the last round by (village, arm), and the regressors that each would have in either arm."""

    cluster: NDArray[np.int64]
    arm: NDArray[np.bool_]
    names: tuple[str, ...]
    x: FloatArray
    w: tuple[FloatArray, FloatArray, FloatArray]
    y: FloatArray
    wy: FloatArray


def _from_cells(moments: Moments, name: str, cells: Cells, strata: bool) -> Estimate:
    last = len(moments.periods) - 1
    here = cells.where(cells.attended[:, last])
    arms = _arms(moments, here, strata)
    sums = _village_sums(moments, here, arms)
    yy = None if sums.weighted or last > 0 else float(here.sum_yy[:, last].sum())
    contrast = np.zeros((1, len(arms.names)))
    contrast[0, -1] = 1.0
    basis = solve(sums, contrast, arms.names, yy=yy)
    counts = counts_of(here, sums)
    reassign = _reassignment(moments, arms)
    return Estimate(
        "itt", name, ("att",), contrast @ basis.beta, basis, replace(counts, n_obs=counts.n_units), {}, (), reassign
    )


def _arms(moments: Moments, here: Cells, strata: bool) -> _Arms:
    last = len(moments.periods) - 1
    starts = block_starts(here)
    cluster = here.cluster[starts]
    treated = np.array([g is not None and g <= moments.periods[-1] for g in moments.cohorts])[here.cohort[starts]]
    if treated.all() or not treated.any():
        raise DesignError(
            "arms",
            f"all households are {'treated' if treated.all() else 'untreated'} in the last round",
            "both arms",
            "check the treatment column",
        )
    groups = sorted(set(moments.strata))[1:] if strata and moments.strata else []
    own = np.array(moments.strata or [""] * len(moments.clusters), dtype=object)[cluster]
    fixed = np.column_stack([np.ones(len(cluster)), *[(own == g).astype(np.float64) for g in groups]])
    x = np.stack([np.column_stack([fixed, np.full(len(cluster), float(arm))]) for arm in (0, 1)], axis=1)
    w = tuple(
        np.add.reduceat(v, starts) for v in (here.n_units.astype(np.float64), here.sum_w[:, last], here.sum_w2[:, last])
    )
    y, wy = (np.add.reduceat(v[:, last], starts) for v in (here.sum_y, here.sum_wy))
    return _Arms(
        cluster, treated, ("intercept", *[f"stratum {g}" for g in groups], "treated"), x, (w[0], w[1], w[2]), y, wy
    )


def _village_sums(moments: Moments, here: Cells, arms: _Arms) -> ClusterSums:
    village, codes = np.unique(arms.cluster, return_inverse=True)
    first = np.flatnonzero(np.concatenate([[True], np.diff(codes) != 0]))
    x = arms.x[np.arange(len(arms.cluster)), arms.arm.astype(np.int64)]
    s0, s1, s2 = (np.add.reduceat(np.einsum("bk,b,bl->bkl", x, v, x), first) for v in arms.w)
    r0, r1 = (np.add.reduceat(x * v[:, None], first) for v in (arms.y, arms.wy))
    groups = None if moments.strata is None else tuple(moments.strata[v] for v in village)
    treated, untreated = (villages_with(moments, here, treated=arm)[village] for arm in (True, False))
    weighted = moments.design.weights is not None
    names = tuple(moments.clusters[v] for v in village)
    return ClusterSums(names, treated, untreated, groups, s1, r1, s0, s2, r0, weighted)


def _reassignment(moments: Moments, arms: _Arms) -> Callable[[], Reassignment]:
    def build() -> Reassignment:
        if moments.assigned_to == "unit":
            raise DesignError(
                "randomization",
                "households were assigned within villages, and moments hold no households",
                "the households' rows",
                "estimate from the Panel",
            )
        strata = np.zeros(len(arms.cluster), dtype=np.int64)
        if moments.strata is not None:
            strata = np.unique(np.array(moments.strata)[arms.cluster], return_inverse=True)[1]
        w, exposed = arms.w[1], arms.w[1] * arms.arm
        s = np.einsum("uck,u,ucl->uckl", arms.x, w, arms.x)
        return Reassignment(
            np.arange(len(w)),
            strata,
            arms.arm.astype(np.int64),
            s,
            arms.x * arms.wy[:, None, None],
            arms.x * exposed[:, None, None],
        )

    return build


def _from_rows(panel: Panel, strata: bool, covariates: Sequence[str], lin: bool) -> Estimate:
    last = panel.frame.filter(pl.col("time") == pl.col("time").max())
    arm = last["first_treated"].is_not_null() & (last["first_treated"] <= last["time"])
    groups = ("stratum",) if strata and panel.design.strata else ()
    return fit_rows(panel, last, arm.fill_null(False), (*groups, *covariates), "itt", interacted=lin)
