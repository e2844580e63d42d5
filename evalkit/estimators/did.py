"""Difference-in-differences with household and round effects, from Moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from evalkit.errors import UsageError
from evalkit.estimators.by_round import with_round_scores
from evalkit.estimators.linear import solve
from evalkit.estimators.reassign import household_reassignment, village_reassignment
from evalkit.estimators.rows import fit_within
from evalkit.estimators.within import event_times, within_sums
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.results import Estimate, FloatArray


def did(data: Moments | Panel, outcome: str | None = None, *, covariates: Sequence[str] = ()) -> Estimate:
    """Estimate one effect of being treated, with household and round effects (two-way fixed effects).

    With one adoption round and parallel trends this is the average effect on the treated. With several adoption
    rounds and effects that grow it is not (Goodman-Bacon 2021): use `event_study`.

    Parameters
    ----------
    data : Moments or Panel
        Moments are sufficient without household covariates; with them the Panel is needed.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    covariates : sequence of str
        Columns of the Panel that vary by round; text columns become categories. Fitted by statsmodels.

    Returns
    -------
    Estimate
        One term, ``att``, in units of the outcome.

    Raises
    ------
    DesignError
        No household is seen twice, or treatment cannot be told from the round effects.
    UsageError
        Covariates with Moments.

    Notes
    -----
    β = (Σ X'A_vX)⁻ Σ X'b_v, with A_v, b_v the sums of demeaned households by village: equal to least squares on rows
    with a dummy for each household and round, or, where the design names no unit (repeated cross-sections), for each
    village and round. K counts regressors and rounds, not households (fixest, reghdfe).
    """
    if covariates:
        return _with_covariates(data, covariates)
    moments = Moments.from_panel(data) if isinstance(data, Panel) else data
    name, cells = moments.of(outcome, folded=True, pooled=True)

    def treated(cohort: int | None) -> FloatArray:
        return (np.nan_to_num(event_times(moments, cohort), nan=-1.0) >= 0).astype(np.float64)[:, None]

    within = within_sums(moments, cells, treated, ["treated"])
    contrast = np.zeros((1, len(within.names)))
    contrast[0, -1] = 1.0
    basis = with_round_scores(solve(within.sums, contrast, within.names, k_extra=1), moments, cells, treated)
    if isinstance(data, Panel) and data.assigned_to == "unit":
        reassign = household_reassignment(data, moments, treated)
    else:
        reassign = village_reassignment(moments, cells, treated)
    return Estimate("did", name, ("att",), contrast @ basis.beta, basis, within.counts, {}, _notes(moments), reassign)


def _notes(moments: Moments) -> tuple[str, ...]:
    dates = [c for c in moments.cohorts if c is not None]
    if len(dates) < 2:
        return ()
    return (
        f"{len(dates)} adoption rounds: one coefficient is an average effect "
        "only where effects do not grow with time since adoption",
    )


def _with_covariates(data: Moments | Panel, covariates: Sequence[str]) -> Estimate:
    if isinstance(data, Moments):
        raise UsageError("did", "covariates with Moments", "a Panel, which has the households' rows", "pass the Panel")
    if not data.design.follows:
        raise UsageError(
            "did",
            "covariates without a unit: households are not followed",
            "the column of the household",
            "name it (unit), or leave covariates out",
        )
    seen = data.frame.with_columns(pl.len().over("unit").alias("_seen"))
    rows = seen.filter(pl.col("_seen") > 1).with_columns(pl.col("time").cast(pl.String).alias("round"))
    treated = (rows["first_treated"] <= rows["time"]).fill_null(False)
    estimate = fit_within(data, rows, treated, ("round", *covariates), "did")
    singles = seen["unit"].n_unique() - rows["unit"].n_unique()
    return replace(estimate, counts=replace(estimate.counts, n_dropped_singletons=singles))
