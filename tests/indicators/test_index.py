"""The inverse-covariance-weighted index by hand, against pandas, and what must not change it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from evalkit import DataError
from evalkit.indicators.index import icw_index

Array = NDArray[np.float64]
FACTORIAL = np.array(list(product([-1.0, 1.0], repeat=3)))
"""Three columns of mean 0, variance 1 and no correlation, in eight rows."""


def _index(values: Array, comparison: NDArray[np.bool_] | None = None, weight: Array | None = None) -> Array:
    everyone = np.ones(len(values), dtype=bool)
    names = [f"y{j}" for j in range(values.shape[1])]
    return icw_index(
        values,
        names,
        comparison=everyone if comparison is None else comparison,
        base=everyone,
        weight=np.ones(len(values)) if weight is None else weight,
    )


def _three() -> Array:
    """Return outcomes of which the first and third have correlation ½, the second none with either."""
    a, b, c = FACTORIAL.T
    return np.column_stack([a, b, (a + np.sqrt(3) * c) / 2])


def test_by_hand() -> None:
    """Σ⁻¹1 is (2/3, 1, 2/3) up to a factor: weights 2/7, 3/7, 2/7. The standard deviation of ±1 in 8 rows is √(8/7)."""
    values = _three()
    expected = values @ np.array([2, 3, 2]) / 7 / np.sqrt(8 / 7)
    assert _index(values) == pytest.approx(expected, abs=1e-12)


def test_rows_that_miss_an_outcome() -> None:
    """Without the third, the first two are uncorrelated: ½ each. Nothing known: no index."""
    values = np.tile(_three(), (50, 1))
    values[0, 2], values[1] = np.nan, np.nan
    sd = np.nanstd(values[:, :2], axis=0, ddof=1)
    z = (values[0, :2] - np.nanmean(values[:, :2], axis=0)) / sd
    found = _index(values)
    assert found[0] == pytest.approx(z.mean(), abs=1e-3)
    assert np.isnan(found[1])
    assert np.isfinite(found[2:]).all()


def test_pandas() -> None:
    """The same by pandas' covariance, standardised by comparison rows."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4)) + 5
    comparison = np.arange(60) < 25
    frame = pd.DataFrame(values)
    z = (frame - frame[comparison].mean()) / frame[comparison].std()
    share = np.linalg.inv(z.cov().to_numpy()).sum(axis=1)
    assert _index(values, comparison) == pytest.approx(z.to_numpy() @ (share / share.sum()), abs=1e-10)


def test_weights_count_as_copies() -> None:
    """Up to the factor n/(n − 1) of the standard deviation, which is common to all outcomes."""
    values = np.vstack([_three(), _three()[:3] * 1.7])
    times = np.array([1, 2, 3] * 3 + [1, 1])
    copies = np.repeat(np.arange(len(values)), times)
    weighted, copied = _index(values, weight=times.astype(float)), _index(values[copies])
    n, m = len(values), len(copies)
    first = np.searchsorted(copies, np.arange(n))
    assert weighted * np.sqrt(n / (n - 1) * (m - 1) / m) == pytest.approx(copied[first], abs=1e-10)


@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-100, 100))
def test_units_and_order_do_not_matter(seed: int, factor: float, shift: float) -> None:
    values = np.random.default_rng(seed).normal(size=(30, 3))
    other = values * np.array([factor, 1, 1]) + np.array([0, shift, 0])
    assert _index(other) == pytest.approx(_index(values), abs=1e-6)
    assert _index(values[:, ::-1]) == pytest.approx(_index(values), abs=1e-9)


def test_what_cannot_be_put_together() -> None:
    values = _three()
    with pytest.raises(DataError, match="index, outcome 'y1': it does not vary among 8 comparison rows"):
        _index(values * np.array([1, 0, 1]) + 3)
    with pytest.raises(DataError, match="index: some of y0, y1 are the same thing"):
        _index(values[:, [0, 0]])
    apart = values[:, :2].copy()
    apart[:4, 0], apart[4:, 1] = np.nan, np.nan
    apart[0, 1], apart[5, 0] = 0.5, 0.3
    with pytest.raises(DataError, match="index: y0 and y1 are never seen in one row"):
        _index(apart)
