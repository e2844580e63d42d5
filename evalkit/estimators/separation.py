"""Separation in Poisson regressions: rows of zeros that some combination of regressors would fit only at −∞."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.results import FloatArray

POSITIVE = 1e-6
"""The program sets z of a separated row to −1, of any other to 0, both within the solver's 1e-7."""

TIED = 1e-9
"""Regressors are 0 and 1, so sums of squares that are not 0 by rounding are far above this."""


def separated(x: FloatArray, seen: NDArray[np.bool_], total: FloatArray) -> NDArray[np.bool_]:
    """Say which (group, period) are separated, (P, T).

    A group is households with equal regressors and attendance; ``x`` (P, T, K), ``seen`` (P, T) and the summed outcomes
    ``total`` (P, T), each group with some positive. With household effects, rows are separated where for some γ the
    combination x_t'γ is equal over all periods in which the group has positive outcomes, and smaller there: these have
    no finite fit and no say in the other coefficients. The largest set is found by one linear program (Correia,
    Guimarães & Zylkin 2021, Proposition 1 and section 3).
    """
    zero = seen & (total == 0)
    found = np.zeros(zero.shape, dtype=np.bool_)
    if not zero.any():
        return found
    base = (total > 0).argmax(axis=1)
    z = x - x[np.arange(len(x)), base][:, None, :]
    if _all_tied(z[seen & (total > 0)], z[zero]):
        return found
    from scipy.optimize import linprog

    equal = _distinct(z[seen & (total > 0)])
    places, back = np.unique(z[zero], axis=0, return_inverse=True)
    n, k = places.shape
    program = linprog(
        np.concatenate([np.zeros(k), -np.ones(n)]),
        A_ub=np.hstack([places, np.eye(n)]),
        b_ub=np.zeros(n),
        A_eq=np.hstack([equal, np.zeros((len(equal), n))]) if len(equal) else None,
        b_eq=np.zeros(len(equal)) if len(equal) else None,
        bounds=[(None, None)] * k + [(0, 1)] * n,
    )
    if program.x is None:
        raise ArithmeticError(program.message)
    found[zero] = program.x[k:][back.ravel()] > POSITIVE
    return found


def _all_tied(equal: FloatArray, rows: FloatArray) -> bool:
    """Whether every row is a combination of those whose z is 0, so that its own is 0 too: the usual case, and cheap."""
    values, vectors = np.linalg.eigh(equal.T @ equal)
    free = vectors[:, values <= TIED * max(float(values.max(initial=0.0)), 1.0)]
    return bool(np.abs(rows @ free).max(initial=0.0) <= TIED)


def _distinct(rows: FloatArray) -> FloatArray:
    rows = np.unique(rows, axis=0)
    return np.asarray(rows[(rows != 0).any(axis=1)], dtype=np.float64)
