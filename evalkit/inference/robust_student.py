"""Intervals at a cut-off by t: degrees of freedom of the variance among the few units near it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.inference.basis import local_fit
from evalkit.inference.student import around
from evalkit.results import Estimate, FloatArray, Inference, LocalFit

METHOD = "robust_student"
NEIGHBOURS = 3
"""So many nearest neighbours make a unit's residual, as rdrobust."""
SAME = 1 + 1e-8
"""Distances this close (relative) count as equal, as rdrobust."""


def robust_student(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return `robust_bias_corrected`'s interval by t in place of the normal distribution.

    Its variance is Σ partᵢ² ε̂ᵢ², with a residual ε̂ᵢ from the three nearest neighbours: a sum of few squares where few
    units lie near the cut-off, and so itself uncertain. Degrees of freedom by Satterthwaite (1946), 2 E(V)²/Var(V), for
    errors that are normal and alike, as Bell & McCaffrey (2002) and Imbens & Kolesár (2016) for regressions. Clustered:
    the effective number of villages less one, (Σ V_v)²/Σ V_v² − 1 with V_v = Σ partᵢ² (Carter, Schnepel & Steigerwald
    2017, for errors independent within villages).

    Raises
    ------
    DesignError
        The estimate is not made at a cut-off.
    """
    basis = local_fit(estimate, METHOD)
    df = degrees_of_freedom(basis)
    each = np.full(len(basis.corrected), df)
    reason = (
        "around the estimate less its estimated bias, with robust standard errors (Calonico, Cattaneo & Titiunik) and "
        f"t with {df:.1f} df for the {sum(s.shape[1] for s in basis.sides)} units near the cut-off"
    )
    return around(estimate, METHOD, basis.corrected, basis.robust_error, each, level, reason)


def degrees_of_freedom(basis: LocalFit) -> float:
    """Return 2 E(V)²/Var(V) of the robust variance V."""
    if basis.places is not None:
        by_village = np.bincount(np.concatenate(basis.places), np.hstack(basis.sides)[1] ** 2)
        return float(by_village.sum() ** 2 / (by_village**2).sum() - 1)
    sums = [_mean_and_spread(score, part**2) for score, part in basis.sides]
    mean, spread = np.sum(sums, axis=0)
    return float(mean**2 / spread)


def _mean_and_spread(score: FloatArray, v: FloatArray) -> tuple[float, float]:
    """Return Σ vᵢ = E(V) and Σ vᵢ vⱼ (rᵢ'rⱼ)² = Var(V)/2 of one side, for errors of variance 1.

    ``score`` (n,) is sorted. A residual is rᵢ'ε with rᵢ = s((1 + 1/J) eᵢ − 1/J over the window), s² = J/(J + 1), so
    rᵢ'rᵢ = 1, and windows without a common unit have rᵢ'rⱼ = 0.
    """
    low, high = _windows(score)
    j = (high - low - 1).astype(np.float64)
    scale, share, n = np.sqrt(j / (j + 1)), 1 / j, len(score)
    spread = float((v**2).sum())
    for d in range(1, n):
        a, b = slice(None, n - d), slice(d, None)
        common = high[a] - low[b]
        if not (common > 0).any():
            break
        place = np.arange(n - d)
        product = share[a] * share[b] * np.clip(np.minimum(high[a], high[b]) - np.maximum(low[a], low[b]), 0, None)
        product -= (1 + share[a]) * share[b] * (low[b] <= place) + (1 + share[b]) * share[a] * (place + d < high[a])
        spread += 2 * float((v[a] * v[b] * (scale[a] * scale[b] * product) ** 2).sum())
    return float(v.sum()), spread


def _windows(score: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return from which to before which place the neighbours of each unit stand, itself among them, (n,) each.

    Equal scores stand or fall together, and where the next below and the next above are as near, both are taken.
    """
    values, starts, counts = np.unique(score, return_index=True, return_counts=True)
    ends, last = starts + counts, len(values) - 1
    low, high = np.empty(last + 1, dtype=np.int64), np.empty(last + 1, dtype=np.int64)
    for g in range(last + 1):
        a = b = g
        while ends[b] - starts[a] <= NEIGHBOURS and (a > 0 or b < last):
            below = values[g] - values[a - 1] if a > 0 else np.inf
            above = values[b + 1] - values[g] if b < last else np.inf
            nearest = min(below, above) * SAME
            a, b = a - int(below <= nearest), b + int(above <= nearest)
        low[g], high[g] = starts[a], ends[b]
    return np.repeat(low, counts), np.repeat(high, counts)
