"""Randomization inference: the statistic under every assignment that could have been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.errors import DesignError, UsageError
from evalkit.inference.assignments import Assignments, Codes, assignments
from evalkit.inference.crv1 import scores
from evalkit.inference.invert import inverted
from evalkit.results import Estimate, FloatArray, Inference, Reassignment

TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""
CHUNK = 256
MANY = 10**6


def randomization(
    estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1, statistic: str = "t"
) -> Inference:
    """Return p-values from exchanging arms (or adoption rounds) within strata, and intervals by inversion.

    The number of units in each arm and stratum is kept. All assignments are used where there are no more than `draws`, and then p is
    exact: the share with a statistic at least as large. Else p = (1 + #)/(1 + draws). The null hypothesis is that nobody is affected
    at all; the interval of ``att`` holds the constant effects that are not rejected. Other terms have no interval.
    Imbens & Rubin (2015), chapter 5; the t-statistic (CRV1) keeps size where effects vary (Chung & Romano 2013).

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
            f"{estimate.estimator} with covariates cannot be reassigned",
            "an estimate without household covariates",
            "leave the covariates out, or use crv2",
        )
    design = estimate.reassign()
    pool = assignments(design.assigned, design.stratum, draws, seed)
    if pool.total < 2:
        raise DesignError(
            "randomization", "only one assignment is possible", "both arms in some stratum", "check strata and arms"
        )
    refits = _refits(estimate, design, pool.arms)
    own = _refits(estimate, design, design.assigned[None, :])
    out = np.full((6, len(estimate.terms)), np.nan)
    out[0] = np.sqrt(
        _factor(estimate)
        * ((scores(estimate.basis) @ estimate.basis.bread @ estimate.basis.contrasts.T) ** 2).sum(axis=0)
    )
    for j in np.flatnonzero(np.any(estimate.basis.contrasts != 0, axis=1)):
        out[2:, j] = _term(estimate, int(j), refits, own, out[0, j], level, pool.exact, statistic)
    out[0, ~np.any(estimate.basis.contrasts != 0, axis=1)] = np.nan
    reason = f"randomization over {_how_many(pool, draws)} assignments; the smallest p that can be attained is {_least(pool, draws):.2g}"
    se, df, t, p, low, high = out
    return Inference(estimate, "randomization", se, df, t, p, low, high, level, reason)


def _how_many(pool: Assignments, draws: int) -> str:
    if pool.exact:
        return f"all {pool.total}"
    return f"{draws} of {pool.total}" if pool.total < MANY else f"{draws} of 10^{len(str(pool.total)) - 1}"


def _least(pool: Assignments, draws: int) -> float:
    return 1 / pool.total if pool.exact else 1 / (1 + draws)


@dataclass(frozen=True, slots=True)
class _Refits:
    """Per assignment and term (B, m): coefficient b0 − h b1, and summed squared scores v0 − 2h v1 + h² v2."""

    b0: FloatArray
    b1: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray


def _refits(estimate: Estimate, design: Reassignment, arms: Codes) -> _Refits:
    parts = [_chunk(estimate, design, arms[i : i + CHUNK]) for i in range(0, len(arms), CHUNK)]
    return _Refits(*[np.concatenate([getattr(p, f) for p in parts]) for f in _Refits.__slots__])


def _chunk(estimate: Estimate, design: Reassignment, arms: Codes) -> _Refits:
    """Refit a chunk of assignments from sums: β = (ΣS)⁻Σr for outcome and exposure, then the villages' scores."""
    n_units, n_arms, k = design.r.shape
    place = arms + np.arange(n_units) * n_arms
    s_flat, targets = design.s.reshape(-1, k * k), np.stack([design.r, design.shift], axis=-1).reshape(-1, k * 2)
    pick = np.zeros((len(arms), n_units * n_arms))
    np.put_along_axis(pick, place, 1.0, axis=1)
    gram = (pick @ s_flat).reshape(-1, k, k)
    right = (pick @ targets).reshape(-1, k, 2)
    bread = _inverses(gram, np.diag(estimate.basis.bread) > 0)
    beta = bread @ right
    weights = bread @ estimate.basis.contrasts.T
    coefficients = np.einsum("mk,bkt->bmt", estimate.basis.contrasts, beta)
    n_clusters = len(estimate.basis.sums.clusters)
    squares = np.zeros((3, len(arms), weights.shape[2]))
    for j in range(weights.shape[2]):
        u = weights[:, :, j]
        z = [_village_scores(u, beta[:, :, t], t, s_flat, targets, place, design, n_clusters) for t in (0, 1)]
        squares[:, :, j] = (z[0] * z[0]).sum(axis=1), (z[0] * z[1]).sum(axis=1), (z[1] * z[1]).sum(axis=1)
    return _Refits(coefficients[:, :, 0], coefficients[:, :, 1], *squares)


def _village_scores(
    u: FloatArray,
    beta: FloatArray,
    target: int,
    s_flat: FloatArray,
    targets: FloatArray,
    place: Codes,
    design: Reassignment,
    n_clusters: int,
) -> FloatArray:
    """Return u'(r_v − S_vβ) of each village under each assignment, (B, G)."""
    k = u.shape[1]
    pairs = (u[:, :, None] * beta[:, None, :]).reshape(len(u), -1)
    by_option = targets.reshape(-1, k, 2)[:, :, target] @ u.T - s_flat @ pairs.T
    by_unit = np.take_along_axis(by_option.T, place, axis=1)
    if len(design.cluster) == n_clusters:
        out = np.empty_like(by_unit)
        out[:, design.cluster] = by_unit
        return out
    out = np.zeros((len(u), n_clusters))
    np.add.at(out.T, design.cluster, by_unit.T)
    return out


def _inverses(gram: FloatArray, kept: np.ndarray) -> FloatArray:
    """Invert each Gram matrix over the kept columns; NaN where an assignment leaves a column undetermined."""
    small = gram[:, kept][:, :, kept]
    scale = 1 / np.sqrt(np.maximum(np.einsum("bkk->bk", small), np.finfo(float).tiny))
    scaled = small * scale[:, :, None] * scale[:, None, :]
    bad = np.linalg.eigvalsh(scaled)[:, 0] < 1e-11
    scaled[bad] = np.eye(small.shape[1])
    inverse = np.linalg.inv(scaled) * scale[:, :, None] * scale[:, None, :]
    inverse[bad] = np.nan
    out = np.zeros_like(gram)
    out[np.ix_(np.arange(len(gram)), np.flatnonzero(kept), np.flatnonzero(kept))] = inverse
    return out


def _term(
    estimate: Estimate, j: int, refits: _Refits, own: _Refits, se: float, level: float, exact: bool, statistic: str
) -> tuple[float, ...]:
    """Return t, p, low and high of one term."""
    factor = _factor(estimate)

    def size(r: _Refits, h: float) -> FloatArray:
        b = np.abs(r.b0[:, j] - h * r.b1[:, j])
        if statistic == "coefficient":
            return b
        variance = factor * (r.v0[:, j] - 2 * h * r.v1[:, j] + h * h * r.v2[:, j])
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
    g, n = len(estimate.basis.sums.clusters), estimate.counts.n_obs
    return g / (g - 1) * (n - 1) / (n - estimate.basis.k_dof)
