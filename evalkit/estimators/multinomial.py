"""Poisson regression with household effects from sums: a multinomial over the periods that a household attends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.linear import independent_columns
from evalkit.estimators.separation import separated
from evalkit.results import FloatArray

STEP = 1e-11
"""Newton stops at a step below this: coefficients are logs, so it is a relative precision of the effect."""
MAX_STEPS = 100
HALVINGS = 40
NO_LOSS = 1e-12
"""A fall of the likelihood by less than this share is rounding."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Households with equal regressors and attendance: ``x`` (P, T, K), ``seen`` (P, T), summed outcomes (P, T)."""

    x: FloatArray
    seen: NDArray[np.bool_]
    total: FloatArray


@dataclass(frozen=True, slots=True)
class Fit:
    """The solution, without separated rows.

    ``beta`` (K,) is 0 where ``kept`` (K,) is False; ``bread`` (K, K) is the inverse Hessian; ``seen`` (P, T) are the
    periods that are not separated; ``share`` (P, T) is the fitted share of a household's outcome in each of them.
    """

    beta: FloatArray
    kept: NDArray[np.bool_]
    bread: FloatArray
    seen: NDArray[np.bool_]
    share: FloatArray


def fit(groups: Groups, start: FloatArray | None = None) -> Fit:
    """Maximise Σ_p Σ_t S_pt log π_pt, π_pt = exp(x_pt'β)/Σ_s exp(x_ps'β) over attended periods.

    This is the Poisson likelihood with the household effects maximised out (Hausman, Hall & Griliches 1984, eq. 2.3).

    Raises
    ------
    ArithmeticError
        Newton's method does not converge.
    """
    used = groups.total.sum(axis=1) > 0
    seen = groups.seen.copy()
    seen[used] &= ~separated(groups.x[used], seen[used], groups.total[used])
    size = groups.x.shape[2]
    at_zero = _shares(groups.x, seen, np.zeros(size))
    kept = independent_columns(_hessian(groups, at_zero))
    x = groups.x[:, :, kept]
    inner = Groups(x, seen, groups.total)
    beta = np.zeros(int(kept.sum())) if start is None else start[kept]
    beta = _newton(inner, beta)
    share = _shares(x, seen, beta)
    bread = np.zeros((size, size))
    bread[np.ix_(kept, kept)] = np.linalg.inv(_hessian(inner, share))
    full = np.zeros(size)
    full[kept] = beta
    return Fit(full, kept, bread, seen, share)


def _newton(groups: Groups, beta: FloatArray) -> FloatArray:
    value = _likelihood(groups, beta)
    for _ in range(MAX_STEPS):
        share = _shares(groups.x, groups.seen, beta)
        rest = groups.total - groups.total.sum(axis=1, keepdims=True) * share
        step = np.linalg.solve(_hessian(groups, share), np.einsum("ptk,pt->k", groups.x, rest))
        if np.abs(step).max(initial=0.0) <= STEP:
            return np.asarray(beta + step, dtype=np.float64)
        for _ in range(HALVINGS):
            new = _likelihood(groups, beta + step)
            if new >= value - NO_LOSS * abs(value):
                break
            step = step / 2
        beta, value = beta + step, new
    raise ArithmeticError("the Poisson likelihood has no maximum within reach")


def _likelihood(groups: Groups, beta: FloatArray) -> float:
    share = _shares(groups.x, groups.seen, beta)
    positive = groups.total > 0
    return float((groups.total[positive] * np.log(np.maximum(share[positive], 1e-300))).sum())


def _shares(x: FloatArray, seen: NDArray[np.bool_], beta: FloatArray) -> FloatArray:
    """Return π (P, T): 0 where not attended, or everywhere where nothing is attended."""
    index = np.where(seen, x @ beta, -np.inf)
    top = np.where(seen.any(axis=1), index.max(axis=1, initial=-np.inf), 0.0)
    weight = np.exp(index - top[:, None])
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray(weight / np.where(total > 0, total, 1.0), dtype=np.float64)


def _hessian(groups: Groups, share: FloatArray) -> FloatArray:
    """Return Σ_p Y_p X'(diag π − ππ')X, (K, K)."""
    weight = groups.total.sum(axis=1, keepdims=True) * share
    mean = (share[:, None, :] @ groups.x)[:, 0, :]
    spread = (groups.x - mean[:, None, :]).reshape(-1, groups.x.shape[2])
    return np.asarray(spread.T @ (spread * weight.reshape(-1, 1)), dtype=np.float64)
