"""Ends of intervals by inversion, where p is known by hand."""

from __future__ import annotations

import math

import pytest

from evalkit.inference.invert import WIDEST, inverted


def within(half: float, centre: float = 3.0):
    """p is 1 up to `half` away from the centre, and 0 beyond."""
    return lambda h: 1.0 if abs(h - centre) <= half else 0.0


@pytest.mark.parametrize("half", [1e-3, 0.3, 1.0, 1.5, 2.0, 700.0])
def test_ends_lie_where_p_falls(half: float):
    low, high = inverted(within(half), 3.0, 1.0, 0.95)
    assert (low, high) == pytest.approx((3 - half, 3 + half), rel=1e-12)


def test_steps_are_in_the_given_scale():
    assert inverted(within(50.0), 3.0, 100.0, 0.9) == pytest.approx((-47.0, 53.0), rel=1e-12)


def test_an_end_that_is_nowhere_is_none():
    """Within 4,096 scales p stays above: too few assignments to reject anything."""
    low, high = inverted(lambda h: 1.0 if h > 0 else 0.0, 3.0, 1.0, 0.95)
    assert low == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(high)
    assert inverted(within(WIDEST * 0.9), 3.0, 1.0, 0.95)[1] == pytest.approx(3 + WIDEST * 0.9)
    assert math.isnan(inverted(within(WIDEST * 1.1), 3.0, 1.0, 0.95)[1])


def test_a_p_of_just_one_minus_the_level_rejects():
    """p falls by 1/10 for each 1 away and is 0.1 from 9 on; that rejects at 90 %, although 1 − .9 is a little less."""
    low, high = inverted(lambda h: max(0.0, 1 - math.floor(abs(h)) / 10), 0.0, 1.0, 0.9)
    assert (low, high) == pytest.approx((-9.0, 9.0), abs=1e-9)
