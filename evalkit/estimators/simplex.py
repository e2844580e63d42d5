"""Least squares with weights that are not negative and sum to one: the quadratic problem of synthetic estimators."""

from __future__ import annotations

import numpy as np

from evalkit.results import FloatArray

LEAST_PENALTY = 1e-5
"""Root of the least penalty, relative to the data's scale: among equally good weights the most even are taken."""


def simplex_weights(columns: FloatArray, target: FloatArray, *, zeta: float, intercept: bool) -> FloatArray:
    """Return the weights x ≥ 0, Σx = 1, with the least ‖c + Ax − b‖² + n ζ² ‖x‖².

    Arkhangelsky et al. (2021), eq. 4 (donors) and 6 (rounds). As Σx = 1, the residual is (A − b1')x, so x is the point
    of least norm in the hull of the columns of M = (A − b1', √n ζ I), which non-negative least squares finds exactly:
    u = argmin ‖Mu‖² + (1'u − 1)², x = u/Σu. synthdid iterates (Frank–Wolfe) towards the same minimum and stops early.

    Parameters
    ----------
    columns : array (n, k)
        One column a donor (or round), one row a round (or donor).
    target : array (n,)
    zeta : float
        Penalty, in units of the outcome.
    intercept : bool
        Whether a constant c is free.

    Returns
    -------
    array (k,)
    """
    from scipy.optimize import nnls

    k = columns.shape[1]
    away = columns - target[:, None]
    if intercept:
        away = away - away.mean(axis=0)
    scale = float(np.sqrt((away**2).sum(axis=0).max(initial=0.0)))
    if scale == 0:
        return np.full(k, 1 / k)
    penalty = max(np.sqrt(len(target)) * zeta / scale, LEAST_PENALTY)
    system = np.vstack([away / scale, penalty * np.eye(k), np.ones((1, k))])
    right = np.concatenate([np.zeros(len(system) - 1), [1.0]])
    weights, _ = nnls(system, right, maxiter=100 * k)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
