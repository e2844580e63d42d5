"""ATT(g, t) with comparison villages weighted to stand where the cohort did before its start, from Moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.estimators.entropy_balance import effective_number, entropy_weights
from evalkit.estimators.group_cells import GroupCells, Pair
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray

COMPARISON = 1
"""The place of the comparison's mean among the two of a pair."""


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """A cohort and those it is compared with, in the B rounds before it may change.

    ``own`` (G, B) and ``others`` (G, B) are means of the cohort's and of the comparison's households by village, with
    ``own_size`` and ``others_size`` (G,) their Σ w, 0 for villages that are not seen in each of the rounds. ``factor``
    (G,) is what the comparison villages' sums are multiplied by: 1 on average over households. ``periods`` names the
    rounds.
    """

    own: FloatArray
    others: FloatArray
    own_size: FloatArray
    others_size: FloatArray
    factor: FloatArray
    periods: tuple[int, ...]

    @property
    def target(self) -> FloatArray:
        """The cohort's means, (B,)."""
        return np.average(self.own, axis=0, weights=self.own_size)

    def comparison(self, *, weighted: bool) -> FloatArray:
        """Return the comparison's means, (B,), as they are or weighted."""
        weights = self.others_size * (self.factor if weighted else 1.0)
        return np.average(self.others, axis=0, weights=weights)

    @property
    def effective(self) -> float:
        """How many comparison villages alike would be as precise, where all have as many households."""
        return effective_number(self.factor[self.others_size > 0])


def balanced_pairs(
    moments: Moments, cells: Cells, pairs: Sequence[Pair], sums: GroupCells, ahead: int
) -> tuple[GroupCells, tuple[Balance, ...]]:
    """Return the sums of pairs with comparison villages weighted by `entropy_weights`, and each cohort's balance.

    Balanced is the mean outcome in every round before the cohort may change, of the village's households seen in it.
    Villages that are not seen in all of these serve no more. Base weights are the households' own, so that where there
    is no gap nothing changes. A cohort without comparison keeps none.

    Raises
    ------
    DesignError
        Some households of a village are treated and others not, or no weights give a cohort's means.
    """
    made: dict[tuple[int, tuple[int, ...]], Balance | None] = {}
    top, weight = sums.top.copy(), sums.weight.copy()
    for c, pair in enumerate(pairs):
        key = (pair.cohort, pair.comparison)
        if key not in made:
            made[key] = _balance(moments, cells, pair, ahead)
        found = made[key]
        if found is not None:
            top[:, c, COMPARISON] *= found.factor
            weight[:, c, COMPARISON] *= found.factor
    return replace(sums, top=top, weight=weight), tuple(b for b in made.values() if b is not None)


def balanced_effects(
    moments: Moments, cells: Cells, pairs: Sequence[Pair], sums: GroupCells, ahead: int, notes: Sequence[str]
) -> tuple[GroupCells, list[str]]:
    """Return the sums of `balanced_pairs`, and the notes with one that says on how many villages they rest at least."""
    found, balances = balanced_pairs(moments, cells, pairs, sums, ahead)
    fewest = min((b.effective for b in balances), default=0.0)
    note = f"comparison villages weighted to the cohorts' means before the start: as precise as {fewest:.1f} alike"
    return found, [*notes, note]


def _balance(moments: Moments, cells: Cells, pair: Pair, ahead: int) -> Balance | None:
    start = moments.cohorts[pair.cohort]
    before = [p for p, label in enumerate(moments.periods) if start is not None and label < start - ahead]
    arms = cells.cohort == pair.cohort, np.isin(cells.cohort, pair.comparison)
    (own, own_size), (others, others_size) = (_means(moments, cells, who, before) for who in arms)
    if ((own_size > 0) & (others_size > 0)).any():
        raise DesignError(
            "balance", "some households of a village are treated and others are not", "whole villages", "use group_time"
        )
    serving, factor = others_size > 0, np.zeros(len(others_size))
    if not serving.any() or not (own_size > 0).any():
        return None
    base = others_size[serving]
    periods = tuple(moments.periods[p] for p in before)
    target = np.average(own, axis=0, weights=own_size)
    weights = entropy_weights(others[serving], target, base, tuple(f"round {p}" for p in periods))
    factor[serving] = weights * base.sum() / base
    return Balance(own, others, own_size, others_size, factor, periods)


def _means(
    moments: Moments, cells: Cells, who: NDArray[np.bool_], before: Sequence[int]
) -> tuple[FloatArray, FloatArray]:
    """Return means by village and round (G, B) of some cells, and Σ w a round (G,); 0 where a round is missing."""
    n = len(moments.clusters)
    w, wy = np.zeros((n, len(before))), np.zeros((n, len(before)))
    np.add.at(w, cells.cluster[who], cells.sum_w[who][:, before])
    np.add.at(wy, cells.cluster[who], cells.sum_wy[who][:, before])
    seen = np.asarray((w > 0).all(axis=1))
    return np.where(seen[:, None], wy / np.where(w > 0, w, 1.0), 0.0), np.where(seen, w.mean(axis=1), 0.0)
