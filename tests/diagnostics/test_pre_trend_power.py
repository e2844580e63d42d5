"""The power of the pre-trend check: against the noncentral t, and by carrying the check out on drifting villages."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

import evalkit
from evalkit.diagnostics import pre_trend, pre_trend_power
from evalkit.results import Inference

DESIGN = evalkit.Design(unit="village", cluster="village", time="round", first_treated="first")
NOISE = 0.02
"""Relative: 40,000 draws know a power to .0025, and a power of .5 moves by .4 a standard error of slope 1 to 3."""


def _study(seed: int, *, start: int, rounds: int, slope: float = 0.0, unit: float = 1.0, pilot: int = 20) -> Inference:
    """One household in each of 2 × `pilot` villages; pilot villages drift by `slope` a round."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"v{v:02d}", t, start if v < pilot else 0, unit * (rng.normal() + slope * t * (v < pilot)))
        for v in range(2 * pilot)
        for t in range(1, rounds + 1)
    ]
    frame = pl.DataFrame(rows, schema=["village", "round", "first", "y"], orient="row")
    return evalkit.infer(evalkit.event_study(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"])))


@pytest.mark.parametrize("pilot", [4, 20])
def test_one_lead_is_a_noncentral_t(pilot: int) -> None:
    """Rounds 1, 2 | 3: the lead −2 is one round from the base −1; its power is that of a two-sided t-test."""
    study = _study(1, start=3, rounds=3, pilot=pilot)
    row = study.row("event_time=-2")
    critical = student.ppf(0.975, row["df"])

    def power(slope: float) -> float:
        shift = slope / row["std_error"]
        return float(nct.sf(critical, row["df"], shift) + nct.cdf(-critical, row["df"], shift))

    found = pre_trend_power(study)
    assert found is not None
    for target, slope in ((0.5, found.slope_50), (0.8, found.slope_80)):
        exact = brentq(lambda s, goal=target: power(s) - goal, 0, 6 * row["std_error"])
        assert slope == pytest.approx(exact, rel=NOISE)


def test_bias_is_the_drift_carried_on() -> None:
    """Rounds 1, 2 | 3, 4: event times 0 and 1 are 1 and 2 rounds from the base, in equal parts: 1.5 slopes."""
    found = pre_trend_power(_study(2, start=3, rounds=4))
    assert found is not None
    assert found.n_leads == 1
    assert (found.bias_50, found.bias_80) == pytest.approx((1.5 * found.slope_50, 1.5 * found.slope_80))


def test_check_finds_such_a_drift_half_the_time() -> None:
    """Three correlated leads. 200 runs: four standard errors of a share of .5 are .14; the slope is an average."""
    slopes = [pre_trend_power(_study(s, start=5, rounds=5)) for s in range(1000, 1006)]
    slope = float(np.mean([p.slope_50 for p in slopes if p is not None]))
    checks = [pre_trend(_study(s, start=5, rounds=5, slope=slope), 0) for s in range(200)]
    found = np.mean([c.p_joint < 0.05 for c in checks if c is not None and c.p_joint is not None])
    assert found == pytest.approx(0.5, abs=0.14)


def test_money_changes_its_unit_and_more_power_needs_more_slope() -> None:
    one, scaled = (pre_trend_power(_study(3, start=4, rounds=5, unit=u)) for u in (1.0, 100.0))
    assert one is not None
    assert scaled is not None
    assert scaled.slope_80 == pytest.approx(100 * one.slope_80, rel=1e-6)
    assert 0 < one.slope_50 < one.slope_80


def test_nothing_to_check_before_the_base() -> None:
    assert pre_trend_power(_study(4, start=2, rounds=3)) is None
    assert pre_trend_power(_study(4, start=3, rounds=4), anticipation=1) is None
