"""Some rounds of the households only: cells without the rows of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DataError
from evalkit.moments import Moments
from evalkit.moments.cells import CELL_FIELDS, Cells

SUMS = tuple(name for name in CELL_FIELDS if name.startswith("sum_"))


def only_where(cells: Cells, keep: NDArray[np.bool_]) -> Cells:
    """Return the cells with only the rounds to keep, (R, T); cells that keep none are left out.

    Two rows of a village and cohort may then have one pattern; sums by village do not mind. Weights must not change
    between a household's rounds: `require_patterns`.
    """
    here = cells.attended & keep
    bits = np.left_shift(np.uint64(1), np.arange(here.shape[1], dtype=np.uint64))
    pattern = np.where(here, bits, np.uint64(0)).sum(axis=1, dtype=np.uint64)
    sums: dict[str, Any] = {n: np.where(here, getattr(cells, n), 0.0) for n in SUMS}
    return replace(cells, pattern=pattern, **sums).where(np.asarray(here.any(axis=1)))


def before_round(moments: Moments, cells: Cells, stop: int) -> tuple[Moments, Cells]:
    """Return moments and cells as they would be without round `stop` and later ones.

    Who adopts from then on counts as not treated.
    """
    n = sum(p < stop for p in moments.periods)
    kept = only_where(cells, np.arange(len(moments.periods)) < n)
    sums: dict[str, Any] = {name: getattr(kept, name)[:, :n] for name in SUMS}
    return replace(moments, periods=moments.periods[:n]), replace(kept, **sums)


def require_patterns(cells: Cells, estimator: str) -> None:
    """Refuse cells of which sums over some of a household's rounds cannot be made.

    Raises
    ------
    DataError
        Weights change between a household's rounds, or the patterns of attendance were folded.
    """
    if cells.blocks is not None:
        raise DataError(
            estimator,
            "the weight changes between a household's rounds, or the moments hold no patterns",
            "one weight a household: some of its rounds are summed apart",
            "give a column with one weight a household, for example that of its first round",
        )


def some_rounds(moments: Moments, cells: Cells, keep: NDArray[np.bool_]) -> tuple[Moments, Cells]:
    """Return moments and cells as they would be of the rounds to keep alone, (T,): the others were never held.

    Households seen in none of them are gone; who adopts after the last of them counts as not treated.
    """
    kept = only_where(cells, np.broadcast_to(keep, cells.attended.shape))
    bits = np.left_shift(np.uint64(1), np.arange(int(keep.sum()), dtype=np.uint64))
    pattern = np.where(kept.attended[:, keep], bits, np.uint64(0)).sum(axis=1, dtype=np.uint64)
    sums: dict[str, Any] = {name: getattr(kept, name)[:, keep] for name in SUMS}
    periods = tuple(p for p, k in zip(moments.periods, keep, strict=True) if k)
    return replace(moments, periods=periods), replace(kept, pattern=pattern, **sums)
