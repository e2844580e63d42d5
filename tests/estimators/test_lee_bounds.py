"""Lee's bounds: by hand, against every way of losing the excess households, with known truth, and on moz_savings."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Panel

DESIGN = Design(unit="household", cluster="village", treatment="arm", assignment="randomised")


def _panel(rows: list[tuple[str, int, float | None]], design: Design = DESIGN, **columns: list[object]) -> Panel:
    frame = pl.DataFrame(rows, schema=["village", "arm", "y"], orient="row").with_row_index("household")
    return Panel.from_frame(frame.with_columns(pl.Series(k, v) for k, v in columns.items()), design=design, outcome="y")


# Pilot 4 of 4 surveyed: 1, 2, 6, 7 (mean 4); comparison 2 of 4: 2, 4 (mean 3).
BY_HAND = [("A", 1, 1.0), ("A", 1, 6.0), ("B", 1, 2.0), ("B", 1, 7.0)]
BY_HAND += [("C", 0, 2.0), ("C", 0, None), ("D", 0, 4.0), ("D", 0, None)]


def test_by_hand() -> None:
    """Excess (1 − ½)/1 = ½ of the pilots: the lower half 1, 2 has mean 1.5, the upper 6, 7 has 6.5; less 3."""
    assert evalkit.lee_bounds(_panel(BY_HAND)).values == pytest.approx([-1.5, 3.5])


def test_where_the_comparison_lost_fewer() -> None:
    """Arms exchanged: the bounds change sign and place."""
    other = [(v, 1 - arm, y) for v, arm, y in BY_HAND]
    assert evalkit.lee_bounds(_panel(other)).values == pytest.approx([-3.5, 1.5])


def test_without_attrition_both_are_the_difference() -> None:
    whole = [(v, arm, 5.0 if y is None else y) for v, arm, y in BY_HAND]
    assert evalkit.lee_bounds(_panel(whole)).values == pytest.approx([0.0, 0.0])


def test_jackknife_leaves_out_each_village() -> None:
    """Without A: pilots 2, 7, half of them: 2 − 3, 7 − 3. B: 1, 6. C: comparison mean 4; D: 2.

    Away from (−1.5, 3.5): A .5, .5; B −.5, −.5; C −1, −1; D 1, 1. Σ² = 2.5, times 3/4.
    """
    fitted = evalkit.lee_bounds(_panel(BY_HAND))
    for method in ("crv1", "crv3"):
        assert evalkit.infer(fitted, method).std_error == pytest.approx([(2.5 * 3 / 4) ** 0.5] * 2)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_every_way_to_lose_the_excess(seed: int, lost: int) -> None:
    """Brute force: of 8 pilots, all surveyed, leave out any `lost`, as many as the comparison arm lost of its 8."""
    rng = np.random.default_rng(seed)
    pilots, others = rng.normal(size=8).round(2), rng.normal(size=8).round(2)
    rows = [(f"p{i % 4}", 1, float(y)) for i, y in enumerate(pilots)]
    rows += [(f"c{i % 4}", 0, None if i < lost else float(y)) for i, y in enumerate(others)]
    kept = [np.delete(pilots, gone).mean() - others[lost:].mean() for gone in map(list, combinations(range(8), lost))]
    order = rng.permutation(16)
    assert evalkit.lee_bounds(_panel([rows[i] for i in order])).values == pytest.approx([min(kept), max(kept)])


def test_weights_cut_within_a_household() -> None:
    """Pilots 0 (weight 1) and 10 (weight 3), half kept: weight 2. Lowest: 0 and one of 10: 5; highest: 10."""
    rows = [("A", 1, 0.0), ("B", 1, 10.0), ("C", 0, 0.0), ("D", 0, None)]
    design = Design(unit="household", cluster="village", treatment="arm", weights="w")
    assert evalkit.lee_bounds(_panel(rows, design, w=[1.0, 3.0, 1.0, 1.0])).values == pytest.approx([5.0, 10.0])


def test_strata_weigh_by_those_surveyed_in_either_arm() -> None:
    """Stratum s is BY_HAND (8 households, half surveyed in either arm: 4), t has 4 without loss and a difference of 1.

    (4 · −1.5 + 4 · 1)/8 and (4 · 3.5 + 4 · 1)/8. Without strata two of six pilots go:
    1, 2, 6, 7 stay or 6, 7, 12, 12, less 7.
    """
    rows = [*BY_HAND, ("E", 1, 12.0), ("E", 1, 12.0), ("F", 0, 11.0), ("F", 0, 11.0)]
    design = Design(unit="household", cluster="village", treatment="arm", strata="s")
    panel = _panel(rows, design, s=["s"] * 8 + ["t"] * 4)
    assert evalkit.lee_bounds(panel).values == pytest.approx([-0.25, 2.25])
    assert evalkit.lee_bounds(panel, strata=False).values == pytest.approx([-3.0, 2.25])


def test_villages_of_each_arm() -> None:
    """A and B hold pilots, C, D and E (one household) the others: two villages and three."""
    fitted = evalkit.lee_bounds(_panel([*BY_HAND, ("E", 0, 3.0)]))
    assert fitted.basis.treated.tolist() == [True, True, False, False, False]
    assert fitted.basis.untreated.tolist() == [False, False, True, True, True]
    assert (fitted.counts.n_treated_clusters, fitted.counts.n_comparison_clusters) == (2, 3)


def test_nobody_surveyed_in_an_arm() -> None:
    rows = [(v, arm, None if arm == 0 and v == "C" else y) for v, arm, y in BY_HAND]
    design = Design(unit="household", cluster="village", treatment="arm", strata="s")
    with pytest.raises(evalkit.DesignError, match="no household that was surveyed"):
        evalkit.lee_bounds(_panel(rows, design, s=["s", "s", "t", "t"] * 2))


def test_known_truth_where_the_survey_loses_the_poor() -> None:
    """No effect, and the poor of comparison villages move away: the difference is −.2, the bounds hold 0."""
    rng = np.random.default_rng(2)
    village = np.repeat(np.arange(100), 40)
    arm, y = village % 2, rng.normal(size=4000)
    gone = (arm == 0) & (y < -0.5) & (rng.random(4000) < 0.5)
    rows = [
        (f"v{v}", int(a), None if g else float(value)) for v, a, value, g in zip(village, arm, y, gone, strict=True)
    ]
    panel = _panel(rows)
    naive, (low, high) = evalkit.infer(evalkit.itt(panel), "crv1"), evalkit.lee_bounds(panel).values
    assert naive.conf_high[0] < 0
    assert low < 0 < high
