"""The best pairing: every pairing tried, distances by hand, and units that do not matter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.draw.pairs import MOST, distances, pair_up
from evalkit.errors import UsageError


def pairings(left: list[int]) -> Iterator[list[tuple[int, int]]]:
    """Every way to pair all of an even number of places."""
    if not left:
        yield []
        return
    first, *rest = left
    for i, other in enumerate(rest):
        for more in pairings(rest[:i] + rest[i + 1 :]):
            yield [(first, other), *more]


def total(pairs: list[tuple[int, int]], apart: np.ndarray) -> float:
    return float(sum(apart[i, j] for i, j in pairs))


def test_by_hand_greedy_is_not_best() -> None:
    """Places 0, 4, 5, 9 on a line: nearest first takes (4, 5) and leaves (0, 9), 10 together; best is 4 + 4."""
    at = np.array([0.0, 4, 5, 9])
    assert pair_up(np.abs(at[:, None] - at)) == [(0, 1), (2, 3)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 8))
def test_no_other_pairing_is_shorter(seed: int, n: int) -> None:
    """All 105 pairings of 8 are tried; of an odd number each village is left out in turn. 1e-9 of the sum."""
    rng = np.random.default_rng(seed)
    apart = distances(rng.normal(size=(n, 2)))
    found = pair_up(apart)
    groups = [list(range(n))] if n % 2 == 0 else [[i for i in range(n) if i != out] for out in range(n)]
    best = min(total(p, apart) for g in groups for p in pairings(g))
    assert total(found, apart) == pytest.approx(best, abs=1e-9)
    assert len({v for pair in found for v in pair}) == 2 * (n // 2)


def test_distances_by_hand() -> None:
    """Two columns that do not hang together, each (−1, −1, 1, 1) in some order: variance 4/3, so 1² is 3/4.

    Rows (−1, −1) and (−1, 1) differ by 2 in one column: √(4 · 3/4) = √3; (−1, −1) and (1, 1) in both: √6.
    """
    values = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
    assert distances(values)[0] == pytest.approx([0, 3**0.5, 3**0.5, 6**0.5])


@given(scale=st.floats(0.01, 1000), shift=st.floats(-1e4, 1e4), seed=st.integers(0, 1000))
def test_units_and_columns_said_twice_do_not_matter(scale: float, shift: float, seed: int) -> None:
    """Also a column that never varies. 1e-6: the pseudo-inverse of a covariance that is not of full rank."""
    values = np.random.default_rng(seed).normal(size=(9, 3))
    other = np.column_stack(
        [values @ np.array([[scale, 1, 0], [0, 1, 0], [0, 0, 3.0]]) + shift, values[:, 0], values[:, 0] * 0]
    )
    assert distances(other) == pytest.approx(distances(values), rel=1e-5, abs=1e-6)


def test_one_village_and_too_many_are_refused() -> None:
    for n in (1, MOST + 1):
        with pytest.raises(UsageError, match=f"{n} villages in stratum 'A'"):
            pair_up(np.zeros((n, n)), "A")
