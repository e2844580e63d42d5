"""Averages of ATT(g, t) under many assignments of adoption rounds to villages at once, from village sums.

A village's sums for a round and its base do not depend on when it starts; an assignment only says which villages are
added to which mean. So all assignments together are a few products of matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Comparison
from evalkit.estimators.group_cells import Pair, Sample, pairs_of
from evalkit.inference.assignments import Codes
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray

Spots = Mapping[tuple[int, int], tuple[tuple[int, float], ...]]


@dataclass(frozen=True, slots=True)
class VillageSums:
    """Weighted sums and weights by village of P means, (V, P), and each village's weight in a cohort's share, (V,).

    ``spot`` gives, for a round and its base, the means that are added and taken off.
    """

    top: FloatArray
    weight: FloatArray
    size: FloatArray
    spot: Spots


def village_sums(moments: Moments, cells: Cells, sample: Sample) -> VillageSums:
    """Sum what any assignment may ask for: each round after each other, or (``all_rows``) each round alone."""
    rounds = len(moments.periods)
    if sample == "complete":
        cells = cells.where(cells.is_whole)

    def by_village(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(cells.cluster, values, len(moments.clusters)), dtype=np.float64)

    size = by_village(cells.sum_w.sum(axis=1) / cells.attended.sum(axis=1))
    pairs = [(t, b) for t in range(rounds) for b in range(t)]
    if sample == "all_rows":
        columns = [(cells.sum_wy[:, t], cells.sum_w[:, t]) for t in range(rounds)]
        spot: Spots = {(t, b): ((t, 1.0), (b, -1.0)) for t, b in pairs}
    else:
        columns = [_change(cells, t, b) for t, b in pairs]
        spot = {pair: ((j, 1.0),) for j, pair in enumerate(pairs)}
    top, weight = (np.stack([by_village(c[i]) for c in columns], axis=1) for i in (0, 1))
    return VillageSums(top, weight, size, spot)


def _change(cells: Cells, t: int, b: int) -> tuple[FloatArray, FloatArray]:
    """Return the weighted changes of the households seen in both rounds, and their weights, by row (R,)."""
    both = cells.attended[:, t] & cells.attended[:, b]
    return np.where(both, cells.sum_wy[:, t] - cells.sum_wy[:, b], 0.0), np.where(both, cells.sum_w[:, t], 0.0)


def permuted_group_time(
    moments: Moments, sums: VillageSums, arms: Codes, comparison: Comparison, *, by_cohort: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return ``att`` of `group_time` and its t under each assignment, (B,) each; NaN where a mean has no household.

    ``arms`` (B, V) are places among the moments' cohorts. Without ``by_cohort`` all treated rows count alike
    (aggregate ``simple``), with it all cohorts' means by their households (``group``). t has the standard error of the
    influence by village, estimated shares included.
    """
    periods, cohorts = moments.periods, moments.cohorts
    there = set(arms[0].tolist())
    pairs = [
        p
        for p in pairs_of(moments, comparison, "varying", moments.design.anticipation)
        if p.cohort in there and there & set(p.comparison) and periods[p.time] >= (cohorts[p.cohort] or 0)
    ]
    if not pairs:
        return np.full(len(arms), np.nan), np.full(len(arms), np.nan)
    inside = np.stack([k == arms.T for k in range(len(cohorts))]).astype(np.float64)
    top, weight, size = sums.top.T @ inside, sums.weight.T @ inside, sums.size @ inside
    share = _shares(pairs, size, by_cohort)
    att, alpha, gamma = np.empty((len(pairs), len(arms))), np.zeros_like(top), np.zeros_like(top)
    for c, pair in enumerate(pairs):
        att[c] = 0.0
        for who, sign in (([pair.cohort], 1.0), (list(pair.comparison), -1.0)):
            for j, turn in sums.spot[(pair.time, pair.base)]:
                w = weight[who, j].sum(axis=0)
                w[w <= 0] = np.nan
                mean = top[who, j].sum(axis=0) / w
                att[c] += sign * turn * mean
                part = share[c] * sign * turn / w
                alpha[who, j] += part
                gamma[who, j] += part * mean
    total = (share * att).sum(axis=0)
    own = _own_share(pairs, share, att - total, size)
    psi = sum(
        inside[k] * (sums.top @ alpha[k] - sums.weight @ gamma[k] + own[k] * sums.size[:, None])
        for k in range(len(cohorts))
    )
    return total, total / np.sqrt((np.asarray(psi) ** 2).sum(axis=0))


def _shares(pairs: Sequence[Pair], size: FloatArray, by_cohort: bool) -> FloatArray:
    """Return each pair's share in the average under each assignment, (C, B)."""
    cohort = np.array([p.cohort for p in pairs])
    rounds: NDArray[np.int64] = (cohort[:, None] == cohort).sum(axis=1)
    raw = size[cohort] / (rounds[:, None] if by_cohort else 1)
    return np.asarray(raw / raw.sum(axis=0), dtype=np.float64)


def _own_share(pairs: Sequence[Pair], share: FloatArray, apart: FloatArray, size: FloatArray) -> FloatArray:
    """Return what a unit of weight in each cohort moves through the shares, (K, B)."""
    own = np.zeros_like(size)
    for c, pair in enumerate(pairs):
        own[pair.cohort] += share[c] * apart[c] / size[pair.cohort]
    return own
