"""A_v and b_v by (village, cohort): what household effects leave of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.moments.cells import Cells
from evalkit.results import FloatArray


@dataclass(frozen=True, slots=True)
class Demeaned:
    """Demeaned cross-products by (village, cohort), B blocks, T periods.

    ``a1`` = Σ w M (B, T, T) and ``b1`` = Σ w M y (B, T); ``a0, a2, b0`` are the same with w⁰ and w², or None
    where weights change between a household's rounds. Households seen once have M = 0.
    """

    cluster: NDArray[np.int64]
    cohort: NDArray[np.int64]
    a1: FloatArray
    b1: FloatArray
    a0: FloatArray | None
    a2: FloatArray | None
    b0: FloatArray | None


def demeaned(cells: Cells, weighted: bool) -> Demeaned:
    """Return the blocks of an outcome's cells. Rows are grouped by (village, cohort), as cells are sorted."""
    if cells.blocks is not None:
        k = cells.blocks
        return Demeaned(k.cluster, k.cohort, k.a, k.b, None, None, None)
    starts = block_starts(cells)
    keys = cells.cluster[starts], cells.cohort[starts]
    attended = cells.attended.astype(np.float64)
    m = demeaning(attended)
    per_unit = attended / cells.attended.sum(axis=1, keepdims=True)

    def a(total: FloatArray) -> FloatArray:
        return np.add.reduceat(m * (total * per_unit).sum(axis=1)[:, None, None], starts)

    def b(total: FloatArray) -> FloatArray:
        return np.add.reduceat(np.einsum("rts,rs->rt", m, total), starts)

    a1, b1 = a(cells.sum_w), b(cells.sum_wy)
    if not weighted:
        return Demeaned(*keys, a1, b1, a1, a1, b1)
    return Demeaned(
        *keys,
        a1,
        b1,
        a(np.repeat(cells.n_units[:, None], attended.shape[1], axis=1) * attended),
        a(cells.sum_w2),
        b(cells.sum_y),
    )


def block_starts(cells: Cells) -> NDArray[np.int64]:
    """Return the first row of each (village, cohort)."""
    change = (np.diff(cells.cluster) != 0) | (np.diff(cells.cohort) != 0)
    return np.flatnonzero(np.concatenate([[True], change]))


def demeaning(attended: FloatArray) -> FloatArray:
    """Return M = diag(S) − SS'/|S| for each pattern, (R, T, T)."""
    n = attended.sum(axis=1)
    eye = np.einsum("rt,ts->rts", attended, np.eye(attended.shape[1]))
    centred = eye - np.einsum("rt,rs->rts", attended, attended) / n[:, None, None]
    return np.asarray(centred, dtype=np.float64)
