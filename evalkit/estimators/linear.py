"""A linear regression from sums by village: normal equations, dropped columns, contrasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, listed
from evalkit.results import ClusterSums, FloatArray, Linear

COLLINEAR = 1e-9
"""A column is collinear where less than this share of its sum of squares is left by the columns before it.

Squared: it corresponds to a relative residual norm of 3e-5, far above rounding (1e-16) and below any real regressor.
"""


def solve(
    sums: ClusterSums, contrasts: FloatArray, names: Sequence[str], *, k_extra: int = 0, yy: float | None = None
) -> Linear:
    """Solve Σ S_v β = Σ r_v and keep what inference needs.

    Parameters
    ----------
    contrasts : array (m, K)
        One row a reported term.
    names : sequence of str (K,)
        Names of the columns; the first ones are dropped last.
    k_extra : int
        Coefficients outside the columns that count in (N − K): the periods' effects, the intercept.
    yy : float, optional
        Total Σ w y², where it is known; gives the residual sum of squares.

    Raises
    ------
    DesignError
        A column that a contrast needs is collinear with others; it is named.
    """
    gram, right = sums.s1.sum(axis=0), sums.r1.sum(axis=0)
    kept = independent_columns(gram)
    lost = [names[j] for j in range(len(names)) if not kept[j] and np.any(contrasts[:, j] != 0)]
    if lost:
        raise DesignError(
            "regression",
            f"{len(lost)} of {len(names)} columns cannot be told from the others: {listed(lost)}",
            "variation of treatment within rounds that other households do not share",
            "check that there are comparison villages in these rounds, or choose another comparison",
        )
    bread = np.zeros_like(gram)
    bread[np.ix_(kept, kept)] = _symmetric_inverse(gram[np.ix_(kept, kept)])
    beta = bread @ right
    rss = None if yy is None else float(yy - beta @ right)
    return Linear(sums, beta, bread, contrasts, int(kept.sum()) + k_extra, rss)


def independent_columns(gram: FloatArray) -> NDArray[np.bool_]:
    """Return which columns to keep, in order: each is kept where the kept ones before it do not explain it."""
    size = gram.shape[0]
    kept = np.zeros(size, dtype=bool)
    left = gram.copy()
    for j in range(size):
        if left[j, j] > COLLINEAR * gram[j, j] and gram[j, j] > 0:
            kept[j] = True
            left = left - np.outer(left[:, j], left[j]) / left[j, j]
    return kept


def _symmetric_inverse(gram: FloatArray) -> FloatArray:
    """Invert after scaling to unit diagonal, for columns of very different size."""
    scale = 1 / np.sqrt(np.diag(gram))
    inverse = np.linalg.inv(gram * np.outer(scale, scale))
    scaled = inverse * np.outer(scale, scale)
    return np.asarray((scaled + scaled.T) / 2, dtype=np.float64)
