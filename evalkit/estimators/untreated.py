"""The first stage of imputation, from Moments: the effects of rounds, fitted on untreated rows alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.rounds import require_patterns
from evalkit.estimators.within import event_times
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray


@dataclass(frozen=True, slots=True)
class Split:
    """Cells in which every household has an untreated row, and which of their rounds are untreated; (R, T).

    ``imputed`` marks treated rows whose round effect the untreated rows determine together with the household's;
    ``n_always`` counts the households without an untreated row, ``n_beyond`` the treated rows that cannot be imputed.
    """

    cells: Cells
    before: NDArray[np.bool_]
    imputed: NDArray[np.bool_]
    n_always: int
    n_beyond: int


@dataclass(frozen=True, slots=True)
class Untreated:
    """Sums of the untreated rows by village, ``a`` (G, T, T) = Σ w M and ``b`` (G, T) = Σ w M y; effects of rounds.

    ``inverse`` (T, T) is the generalised inverse of Σ a, ``beta`` (T,) = (Σ a)⁻ Σ b: known up to a constant among
    rounds that households join. ``village`` (G,) are places among the moments' clusters.
    """

    village: NDArray[np.int64]
    a: FloatArray
    b: FloatArray
    inverse: FloatArray
    beta: FloatArray


def split_rows(moments: Moments, cells: Cells, anticipation: int) -> Split:
    """Tell untreated from treated rows; leave out households that are never seen untreated.

    Raises
    ------
    DataError
        Weights change between a household's rounds, so that sums over some of its rounds are not in the moments.
    """
    require_patterns(cells, "imputation")
    since = np.stack([event_times(moments, g) for g in moments.cohorts])[cells.cohort]
    untreated = np.nan_to_num(since, nan=-np.inf) < -anticipation
    always = np.asarray(~(cells.attended & untreated).any(axis=1))
    kept, before = cells.where(~always), untreated[~always]
    before = before & kept.attended
    after = kept.attended & ~before
    reach = _reached(before)
    beyond = (kept.n_units[:, None] * (after & ~reach)).sum()
    return Split(kept, before, np.asarray(after & reach), int(cells.n_units[always].sum()), int(beyond))


def untreated_sums(split: Split) -> Untreated:
    """Sum the untreated rows by village and solve for the effects of rounds."""
    cells, before = split.cells, split.before
    share = before / before.sum(axis=1, keepdims=True)
    weight = unit_weight(cells)
    eye = np.eye(before.shape[1])
    a = weight[:, None, None] * (before[:, :, None] * (eye - share[:, None, :]))
    y = np.where(before, cells.sum_wy, 0.0)
    b = y - share * y.sum(axis=1, keepdims=True)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(cells.cluster) != 0]))
    a, b = np.add.reduceat(a, starts), np.add.reduceat(b, starts)
    inverse = np.linalg.pinv(a.sum(axis=0), rcond=1e-10, hermitian=True)
    return Untreated(cells.cluster[starts], a, b, inverse, inverse @ b.sum(axis=0))


def unit_weight(cells: Cells) -> FloatArray:
    """Return the weight of each cell's households, the same in every attended round, (R,)."""
    return np.asarray(cells.sum_w.max(axis=1), dtype=np.float64)


def _reached(before: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether households seen in several untreated rounds join a round to those of a pattern, (R, T)."""
    n_periods = before.shape[1]
    joined = np.eye(n_periods, dtype=bool)
    for pattern in np.unique(before, axis=0):
        joined |= np.outer(pattern, pattern)
    for _ in range(n_periods):
        joined = joined @ joined
    seen = before.any(axis=0)
    return np.asarray((before @ joined) & seen, dtype=np.bool_)
