"""ATT(g, t): each cohort's change since its base round less that of its comparison, as means over villages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Comparison
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray

Base = Literal["varying", "universal"]
Sample = Literal["pairwise", "all_rows", "complete"]
GONE = 1e-12
"""A mean is lost without a village where this share of its weight, or less, is left: the rest is rounding."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One ATT(g, t): the place of the cohort among the moments' cohorts, and of the round and its base."""

    cohort: int
    time: int
    base: int
    comparison: tuple[int, ...]


class Effects(Protocol):
    """The ATTs of C pairs, with their influence by village and without each village (G)."""

    def values(self) -> FloatArray:
        """Return each ATT(g, t), (C,); NaN where it is undetermined."""

    def influence(self) -> FloatArray:
        """Return ψ (G, C)."""

    def without_each(self) -> FloatArray:
        """Return each ATT(g, t) without each village, (G, C)."""


@dataclass(frozen=True, slots=True)
class GroupCells:
    """Sums by village of C pairs: each ATT is Σ_j sign_j · (Σ_v top_vj)/(Σ_v weight_vj).

    ``top`` and ``weight`` (G, C, J); ``sign`` (J,). ``units`` (C,) counts the cohort's households in the pair,
    ``used`` (R, T) says which rows of the cells enter any pair that is determined, ``serving`` (G,) which villages have
    households in the comparison of a round from adoption on. ``is_base`` (C,) marks pairs of a base with itself.
    """

    top: FloatArray
    weight: FloatArray
    sign: FloatArray
    units: NDArray[np.int64]
    used: NDArray[np.bool_]
    serving: NDArray[np.bool_]
    is_base: NDArray[np.bool_]

    def values(self) -> FloatArray:
        """Return each ATT(g, t), (C,); NaN where one of its means has no household."""
        return self._differences(self.top.sum(axis=0), self.weight.sum(axis=0), 0.0)

    def influence(self) -> FloatArray:
        """Return ψ (G, C): what each village adds to ATT(g, t) − truth; 0 for a base, NaN where ATT(g, t) is."""
        total = self.weight.sum(axis=0)
        known = np.where(total > 0, total, np.nan)
        psi = ((self.top - self.top.sum(axis=0) / known * self.weight) / known) @ self.sign
        psi[:, self.is_base] = 0.0
        return np.asarray(psi, dtype=np.float64)

    def without_each(self) -> FloatArray:
        """Return each ATT(g, t) without each village, (G, C); NaN where a mean is lost."""
        total = self.weight.sum(axis=0)
        return self._differences(self.top.sum(axis=0) - self.top, total - self.weight, GONE * total)

    def _differences(self, top: FloatArray, weight: FloatArray, least: FloatArray | float) -> FloatArray:
        known = weight > least
        means = np.where(known, top, np.nan) / np.where(known, weight, 1.0)
        values = means @ self.sign
        values[..., self.is_base] = 0.0
        return np.asarray(values, dtype=np.float64)


def pairs_of(moments: Moments, comparison: Comparison, base: Base, anticipation: int) -> list[Pair]:
    """Return the pairs (g, t) with their base, for every cohort that has a round before it may have changed.

    From g − anticipation on, the base is the last round before that; earlier rounds are compared with the round before
    (``varying``) or with the same base (``universal``).
    """
    periods = moments.periods
    found = []
    for k, g in enumerate(moments.cohorts):
        before = [p for p, label in enumerate(periods) if g is not None and label < g - anticipation]
        if g is None or not before or g > periods[-1] + anticipation:
            continue
        for t in range(1 if base == "varying" else 0, len(periods)):
            b = t - 1 if base == "varying" and t <= before[-1] else before[-1]
            found.append(Pair(k, t, b, _comparison(moments, comparison, k, periods[max(t, b)], anticipation)))
    return found


def _comparison(moments: Moments, kind: Comparison, own: int, last: int, anticipation: int) -> tuple[int, ...]:
    """Return the cohorts that serve: never treated in the rounds, or (as R did) not yet at the later round."""
    end = moments.periods[-1] if kind == "never" else last
    return tuple(k for k, g in enumerate(moments.cohorts) if k != own and (g is None or g > end + anticipation))


def sum_pairs(moments: Moments, cells: Cells, pairs: Sequence[Pair], sample: Sample) -> GroupCells:
    """Sum the pairs by village.

    ``pairwise`` takes changes of households seen in both rounds; ``all_rows`` the mean of each round over whoever was
    seen in it. (``complete`` is ``pairwise`` on cells of one pattern.)
    """
    apart = sample == "all_rows"
    shape = (len(moments.clusters), len(pairs), 4 if apart else 2)
    top, weight = np.zeros(shape), np.zeros(shape)
    units = np.zeros(len(pairs), dtype=np.int64)
    used, serving = np.zeros_like(cells.attended), np.zeros(shape[0], dtype=bool)
    for c, pair in enumerate(pairs):
        own, other = cells.cohort == pair.cohort, np.isin(cells.cohort, pair.comparison)
        means = [m for who in (own, other) for m in _means(cells, who, pair, apart)]
        for j, (rows, round_, values) in enumerate(means):
            top[:, c, j] = np.bincount(cells.cluster[rows], values, shape[0])
            weight[:, c, j] = np.bincount(cells.cluster[rows], cells.sum_w[rows, round_], shape[0])
        units[c] = cells.n_at[means[0][0], pair.time].sum()
        if pair.time != pair.base and all(rows.any() for rows, _, _ in means):
            for rows, round_, _ in means:
                used[rows, round_] = True
                used[rows, pair.base] |= not apart
            if moments.periods[pair.time] >= (moments.cohorts[pair.cohort] or 0):
                serving[cells.cluster[means[-1][0]]] = True
    sign = np.array([1.0, -1.0, -1.0, 1.0] if apart else [1.0, -1.0])
    return GroupCells(top, weight, sign, units, used, serving, np.array([p.time == p.base for p in pairs], dtype=bool))


def _means(
    cells: Cells, who: NDArray[np.bool_], pair: Pair, apart: bool
) -> list[tuple[NDArray[np.bool_], int, FloatArray]]:
    """Return the rows, the round of their weights and the weighted sums of each mean of one arm."""
    t, b = pair.time, pair.base
    if apart:
        return [(who & cells.attended[:, p], p, cells.sum_wy[who & cells.attended[:, p], p]) for p in (t, b)]
    both = who & cells.attended[:, t] & cells.attended[:, b]
    return [(both, t, cells.sum_wy[both, t] - cells.sum_wy[both, b])]
