"""Assignments under permutation: arms exchanged within strata, all of them where feasible, else drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Assignments:
    """Arms of each unit under each assignment, (B, U); `exact` where these are all of the `total` there are."""

    arms: Codes
    exact: bool
    total: int


def assignments(assigned: Codes, stratum: Codes, draws: int, seed: int) -> Assignments:
    """Return all assignments that keep the number of each arm in each stratum, or `draws` of them."""
    groups = [np.flatnonzero(stratum == s) for s in np.unique(stratum)]
    total = prod(_count(assigned[g]) for g in groups)
    if total <= draws:
        return Assignments(_all(assigned, groups, total), True, total)
    rng = np.random.default_rng(seed)
    arms = np.tile(assigned, (draws, 1))
    for g in groups:
        if len(np.unique(assigned[g])) > 1:
            arms[:, g] = rng.permuted(arms[:, g], axis=1)
    return Assignments(arms, False, total)


def _count(arms: Codes) -> int:
    """Return the number of distinct orders of a multiset."""
    sizes = np.unique(arms, return_counts=True)[1]
    return prod(comb(int(sizes[: i + 1].sum()), int(sizes[i])) for i in range(len(sizes)))


def _all(assigned: Codes, groups: list[Codes], total: int) -> Codes:
    arms = np.empty((total, len(assigned)), dtype=np.int64)
    repeat = 1
    for g in groups:
        orders = np.array(list(_orders(assigned[g])), dtype=np.int64)
        block = np.repeat(orders, repeat, axis=0)
        arms[:, g] = np.tile(block, (total // len(block), 1))
        repeat *= len(orders)
    return arms


def _orders(arms: Codes) -> Iterator[Codes]:
    """Yield each distinct order of the arms once."""
    kinds, sizes = np.unique(arms, return_counts=True)
    yield from _place(np.full(len(arms), -1, dtype=np.int64), list(zip(kinds.tolist(), sizes.tolist(), strict=True)))


def _place(order: Codes, left: list[tuple[int, int]]) -> Iterator[Codes]:
    free = np.flatnonzero(order < 0)
    (kind, size), rest = left[0], left[1:]
    for chosen in combinations(free.tolist(), size):
        filled = order.copy()
        filled[list(chosen)] = kind
        if rest:
            yield from _place(filled, rest)
        else:
            yield filled
