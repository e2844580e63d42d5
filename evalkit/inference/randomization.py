"""Randomization inference: the statistic under every assignment that could have been."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError, UsageError
from evalkit.inference.assignments import Assignments, assignments
from evalkit.inference.basis import is_fixed, linear, n_clusters
from evalkit.inference.crv1 import scores
from evalkit.inference.invert import inverted
from evalkit.inference.refits import Refits, refit
from evalkit.results import Estimate, FloatArray, Inference

TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""
MANY = 10**6


def randomization(
    estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1, statistic: str = "t"
) -> Inference:
    """Return p-values from exchanging arms (or adoption rounds) within strata, and intervals by inversion.

    The number of units in each arm and stratum is kept. All assignments are used where there are no more than
    `draws`, and then p is exact: the share with a statistic at least as large. Else p = (1 + #)/(1 + draws). The null
    hypothesis is that nobody is affected at all; the interval of ``att`` holds the constant effects that are not
    rejected. Other terms have no interval. Imbens & Rubin (2015), chapter 5; the t-statistic (CRV1) keeps size where
    effects vary (Chung & Romano 2013).

    Parameters
    ----------
    statistic : {"t", "coefficient"}

    Raises
    ------
    DesignError
        The estimate cannot be recomputed under other assignments, or only one assignment is possible.
    """
    if statistic not in {"t", "coefficient"}:
        raise UsageError("randomization", f"statistic {statistic!r}", "t or coefficient", "choose one of them")
    if estimate.reassign is None:
        raise DesignError(
            "randomization",
            f"{estimate.estimator} cannot be reassigned here",
            "a comparison of arms without household covariates",
            "leave covariates out, or use crv2",
        )
    design = estimate.reassign()
    pool = assignments(design.assigned, design.stratum, draws, seed)
    if pool.total < 2:
        raise DesignError(
            "randomization", "only one assignment is possible", "both arms in some stratum", "check strata and arms"
        )
    basis = linear(estimate, "randomization")
    refits = refit(estimate, design, pool.arms)
    own = refit(estimate, design, design.assigned[None, :])
    out = np.full((6, len(estimate.terms)), np.nan)
    out[0] = np.sqrt(_factor(estimate) * ((scores(basis) @ basis.bread @ basis.contrasts.T) ** 2).sum(axis=0))
    for j in np.flatnonzero(~is_fixed(estimate)):
        out[2:, j] = _term(estimate, int(j), refits, own, out[0, j], level, pool.exact, statistic)
    out[0, is_fixed(estimate)] = np.nan
    least = f"the smallest p that can be attained is {_least(pool, draws):.2g}"
    reason = f"randomization over {_how_many(pool, draws)} assignments; {least}"
    se, df, t, p, low, high = out
    return Inference(estimate, "randomization", se, df, t, p, low, high, level, reason)


def _how_many(pool: Assignments, draws: int) -> str:
    if pool.exact:
        return f"all {pool.total}"
    return f"{draws} of {pool.total}" if pool.total < MANY else f"{draws} of 10^{len(str(pool.total)) - 1}"


def _least(pool: Assignments, draws: int) -> float:
    return 1 / pool.total if pool.exact else 1 / (1 + draws)


def _term(
    estimate: Estimate, j: int, refits: Refits, own: Refits, se: float, level: float, exact: bool, statistic: str
) -> tuple[float, ...]:
    """Return t, p, low and high of one term."""
    factor = _factor(estimate)

    def size(r: Refits, h: float) -> FloatArray:
        b = np.abs(r.b0[:, j] - h * r.b1[:, j])
        if statistic == "coefficient":
            return b
        squares = r.v0[:, j] if h == 0 else r.v0[:, j] - 2 * h * r.v1[:, j] + h * h * r.v2[:, j]
        variance = factor * squares
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(b / np.sqrt(np.maximum(variance, 0.0)))

    def p_of(h: float) -> float:
        all_sizes = size(refits, h)
        usable = ~np.isnan(all_sizes)
        count = int(np.count_nonzero(all_sizes[usable] >= size(own, h)[0] * (1 - TIE)))
        n = int(usable.sum())
        return count / n if exact else (1 + count) / (1 + n)

    value = float(estimate.values[j])
    low, high = inverted(p_of, value, se, level) if estimate.terms[j] == "att" else (np.nan, np.nan)
    return value / se, p_of(0.0), low, high


def _factor(estimate: Estimate) -> float:
    g, n = n_clusters(estimate), estimate.counts.n_obs
    return g / (g - 1) * (n - 1) / (n - linear(estimate, "randomization").k_dof)
