"""Step-down adjustment by hand, against pyfixest's, and what must hold for any draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.inference.step_down import step_down

NAN = float("nan")


def test_by_hand() -> None:
    """Extremes 3, 1, 2; four draws. The maxima over all three, over those no more extreme than 2, and the least alone:

    draw      1    2    3    4    # ≥ own       p = (1 + #)/5
    all       4    2  2.5    1    1 (own 3)     .4
    {2, 1}    2    2  2.5    1    3 (own 2)     .8
    {1}       0  1.5    0    1    2 (own 1)     .6, raised to .8
    """
    drawn = np.array([[4, 0, 2], [0, 1.5, 2], [0, 0, 2.5], [1, 1, 0.0]])
    assert step_down(np.array([3, 1, 2.0]), drawn) == pytest.approx([0.4, 0.8, 0.8])


def test_undefined() -> None:
    """Without the second hypothesis, and with one draw undefined for the first: maxima 2, 2, 2.5, 1 are all below 3."""
    drawn = np.array([[NAN, 9, 2], [0, 9, 2], [0, 9, 2.5], [1, 9, 0.0]])
    found = step_down(np.array([3, NAN, 2.0]), drawn)
    assert found == pytest.approx([0.2, NAN, 0.8], nan_ok=True)
    assert np.isnan(step_down(np.array([NAN]), np.zeros((3, 1)))).all()


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 40))
def test_properties(seed: int, m: int, draws: int) -> None:
    """p is at least the p of the hypothesis alone, falls with its extreme, and doesn't depend on the order."""
    rng = np.random.default_rng(seed)
    own, drawn = rng.normal(size=m), rng.normal(size=(draws, m))
    found = step_down(own, drawn)
    alone = (1 + (drawn >= own).sum(axis=0)) / (1 + draws)
    assert np.all(found >= alone - 1e-12)
    assert np.all(np.diff(found[np.argsort(-own)]) >= 0)
    shuffle = rng.permutation(m)
    assert np.array_equal(step_down(own[shuffle], drawn[:, shuffle]), found[shuffle])


def test_pyfixest() -> None:
    """pyfixest's step-down of Romano & Wolf, given the same statistics; both are counts over 200."""
    multcomp = pytest.importorskip("pyfixest.estimation.post_estimation.multcomp")
    rng = np.random.default_rng(3)
    own = np.array([2.5, -0.4, 1.9, 2.2, -3.1])
    drawn = rng.normal(size=(199, 1)) + rng.normal(size=(199, 5))
    assert step_down(np.abs(own), np.abs(drawn)) == pytest.approx(multcomp._get_rwolf_pval(own, drawn), abs=1e-12)
