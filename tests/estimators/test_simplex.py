"""Weights on the simplex: closed forms, and the conditions that only the minimum fulfils."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.estimators.simplex import simplex_weights


def test_two_columns_by_hand() -> None:
    """A = ((0, 4), (0, 2)), b = (3, 1): with x on the second, (3 − 4x)² + (1 − 2x)² is least at 28/40 = .7."""
    weights = simplex_weights(np.array([[0.0, 4.0], [0.0, 2.0]]), np.array([3.0, 1.0]), zeta=0.0, intercept=False)
    assert weights == pytest.approx([0.3, 0.7], abs=1e-10)


def test_penalty_and_intercept_by_hand() -> None:
    """Demeaned: A = ((0, 1), (0, −1)), b = (1, −1). With n ζ² = 2 · 2: 2(1 − x)² + 4x² + 4(1 − x)², least at .6."""
    columns, target = np.array([[0.0, 4.0], [0.0, 2.0]]), np.array([3.0, 1.0])
    weights = simplex_weights(columns, target, zeta=2**0.5, intercept=True)
    assert weights == pytest.approx([0.4, 0.6], abs=1e-10)


def test_a_target_outside_the_hull_takes_the_nearest_corner() -> None:
    weights = simplex_weights(np.array([[1.0, 2.0, 3.0]]), np.array([9.0]), zeta=0.0, intercept=False)
    assert weights == pytest.approx([0, 0, 1], abs=1e-10)


def test_equal_columns_share_evenly() -> None:
    """Among equally good weights the most even are taken, so that no order of the rows decides."""
    columns = np.tile(np.array([[1.0], [2.0]]), (1, 4))
    assert simplex_weights(columns, np.array([5.0, 1.0]), zeta=0.0, intercept=False) == pytest.approx(
        [0.25] * 4, abs=1e-6
    )
    assert simplex_weights(columns, columns[:, 0], zeta=0.0, intercept=False).tolist() == [0.25] * 4


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 25),
    k=st.integers(2, 40),
    zeta=st.sampled_from([1e-6, 1e-2, 1.0]),
    intercept=st.booleans(),
)
def test_only_the_minimum_has_no_way_down(seed: int, n: int, k: int, zeta: float, intercept: bool) -> None:
    """At the minimum the gradient is level on used columns and nowhere lower: max over corners of g'(x − e) = 0."""
    rng = np.random.default_rng(seed)
    columns, target = rng.normal(size=(n, k)), rng.normal(size=n)
    x = simplex_weights(columns, target, zeta=zeta, intercept=intercept)
    if intercept:
        columns, target = columns - columns.mean(axis=0), target - target.mean()
    gradient = columns.T @ (columns @ x - target) + n * zeta**2 * x
    assert (x >= 0).all()
    assert x.sum() == pytest.approx(1, abs=1e-12)
    assert gradient @ x - gradient.min() <= 1e-9 * n
