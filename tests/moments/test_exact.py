"""Sums that do not depend on order: against math.fsum, whose result is the correctly rounded one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.moments.exact import exact_group_sum, exact_group_sums

MONEY = st.floats(-1e9, 1e9, allow_nan=False).map(lambda v: round(v, 2))
SMALLEST = 2.0**-990
"""The grid ends here, so that its powers of two stay within the range of doubles."""
ANY = st.floats(-1e200, 1e200, allow_nan=False)


@settings(max_examples=100)
@given(
    values=st.lists(st.one_of(MONEY, ANY), min_size=1, max_size=60), groups=st.integers(1, 4), seed=st.integers(0, 99)
)
def test_as_fsum_and_free_of_order(values: list[float], groups: int, seed: int) -> None:
    """Each term is kept to 2⁻⁵³ of the largest value, and the few pieces of a sum are added with rounding."""
    rng = np.random.default_rng(seed)
    x, codes = np.array(values), rng.integers(groups, size=len(values))
    found = exact_group_sum(x, codes, groups)
    order = rng.permutation(len(x))
    assert exact_group_sum(x[order], codes[order], groups).tobytes() == found.tobytes()
    largest = float(np.abs(x).max())
    for g in range(groups):
        right = math.fsum(x[codes == g])
        assert abs(found[g] - right) <= 2.0**-52 * ((codes == g).sum() * largest + abs(right)) + SMALLEST


@settings(max_examples=50)
@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=200))
def test_whole_numbers_are_exact(values: list[int]) -> None:
    assert exact_group_sum(np.array(values, dtype=float), np.zeros(len(values), dtype=np.int64), 1)[0] == sum(values)


def test_cancelling_terms() -> None:
    """1e16 + 1 - 1e16 is 0 in plain doubles added from the left."""
    assert exact_group_sum(np.array([1e16, 1.0, -1e16]), np.zeros(3, dtype=np.int64), 1)[0] == 1.0


def test_empty_and_zero() -> None:
    assert exact_group_sum(np.array([]), np.array([], dtype=np.int64), 2).tolist() == [0.0, 0.0]
    assert exact_group_sum(np.zeros(3), np.array([0, 1, 1]), 2).tolist() == [0.0, 0.0]


def test_columns_are_summed_apart() -> None:
    table = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    assert exact_group_sums(table, np.array([0, 1, 0]), 2).tolist() == [[4.0, 40.0], [2.0, 20.0]]


@pytest.mark.parametrize("value", [math.inf, math.nan, 1e300])
def test_what_cannot_be_summed_is_refused(value: float) -> None:
    with pytest.raises(OverflowError, match="cannot be summed exactly"):
        exact_group_sum(np.array([1.0, value]), np.zeros(2, dtype=np.int64), 1)
