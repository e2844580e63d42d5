"""Sharpened q-values by hand, and against the search over q that Anderson's code makes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import UsageError
from evalkit.inference.sharpened import sharpened_q

GRID = 0.001


def test_by_hand() -> None:
    """p .01, .02, .9: p_(j)·3/j are .03, .03, .9, so a = .03, .03, .9.

    The first stage rejects two at q' ≥ .03; then M/(M − 2) = 3 and the second needs 3q' ≥ .03 for the first two, .9 for
    the last: q' = .03 and .3 (both above .03). q = q'/(1 − q') = .0309 and .4286.
    """
    assert sharpened_q([0.02, 0.9, 0.01]) == pytest.approx([0.03 / 0.97, 0.3 / 0.7, 0.03 / 0.97])


def test_one_hypothesis() -> None:
    """q' ≥ p, so q = p/(1 − p), and no more than 1."""
    assert sharpened_q([0.2, None]) == [pytest.approx(0.25), None]
    assert sharpened_q([0.9]) == [1.0]
    assert sharpened_q([]) == []
    assert sharpened_q([1.0, 1.0]) == [1.0, 1.0]


def searched(p_values: list[float]) -> list[float]:
    """Anderson's published procedure: both stages at every q from 1 down by .001, the last q that rejects is kept."""
    m = len(p_values)
    rank = {i: r for r, i in enumerate(sorted(range(m), key=lambda i: p_values[i]), 1)}

    def rejected(level: float) -> int:
        return max((rank[i] for i in range(m) if level * rank[i] / m >= p_values[i]), default=0)

    q = [1.0] * m
    for step in range(1000, 0, -1):
        level = step * GRID / (1 + step * GRID)
        first = rejected(level)
        second = rejected(level * m / (m - first) if first < m else math.inf)
        q = [step * GRID if rank[i] <= second else q[i] for i in range(m)]
    return q


@pytest.mark.parametrize(
    "p_values",
    [
        [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34],
        [0.0005, 0.0007, 0.001, 0.003, 0.004],
        [0.03, 0.04, 0.2, 0.7],
        [0.5, 0.9, 0.99],
    ],
)
def test_the_search_rounds_up_to_its_grid(p_values: list[float]) -> None:
    """Exact q lies at most one step of .001 below the searched one; 1e-9 for rounding at a step."""
    for exact, found in zip(sharpened_q(p_values), searched(p_values), strict=True):
        assert exact is not None
        assert found - GRID - 1e-9 <= exact <= found + 1e-9


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=9).map(lambda v: [x / 1000 for x in v]))
def test_any_family(p_values: list[float]) -> None:
    exact, found = sharpened_q(p_values), searched(p_values)
    assert all(q is not None and f - GRID - 1e-9 <= q <= f + 1e-9 for q, f in zip(exact, found, strict=True))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8, unique=True))
def test_order_of_p_is_kept(p_values: list[float]) -> None:
    q = sharpened_q(p_values)
    order = sorted(range(len(q)), key=lambda i: p_values[i])
    assert all((q[a] or 0) <= (q[b] or 0) for a, b in pairwise(order))


def test_outside_0_to_1() -> None:
    with pytest.raises(UsageError, match="sharpened_q: a p-value lies outside 0 to 1"):
        sharpened_q([0.1, 1.2])
    with pytest.raises(UsageError, match="outside 0 to 1"):
        sharpened_q([float("nan")])
