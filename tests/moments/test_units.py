"""Rows that stand together by unit and rows that don't give the same answers; a few of them by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.moments.units import Units

# Unit 0 in periods 0 and 2, unit 1 in period 1, unit 2 in all three.
CODE = np.array([0, 0, 1, 2, 2, 2])
PERIOD = np.array([0, 2, 1, 0, 1, 2])
Y = np.array([1.0, -1.0, 0.0, 0.0, 0.0, 3.0])


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [1, 0, 2, 5, 3, 4], [3, 0, 2, 4, 1, 5]])
def test_by_hand(order: list[int]) -> None:
    code, period, y = CODE[order], PERIOD[order], Y[order]
    units = Units.of(code, 3)
    assert (units.starts is None) is (order[0] == 3)
    assert units.patterns(period, 3).tolist() == [0b101, 0b010, 0b111]
    assert [found.tolist() for found in units.extremes(y)] == [[True, False, True], [True, False, False]]
    assert units.to_rows(np.array([7, 8, 9])).tolist() == (code + 7).tolist()
    assert not units.has_doubles(period, 3)
    key, differs = units.own(code * 2)
    assert (key.tolist(), differs) == ([0, 2, 4], False)


def test_a_key_that_differs_and_a_period_that_comes_twice_are_seen() -> None:
    units = Units.of(CODE, 3)
    assert units.own(np.array([5, 5, 6, 7, 7, 8]))[1]
    assert units.own(np.array([5, 6, 6, 7, 7, 7]))[1]  # the change back is at a new unit
    assert units.has_doubles(np.array([0, 0, 1, 0, 1, 2]), 3)
    assert units.has_doubles(np.array([0, 2, 1, 0, 2, 0]), 3)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n_units=st.integers(1, 9), n_periods=st.integers(1, 60))
def test_order_of_rows_does_not_matter(seed: int, n_units: int, n_periods: int) -> None:
    rng = np.random.default_rng(seed)
    seen = rng.random((n_units, n_periods)) < 0.5
    seen[np.arange(n_units), rng.integers(n_periods, size=n_units)] = True
    code, period = np.nonzero(seen)
    y, key = rng.integers(-1, 2, len(code)).astype(float), rng.integers(0, 2, len(code))
    keep, mixed = rng.random(len(code)) < 0.7, rng.permutation(len(code))
    together, apart = Units.of(code, n_units), Units(code[mixed], n_units, None)
    for one, other, take in ((together, apart, None), (together.take(keep), apart.take(keep[mixed]), keep)):
        rows = np.arange(len(code)) if take is None else np.flatnonzero(take)
        others = mixed if take is None else mixed[keep[mixed]]
        assert (one.patterns(period[rows], n_periods) == other.patterns(period[others], n_periods)).all()
        assert not one.has_doubles(period[rows], n_periods)
        assert not other.has_doubles(period[others], n_periods)
        for a, b in zip(one.extremes(y[rows]), other.extremes(y[others]), strict=True):
            assert (a == b).all()
        assert one.own(key[rows])[1] == other.own(key[others])[1]
        assert (one.to_rows(np.arange(n_units)) == code[rows]).all()
