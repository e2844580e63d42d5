"""Anderson–Rubin sets: an interval, a disjoint set, everything; each against a test at single values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import t as student

import evalkit
from evalkit import Design, Moments
from evalkit.inference.anderson_rubin import _solve

DESIGN = Design(cluster="village", treatment="assigned", take_up="took")


def _rows(seed: int, first_stage: float, effect: float) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(20), 12)
    assigned = village % 2
    took = (rng.random(240) < 0.3 + first_stage * assigned).astype(float)
    y = effect * took + 3 * assigned * (effect > 5) + rng.normal(size=20)[village] * 0.3 + rng.normal(size=240)
    return pl.DataFrame({"village": village, "assigned": assigned, "took": took, "y": y})


def _fitted(rows: pl.DataFrame) -> evalkit.Estimate:
    return evalkit.late(Moments.from_frame(rows, design=DESIGN, outcomes=["y"]))


def _p(rows: pl.DataFrame, effect: float) -> float:
    """Test one value: the reduced form of y − effect · took, by itt and CRV1."""
    shifted = rows.with_columns((pl.col("y") - effect * pl.col("took")).alias("y"))
    design = Design(cluster="village", treatment="assigned")
    moments = Moments.from_frame(shifted, design=design, outcomes=["y"])
    return float(evalkit.infer(evalkit.itt(moments), "crv1").p_value[0])


def test_ends_are_where_the_test_turns() -> None:
    """By definition p = .05 at both ends, with p from a regression of its own for each value."""
    rows = _rows(1, 0.5, 1.0)
    result = evalkit.infer(_fitted(rows), "anderson_rubin")
    low, high = result.conf_low[0], result.conf_high[0]
    assert low < result.estimate.values[0] < high
    assert [_p(rows, float(end)) for end in (low, high)] == pytest.approx([0.05, 0.05], rel=1e-8)
    assert result.p_value[0] == pytest.approx(_p(rows, 0.0), rel=1e-10)
    assert np.isnan(result.std_error[0])


def test_without_a_first_stage_nothing_is_excluded() -> None:
    rows = _rows(3, 0.0, 0.0)
    result = evalkit.infer(_fitted(rows), "anderson_rubin")
    assert np.isnan([result.conf_low[0], result.conf_high[0]]).all()
    assert "unbounded" in result.notes[0]
    assert all(_p(rows, value) > 0.05 for value in (-1e6, -10.0, 0.0, 10.0, 1e6))


def test_disjoint_set_is_said_and_not_shown_as_an_interval() -> None:
    """A clear reduced form and no first stage: small effects are excluded, large ones of either sign are not."""
    rows = _rows(6, 0.0, 6.0)
    result = evalkit.infer(_fitted(rows), "anderson_rubin")
    assert np.isnan([result.conf_low[0], result.conf_high[0]]).all()
    assert "disjoint: all effects but those between" in result.notes[0]
    assert _p(rows, 0.0) < 0.05 < min(_p(rows, -1e6), _p(rows, 1e6))
    row = result.tidy().row(0, named=True)
    assert (row["conf_low"], row["conf_high"]) == (None, None)


def test_a_first_stage_on_the_verge_leaves_one_side_open() -> None:
    """Reduced form 1, first stage 2, variances 1 and no covariance, critical value 2: t of the first stage is 2 too.

    (1 − 2β)² ≤ 4 (1 + β²) is −3 ≤ 4β: all effects from −3/4 on, without an upper end.
    """
    low, high, note = _solve(np.array([1.0, 2.0]), np.eye(2), 2.0)
    assert np.isnan([low, high]).all()
    assert "unbounded: no effect can be excluded on at least one side" in note


def test_strong_instrument_gives_the_usual_interval() -> None:
    """With take-up equal to assignment the first stage has no error and both intervals are the same."""
    rows = _rows(6, 0.5, 1.0).with_columns(pl.col("assigned").cast(pl.Float64).alias("took"))
    fitted = _fitted(rows)
    usual, robust = (evalkit.infer(fitted, m) for m in ("crv1", "anderson_rubin"))
    assert (robust.conf_low[0], robust.conf_high[0]) == pytest.approx((usual.conf_low[0], usual.conf_high[0]))


def test_terms_beside_have_their_own_intervals() -> None:
    fitted = _fitted(_rows(1, 0.5, 1.0))
    usual, robust = (evalkit.infer(fitted, m) for m in ("crv1", "anderson_rubin"))
    assert robust.conf_low[1:] == pytest.approx(usual.conf_low[1:], rel=1e-12)
    reach = (robust.conf_high[1] - robust.estimate.values[1]) / robust.std_error[1]
    assert reach == pytest.approx(student.ppf(0.975, 19), rel=1e-9)


def test_only_for_late() -> None:
    moments = Moments.from_frame(_rows(1, 0.5, 1.0), design=DESIGN, outcomes=["y"])
    with pytest.raises(evalkit.DesignError, match="itt has no instrument"):
        evalkit.infer(evalkit.itt(moments, "y"), "anderson_rubin")
