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
IDENTIFIED = 1e-6
"""A contrast is lost without a village where this share of it lies outside what the others determine."""
RANK = 1e-10


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
        A column that a contrast needs is collinear with others; it is named, with those that it follows from.
    """
    gram, right = sums.s1.sum(axis=0), sums.r1.sum(axis=0)
    kept = independent_columns(gram)
    lost = [names[j] for j in range(len(names)) if not kept[j] and np.any(contrasts[:, j] != 0)]
    if lost:
        raise DesignError(
            "regression",
            f"{len(lost)} of {len(names)} columns cannot be told from the others: {listed(lost)}"
            + _followed(gram, kept, names, list(names).index(lost[0])),
            "variation of treatment within rounds that other households do not share",
            "check that there are comparison villages in these rounds, or choose another comparison",
        )
    bread = np.zeros_like(gram)
    bread[np.ix_(kept, kept)] = _symmetric_inverse(gram[np.ix_(kept, kept)])
    beta = bread @ right
    rss = None if yy is None else float(yy - beta @ right)
    return Linear(sums, beta, bread, contrasts, int(kept.sum()) + k_extra, rss)


def refits_without(s: FloatArray, r: FloatArray, contrasts: FloatArray) -> FloatArray:
    """Return each contrast of the regression without each village, (G, m); NaN where the others do not determine it.

    ``s`` (G, K, K) and ``r`` (G, K) are the sums by village; ``contrasts`` (m, K), or (G, m, K) where they change with
    the village that is left out.
    """
    size = np.sqrt(np.einsum("gkk->k", s))
    scale = np.where(size > 0, 1 / np.where(size > 0, size, 1.0), 0.0)
    values, vectors = np.linalg.eigh((s.sum(axis=0) - s) * np.outer(scale, scale))
    used = values > RANK * values.max(axis=1, keepdims=True)
    inverse = (vectors * np.where(used, 1 / np.where(used, values, 1.0), 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
    beta = np.einsum("gkl,gl->gk", inverse, (r.sum(axis=0) - r) * scale)
    scaled = np.broadcast_to(contrasts * scale, (len(s), *contrasts.shape[-2:]))
    seen = scaled @ (vectors * used[:, None, :]) @ vectors.transpose(0, 2, 1)
    lost = np.linalg.norm(seen - scaled, axis=2) > IDENTIFIED * np.linalg.norm(scaled, axis=2)
    return np.where(lost, np.nan, np.einsum("gmk,gk->gm", scaled, beta))


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


def left_out(linear: Linear, names: Sequence[str]) -> tuple[str, ...]:
    """Say which columns the regression left out as collinear; empty where none was."""
    lost = [n for n, size in zip(names, np.diag(linear.bread), strict=True) if size == 0]
    return (f"columns left out, explained by those before them: {listed(lost)}",) if lost else ()


def _followed(gram: FloatArray, kept: NDArray[np.bool_], names: Sequence[str], lost: int) -> str:
    """Name the columns from which a lost one follows; nothing where it is zero throughout."""
    if gram[lost, lost] <= 0:
        return ""
    part = np.where(kept, _solved(gram, kept, gram[:, lost]) * np.sqrt(np.diag(gram)), 0.0)
    made_of = [n for n, size in zip(names, np.abs(part), strict=True) if size > IDENTIFIED * np.abs(part).max()]
    return f" (explained by {listed(made_of)})" if made_of else ""


def _solved(gram: FloatArray, kept: NDArray[np.bool_], right: FloatArray) -> FloatArray:
    found = np.zeros(len(gram))
    found[kept] = _symmetric_inverse(gram[np.ix_(kept, kept)]) @ right[kept]
    return found


def _symmetric_inverse(gram: FloatArray) -> FloatArray:
    """Invert after scaling to unit diagonal, for columns of very different size."""
    scale = 1 / np.sqrt(np.diag(gram))
    inverse = np.linalg.inv(gram * np.outer(scale, scale))
    scaled = inverse * np.outer(scale, scale)
    return np.asarray((scaled + scaled.T) / 2, dtype=np.float64)
