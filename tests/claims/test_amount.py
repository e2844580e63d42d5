"""Interval arithmetic: a true value within its interval gives a true result within that of the result."""

from __future__ import annotations

from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.claims.amount import Amount, exactly, total

SIZES = st.floats(0.001, 1e9)


@st.composite
def known(draw: st.DrawFn) -> tuple[Amount, float]:
    """Draw an amount, with open ends too, and a true value in it."""
    low, value, high = sorted(draw(st.tuples(SIZES, SIZES, SIZES)))
    true = min(max(low + draw(st.floats(0, 1)) * (high - low), low), high)
    opened = draw(st.sampled_from(["no", "above", "below"]))
    return Amount(value, 0.0 if opened == "below" else low, inf if opened == "above" else high), true


@given(known(), known())
def test_the_true_result_lies_in_the_interval(a: tuple[Amount, float], b: tuple[Amount, float]):
    (x, true_x), (y, true_y) = a, b
    results = [
        (x * y, true_x * true_y),
        (x / y, true_x / true_y),
        (x + y, true_x + true_y),
        (x - y, true_x - true_y),
    ]
    for amount, true in results:
        assert amount.low <= true <= amount.high
        assert amount.low <= amount.value <= amount.high
        assert not any(isnan(v) for v in (amount.low, amount.value, amount.high))


@given(known(), st.floats(1e-6, 1e6))
def test_another_unit_keeps_the_true_value(a: tuple[Amount, float], factor: float):
    amount, true = a
    assert amount.scaled(factor).low <= true * factor <= amount.scaled(factor).high


def test_a_quotient_by_hand():
    """49.5 to 50.5 divided by 9.5 to 10.5: 49.5/10.5 = 4.714, 50.5/9.5 = 5.316."""
    quotient = Amount(50, 49.5, 50.5) / Amount(10, 9.5, 10.5)
    assert quotient.low == pytest.approx(4.7142857)
    assert quotient.high == pytest.approx(5.3157895)


def test_two_lower_bounds_bound_nothing():
    """Over 20 million by over 25,000: the quotient of two that are open above may be anything above 0."""
    quotient = Amount(2e7, 2e7, inf) / Amount(25_000, 25_000, inf)
    assert (quotient.value, quotient.low, quotient.high) == (800, 0, inf)


def test_sums_and_overlaps():
    assert total([exactly(55), exactly(78)]).value == 133
    assert Amount(1, 0.5, 1.5).overlaps(Amount(2, 1.5, 2.5))
    assert not Amount(1, 0.5, 1.5).overlaps(Amount(2, 1.6, 2.5))


def test_nothing_is_divided_by_zero():
    with pytest.raises(ZeroDivisionError):
        exactly(1) / exactly(0)


def test_a_value_lies_in_its_interval():
    with pytest.raises(ValueError, match="does not lie"):
        Amount(3, 1, 2)
