"""What treated rows show beyond their household's untreated ones, summed by village and cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.untreated import Split, Untreated, unit_weight
from evalkit.moments.blocks import block_starts
from evalkit.results import FloatArray


@dataclass(frozen=True, slots=True)
class Gaps:
    """Sums over imputed rows by (village, cohort), B blocks, T rounds.

    ``gap`` (B, T) = Σ w (y_t − ȳ), ȳ over the household's untreated rows; ``pull`` (B, T, T) takes the effects of
    rounds off it: Σ w τ = gap − pull β. ``mass`` (B, T) = Σ w, ``units`` (B, T) counts households. ``village`` (B,) are
    places in `Untreated`, ``cohort`` (B,) in the moments.
    """

    village: NDArray[np.int64]
    cohort: NDArray[np.int64]
    gap: FloatArray
    pull: FloatArray
    mass: FloatArray
    units: NDArray[np.int64]

    def effects(self, untreated: Untreated) -> FloatArray:
        """Return Σ w τ by block and round, (B, T)."""
        return np.asarray(self.gap - self.pull @ untreated.beta, dtype=np.float64)


def gaps_of(split: Split, untreated: Untreated) -> Gaps:
    """Sum what the imputed rows show by village and cohort."""
    cells, before, imputed = split.cells, split.before, split.imputed
    share = before / before.sum(axis=1, keepdims=True)
    mass = np.where(imputed, unit_weight(cells)[:, None], 0.0)
    mean = (share * cells.sum_wy).sum(axis=1, keepdims=True)
    pull = mass[:, :, None] * (np.eye(before.shape[1]) - share[:, None, :])
    starts = block_starts(cells)
    return Gaps(
        np.searchsorted(untreated.village, cells.cluster[starts]),
        cells.cohort[starts],
        np.add.reduceat(np.where(imputed, cells.sum_wy - mean, 0.0), starts),
        np.add.reduceat(pull, starts),
        np.add.reduceat(mass, starts),
        np.add.reduceat(np.where(imputed, cells.n_units[:, None], 0), starts),
    )
