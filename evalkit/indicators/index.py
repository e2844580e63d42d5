"""The index of a family of outcomes, weighted by their inverse covariance (Anderson 2008)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DataError, listed

FloatArray = NDArray[np.float64]
SAME = 1e-10
"""Outcomes are the same thing where the smallest eigenvalue of their correlation is below this."""


def icw_index(
    values: FloatArray,
    names: Sequence[str],
    *,
    comparison: NDArray[np.bool_],
    base: NDArray[np.bool_],
    weight: FloatArray,
) -> FloatArray:
    """Return the index of each row, (n,): a mean of standardised outcomes in which those that repeat others count less.

    Anderson (2008), section 3.2.1: s_i = (1'Σ⁻¹1)⁻¹ 1'Σ⁻¹z_i, with z_i the outcomes less the comparison rows' mean,
    over their standard deviation, and Σ the covariance of z. A row that misses outcomes gets the index of those it has,
    with Σ restricted to them; one that misses all gets NaN. In units of standard deviations of comparison rows. For two
    outcomes of equal variance both weights are ½. Weights may be negative where an outcome mostly repeats another.

    Parameters
    ----------
    values : array (n, k)
        Higher is better in every column (turn signs before); NaN is missing.
    names : sequence of str (k,)
    comparison : array (n,)
        Rows whose mean and standard deviation standardise.
    base : array (n,)
        Rows whose covariance weighs the outcomes: each pair over the rows that have both.
    weight : array (n,)
        Weights of the rows in means and covariances.

    Raises
    ------
    DataError
        An outcome does not vary among comparison rows, two are never seen together, or some are the same thing.
    """
    z = _standardised(values, names, comparison, weight)
    covariance = _covariance(z[base], names, weight[base])
    index = np.full(len(z), np.nan)
    known = ~np.isnan(z)
    for pattern in np.unique(known, axis=0):
        if pattern.any():
            rows = (known == pattern).all(axis=1)
            share = np.linalg.solve(covariance[np.ix_(pattern, pattern)], np.ones(int(pattern.sum())))
            index[rows] = z[np.ix_(rows, pattern)] @ (share / share.sum())
    return index


def _standardised(
    values: FloatArray, names: Sequence[str], comparison: NDArray[np.bool_], weight: FloatArray
) -> FloatArray:
    z = np.empty_like(values)
    for j, name in enumerate(names):
        here = comparison & ~np.isnan(values[:, j])
        y, w = values[here, j], weight[here]
        mean = float(w @ y / w.sum()) if len(y) else np.nan
        sd = float(np.sqrt(w @ (y - mean) ** 2 / w.sum() * len(y) / (len(y) - 1))) if len(y) > 1 else 0.0
        if not sd > SAME * abs(mean):
            raise DataError(
                f"index, outcome {name!r}",
                f"it does not vary among {len(y)} comparison rows",
                "outcomes that vary there",
                "leave the outcome out of the family",
            )
        z[:, j] = (values[:, j] - mean) / sd
    return z


def _covariance(z: FloatArray, names: Sequence[str], weight: FloatArray) -> FloatArray:
    known = ~np.isnan(z)
    w = np.where(known, weight[:, None], 0.0)
    centred = np.where(known, z - (w * np.where(known, z, 0.0)).sum(axis=0) / w.sum(axis=0), 0.0)
    together = (known * weight[:, None]).T @ known
    if not np.all(together > 0):
        a, b = np.argwhere(together <= 0)[0]
        raise DataError(
            "index",
            f"{names[a]} and {names[b]} are never seen in one row",
            "rows that have both",
            "take one out of the family",
        )
    covariance = (centred * weight[:, None]).T @ centred / together
    scale = np.sqrt(np.diag(covariance))
    if np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] < SAME:
        raise DataError(
            "index", f"some of {listed(names)} are the same thing", "outcomes that differ", "leave the copies out"
        )
    return np.asarray(covariance, dtype=np.float64)
