"""Bands of an amount: their ends and shares by hand; shares add to one, and order and copies do not matter."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit.diagnostics import Distribution, distribution
from evalkit.diagnostics.distribution import bands_of

DESIGN = evalkit.Design(unit="u", cluster="v", time="t", first_treated="g", weights="w")
HUNDREDS = np.arange(1, 19) * 100.0


def test_ends_are_rounded_quantiles_and_zero_is_a_band() -> None:
    """As in the docstring: 270, 440, just below 695, 950, 1205, 1460 and 1630 in two digits."""
    assert bands_of(np.array([0.0, 0.0, *HUNDREDS])) == ((270.0, 440.0, 690.0, 950.0, 1200.0, 1500.0, 1600.0), True)


@pytest.mark.parametrize(("zeros", "expected"), [(1, True), (0, False)])
def test_zero_is_a_band_from_a_twentieth_on(zeros: int, expected: bool) -> None:
    values = np.array([0.0] * zeros + [50.0 + i for i in range(20 - zeros)])
    assert bands_of(values)[1] is expected


def test_zero_among_losses_is_no_band() -> None:
    assert bands_of(np.array([-5.0, 0.0, 0.0, 5.0]))[1] is False


def panel_of(before: list[float], after: list[float], weights: list[float] | None = None) -> evalkit.Panel:
    """One household a row, in villages of two; the first half pilots from round 2 on."""
    n = len(before)
    rows = [
        (f"h{i}", f"v{i // 2}", t, 2 if i < n // 2 else 0, 1.0 if weights is None else weights[i], y[i])
        for i in range(n)
        for t, y in ((1, before), (2, after))
    ]
    frame = pl.DataFrame(rows, schema=["u", "v", "t", "g", "w", "y"], orient="row")
    return evalkit.Panel.from_frame(frame, design=DESIGN, outcome="y")


def test_shares_by_hand() -> None:
    """Ten pilots at 1 … 10 go up by 5, ten comparison households stay; weights of 3 count for the last two of either.

    Ends: quantiles of 1 … 10 three times and 6 … 15 are 2, 3, 5, 7, 8, 10 and 11.1, in two digits 11. Pilot weight
    8 + 6 = 14. Before: 1; 2; 3 and 4; 5 and 6; 7; 8 and 9, which weighs 3; 10, too. After: 6; 7; 8 and 9; 10; the rest.
    """
    amounts = [float(i) for i in range(1, 11)] * 2
    after = [a + 5 for a in amounts[:10]] + amounts[10:]
    weights = ([1.0] * 8 + [3.0] * 2) * 2
    found = distribution(panel_of(amounts, after, weights), 1, 2)
    assert found is not None
    assert found.edges == (2.0, 3.0, 5.0, 7.0, 8.0, 10.0, 11.0)
    assert shares(found, "pilot", "before") == pytest.approx([n / 14 for n in (1, 1, 2, 2, 1, 4, 3, 0)])
    assert shares(found, "pilot", "after") == pytest.approx([n / 14 for n in (0, 0, 0, 1, 1, 2, 1, 9)])
    assert shares(found, "comparison", "after") == shares(found, "comparison", "before")


def shares(found: Distribution, arm: str, when: str) -> list[float]:
    rows = found.rows.filter((pl.col("arm") == arm) & (pl.col("round") == when))
    known = dict(zip(rows["band"], rows["share"], strict=True))
    return [known.get(i, 0.0) for i in range(found.n_bands)]


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_shares_add_to_one_whatever_the_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = (np.round(rng.gamma(1.0, 500.0, 40) * (rng.random(40) > 0.2), 1) for _ in range(2))
    panel = panel_of(before.tolist(), after.tolist())
    found = distribution(panel, 1, 2)
    assert found is not None
    for arm in ("pilot", "comparison"):
        for when in ("before", "after"):
            assert sum(shares(found, arm, when)) == pytest.approx(1.0)
    turned = evalkit.Panel.from_frame(panel.frame.reverse().rename(NAMES), design=DESIGN, outcome="y")
    other = distribution(turned, 1, 2)
    assert other is not None
    assert (other.edges, other.rows.rows()) == (found.edges, found.rows.rows())


NAMES = {"unit": "u", "cluster": "v", "time": "t", "first_treated": "g", "weight": "w"}


def test_nothing_without_a_round_before() -> None:
    assert distribution(panel_of([1.0] * 4, [2.0] * 4), None, 2) is None


def test_nothing_where_all_have_the_same() -> None:
    assert distribution(panel_of([7.0] * 8, [7.0] * 8), 1, 2) is None
