"""Entropy balancing: by hand, against another optimiser, and what weights must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import evalkit
from evalkit.estimators.entropy_balance import effective_number, entropy_weights
from tests.nearest_weights import nearest_weights

EQUAL = np.ones(4)


def drawn(seed: int, n: int = 12, k: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, a target that is a mix of them, and base weights."""
    rng = np.random.default_rng(seed)
    values, base = rng.normal(size=(n, k)), rng.uniform(0.5, 2, n)
    return values, rng.dirichlet(np.ones(n)) @ values, base


def test_by_hand() -> None:
    """Four villages with 0, 0, 0, 1 and a target of 1/2: the last has 1/2, the others share the rest, 1/6 each.

    Base weights 2, 1, 1, 1: the rest in these proportions: 1/4, 1/8, 1/8. Kish: 1/(3/36 + 1/4) = 3.
    """
    values, half = np.array([[0.0], [0], [0], [1]]), np.array([0.5])
    found = entropy_weights(values, half, EQUAL)
    assert found == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2], abs=1e-9)
    assert effective_number(found) == pytest.approx(3.0)
    assert entropy_weights(values, half, np.array([2.0, 1, 1, 1])) == pytest.approx([1 / 4, 1 / 8, 1 / 8, 1 / 2])


def test_three_points_by_hand() -> None:
    """0, 1, 2, target 1.5: weights ∝ 1, r, r²; (r + 2r²)/(1 + r + r²) = 1.5 gives r² − r − 3 = 0, r = (1 + √13)/2."""
    r = (1 + 13**0.5) / 2
    right = np.array([1, r, r * r]) / (1 + r + r * r)
    assert entropy_weights(np.array([[0.0], [1], [2]]), np.array([1.5]), np.ones(3)) == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_same_as_another_optimiser_of_the_primal(seed: int) -> None:
    """Scipy's SLSQP on Σ w log(w/q) under the constraints; it stops at 1e-12 of the sum, so 1e-5 in weights."""
    values, target, base = drawn(seed)
    q = base / base.sum()
    peer = nearest_weights(values, target, q)
    assert entropy_weights(values, target, base) == pytest.approx(peer, abs=1e-5)


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), n=st.integers(5, 30), k=st.integers(1, 4))
def test_means_are_met_and_nothing_else_matters(seed: int, n: int, k: int) -> None:
    """Means to 1e-8 (1e-9 of a standard deviation); units, shifts, mixed and doubled columns and order: 1e-6."""
    assume(n > k)
    values, target, base = drawn(seed, n, k)
    found = entropy_weights(values, target, base)
    assert found.sum() == pytest.approx(1.0)
    assert (found > 0).all()
    assert found @ values == pytest.approx(target, abs=1e-8)
    rng = np.random.default_rng(seed + 1)
    mix, shift = np.eye(k) * 3 + rng.uniform(-0.5, 0.5, (k, k)), rng.normal(size=k) * 10
    other = np.column_stack([values @ mix + shift, values[:, 0], np.full(n, 4.0)])
    goal = np.concatenate([target @ mix + shift, target[:1], [4.0]])
    assert entropy_weights(other, goal, base * 7) == pytest.approx(found, abs=1e-6)
    order = rng.permutation(n)
    assert entropy_weights(values[order], target, base[order]) == pytest.approx(found[order], abs=1e-7)


def test_where_there_is_no_gap_nothing_changes() -> None:
    values, _, base = drawn(3)
    assert entropy_weights(values, base @ values / base.sum(), base) == pytest.approx(base / base.sum(), abs=1e-12)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ([3.0, 0.5], "income: 3, others 0 to 1"),
        ([0.9, 0.9], "no weights of 3 comparison villages"),  # inside both ranges, outside the triangle
        ([0.2, np.nextafter(1, 2) + 0.1], "sales: 1.1, others 0 to 1"),
    ],
)
def test_what_cannot_be_reached_is_refused_and_named(target: list[float], words: str) -> None:
    corners = np.array([[0.0, 0], [1, 0], [0, 1]])
    with pytest.raises(evalkit.DesignError) as error:
        entropy_weights(corners, np.array(target), np.ones(3), ("income", "sales"))
    assert words in str(error.value)


def test_a_column_that_never_varies_is_met_or_refused() -> None:
    values = np.array([[1.0, 5], [2, 5], [3, 5]])
    assert entropy_weights(values, np.array([2.5, 5.0]), np.ones(3)) @ values[:, 0] == pytest.approx(2.5)
    with pytest.raises(evalkit.DesignError, match="1: 6, others 5 to 5"):
        entropy_weights(values, np.array([2.5, 6.0]), np.ones(3))
