"""What each unit near a cut-off counts in the bias-corrected intercept of its side: local polynomials as weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.results import FloatArray


def local_parts(
    away: FloatArray, weight: FloatArray, bandwidth: float, bias_bandwidth: float, kernel: str
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return which units of one side are near, (n,), and what each of these counts in the intercept, sorted as given.

    The intercept of a weighted line less its bias is Σ part · y: Calonico, Cattaneo & Titiunik (2014), section 3.1,
    with e₁'(R'WR)⁻¹(R'W − h² L q') for a line R = (1, u) in bandwidth h, where L = R'W(u/h)² and q'y is the curvature
    of the weighted quadratic in the bias's bandwidth.

    Parameters
    ----------
    away : array (n,)
        Score less cut-off, all on one side.
    weight : array (n,)
        Of the design; multiplies the kernel.
    """
    line, curve = (_kernel(away / b, kernel) * weight for b in (bandwidth, bias_bandwidth))
    near = (line > 0) | (curve > 0)
    u, line, curve = away[near], line[near], curve[near]
    r = np.column_stack([np.ones_like(u), u])
    q = np.column_stack([r, u**2])
    curvature = np.linalg.solve((q.T * curve) @ q, q.T * curve)[2]
    moments = (r.T * line) @ u**2
    return near, np.linalg.solve((r.T * line) @ r, r.T * line - np.outer(moments, curvature))[0]


def _kernel(u: FloatArray, kernel: str) -> FloatArray:
    inside = np.abs(u) <= 1
    if kernel == "uniform":
        return inside.astype(np.float64)
    return np.where(inside, 1 - np.abs(u) if kernel == "triangular" else 1 - u**2, 0.0)
