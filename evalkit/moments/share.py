"""Sharing: moments that may leave an office. Patterns are folded into A_v and b_v; small villages are refused.

A (village, pattern) row with one household is that household. What is kept by (village, cohort): the households in each
round, their weight, A = Σ w M and b = Σ w M y. From these the regressions with household effects are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DataError, UsageError, listed
from evalkit.moments.blocks import block_starts, demeaned
from evalkit.moments.cells import Blocks, Cells
from evalkit.moments.value import Moments

EXACT = ("did", "event_study", "pre_post")
CROSS_SECTION = ("itt",)
CRV2 = "crv2 from this file takes the inverse weight as the working variance, as where weights change by round"
INFERENCES = ("crv1", "crv3", "wild", "randomization")
WHY_NOT = "they need sums by attendance pattern, and a pattern can be a single household's"


@dataclass(frozen=True, slots=True)
class Shared:
    """Moments that may be shared, the villages that were left out, and what stays exact from them."""

    moments: Moments
    left_out: tuple[str, ...]
    estimators: tuple[str, ...]
    inferences: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"exact from this file: {', '.join(self.estimators)}, with {', '.join(self.inferences)}"]
        lines += [f"refused from this file: all others; {WHY_NOT}"] if self.estimators == EXACT else []
        lines += [] if "crv2" in self.inferences else [CRV2]
        lines += [f"left out, too few households: {listed(self.left_out)}"] if self.left_out else []
        return "\n".join(lines)


def share(moments: Moments, *, min_households: int = 10, drop_small: bool = False) -> Shared:
    """Fold moments so that they may be shared.

    Parameters
    ----------
    moments : Moments
    min_households : int
        The fewest households of a village (and cohort) in any round in which it was surveyed.
    drop_small : bool
        Leave villages with fewer out; they are named. Estimates are then those of the other villages.

    Raises
    ------
    DataError
        A village has fewer households than `min_households`, and `drop_small` is not set; or none is left.
    UsageError
        `min_households` is below 2: a sum over one household is that household.
    """
    if min_households < 2:
        raise UsageError("min_households", str(min_households), "2 or more", "a sum over one household is its value")
    folded = {
        name: cells if len(moments.periods) == 1 else _fold(cells, moments) for name, cells in moments.cells.items()
    }
    small = sorted({v for cells in folded.values() for v in _small(cells, min_households).tolist()})
    names = tuple(moments.clusters[v] for v in small)
    if names and (not drop_small or len(names) == len(moments.clusters)):
        raise DataError(
            "moments --share",
            f"{len(names)} of {len(moments.clusters)} villages have fewer than {min_households} households "
            f"in some round ({listed(names)})",
            f"{min_households} households in each village and round",
            "group rounds, merge villages with a neighbour, or leave these out with --drop-small",
        )
    estimators = CROSS_SECTION if len(moments.periods) == 1 else EXACT
    unweighted = moments.design.weights is None
    inferences = (*INFERENCES, "crv2") if unweighted or len(moments.periods) == 1 else INFERENCES
    return Shared(_without(moments, folded, small), names, estimators, inferences)


def _fold(cells: Cells, moments: Moments) -> Cells:
    """Return one row by (village, cohort): households and weight by round, and the blocks; the other sums are gone."""
    followed = cells.where(cells.attended.sum(axis=1) > 1)
    starts = block_starts(followed)
    blocks = demeaned(followed, weighted=moments.design.weights is not None)
    at = np.add.reduceat(followed.n_at, starts)
    weight = np.add.reduceat(followed.sum_w, starts)
    gone = np.full(weight.shape, np.nan)
    return Cells(
        cluster=followed.cluster[starts],
        cohort=followed.cohort[starts],
        pattern=np.bitwise_or.reduceat(followed.pattern, starts),
        n_units=np.add.reduceat(followed.n_units, starts),
        n_zero=np.full(len(starts), np.nan),
        sum_w=weight,
        sum_w2=gone,
        sum_y=gone,
        sum_wy=gone,
        sum_yy=gone,
        blocks=Blocks(blocks.cluster, blocks.cohort, blocks.a1, blocks.b1),
        n_by_period=at,
    )


def _small(cells: Cells, least: int) -> NDArray[np.int64]:
    """Return the villages with some (cohort and) round of fewer households than may be shared."""
    starts = block_starts(cells)
    at = np.add.reduceat(cells.n_at, starts)
    return np.unique(cells.cluster[starts][((at > 0) & (at < least)).any(axis=1)])


def _without(moments: Moments, cells: dict[str, Cells], small: list[int]) -> Moments:
    """Return the moments with these cells, villages left out everywhere and numbered anew."""
    kept = [v for v in range(len(moments.clusters)) if v not in set(small)]
    place = np.full(len(moments.clusters), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    names = {moments.clusters[v] for v in kept}
    return replace(
        moments,
        clusters=tuple(moments.clusters[v] for v in kept),
        strata=None if moments.strata is None else tuple(moments.strata[v] for v in kept),
        cells={name: _numbered(c, place) for name, c in cells.items()},
        parts=tuple(replace(p, clusters=tuple(c for c in p.clusters if c in names)) for p in moments.parts),
    )


def _numbered(cells: Cells, place: NDArray[np.int64]) -> Cells:
    kept = cells.where(place[cells.cluster] >= 0)
    blocks = kept.blocks
    if blocks is not None:
        blocks = replace(blocks, cluster=place[blocks.cluster])
    return replace(kept, cluster=place[kept.cluster], blocks=blocks)
