"""Intervals where the difference in paths may bend by no more than M from one round to the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from evalkit.inference.relative_magnitudes import Paths
from evalkit.results import FloatArray


def smoothness(paths: Paths, bend: float, level: float = 0.95) -> tuple[float, float]:
    """Return the shortest interval of fixed length where the slope of the difference changes by at most `bend` a round.

    Rambachan & Roth (2023), section 2.4.2, Δ^SD(M), with the optimal fixed-length interval of section 3.2 (Armstrong &
    Kolesár 2018): effect + Σ v_k lead_k ± cv(bias/sd) sd, where v takes off any straight drift exactly, the bias is the
    worst that bends up to M can do, and cv(b) is the quantile of |N(b, 1)|. v is chosen for the least length.
    """
    n = len(paths.leads)
    distance = np.arange(n, 0, -1, dtype=np.float64)
    slope = float(paths.shares @ np.arange(1, len(paths.shares) + 1))
    straight = np.full(n, slope) / (distance @ distance) * distance
    free = np.linalg.svd(distance[None, :])[2][1:].T  # (n, n − 1): what leaves a straight line as it is
    scale = float(np.sqrt(paths.covariance[-1, -1]))

    def half(z: FloatArray) -> float:
        v = straight + free @ z
        a = np.append(v, 1.0)
        sd = float(np.sqrt(a @ paths.covariance @ a))
        return sd * _folded(bend * worst_bias(paths, v) / sd, level)

    steadiest = _steadiest(paths, straight, free)
    best = _least(half, steadiest, scale) if bend > 0 else steadiest
    v = straight + free @ best
    centre = paths.effect + float(v @ paths.leads)
    return centre - half(best), centre + half(best)


def worst_bias(paths: Paths, v: FloatArray) -> float:
    """Return the largest bias that bends of up to 1 can do: Σ |what a bend at one round adds|.

    With distance d from the base, δ_d = d s + Σ_{1 ≤ j < d} (d − j) c_j after it and δ_{−k} = −k s + Σ_{0 ≤ j < k}
    (k − j) c_{−j} before, s the slope after the base and c_j the bend at j.
    """
    n, m = len(v), len(paths.shares)
    after = [paths.shares[j:] @ np.arange(1, m - j + 1) for j in range(1, m)]
    before = [v[: n - j] @ np.arange(n - j, 0, -1) for j in range(n)]
    return float(np.abs([*after, *before]).sum())


def _steadiest(paths: Paths, straight: FloatArray, free: FloatArray) -> FloatArray:
    """Return the z of least variance: generalised least squares on a straight drift."""
    own, cross = paths.covariance[:-1, :-1], paths.covariance[:-1, -1]
    return np.asarray(-np.linalg.lstsq(free.T @ own @ free, free.T @ (own @ straight + cross), rcond=None)[0])


def _least(half: Callable[[FloatArray], float], start: FloatArray, scale: float) -> FloatArray:
    """Minimise a convex function that has kinks, from the steadiest point and from where it leads."""
    if not len(start):
        return start
    best = start
    for _ in range(3):
        found = minimize(
            lambda z: half(z) / scale,
            best,
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000, "adaptive": True},
        )
        best = np.asarray(found.x, dtype=np.float64)
    return best


def _folded(bias: float, level: float) -> float:
    """Return the quantile of |N(bias, 1)|, by bisection between that of N(bias, 1) and 1 above it."""
    low, high = bias, bias + float(ndtri((1 + level) / 2)) + 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if ndtr(middle - bias) - ndtr(-middle - bias) < level else (low, middle)
    return high
