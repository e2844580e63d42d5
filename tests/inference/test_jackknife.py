"""The jackknife: standard error and degrees of freedom by hand, against scipy, and what must not matter."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_ind

import evalkit
from evalkit.inference.jackknife import FEW, RATIO, degrees_of_freedom, smaller_arm

DESIGN = evalkit.Design(unit="village", cluster="village", time="round", first_treated="first")


def _frame(pilot: list[float], comparison: list[float]) -> pl.DataFrame:
    """Return one household a village, whose outcome is 0 before and its change after."""
    changes = [float(y) for y in (*pilot, *comparison)]
    first = [2] * len(pilot) + [0] * len(comparison)
    names = [f"v{i:02d}" for i in range(len(changes))]
    before = pl.DataFrame({"village": names, "round": 1, "first": first, "y": 0.0})
    return pl.concat([before, before.with_columns(pl.lit(2).alias("round"), pl.Series("y", changes))])


def _row(pilot: list[float], comparison: list[float], method: str = "jackknife") -> dict[str, float]:
    moments = evalkit.Moments.from_frame(_frame(pilot, comparison), design=DESIGN, outcomes=["y"])
    return evalkit.infer(evalkit.did(moments), method).row("att")


def test_by_hand() -> None:
    """Pilot changes 1, 3, 5, 7 (mean 4, Σ(y − 4)² = 20), comparison 0, 0, 2, 2, 1 (mean 1, Σ = 4): effect 3.

    Without pilot village v their mean moves by (4 − y_v)/3, without a comparison village by (1 − y_v)/4:
    Σ = 20/9 + 4/16 = 89/36; (G − 1)/G = 8/9: variance 712/324 = 2.1975.
    R = 2.25: a = 2.25/4 = .5625, b = 1/5 = .2: df = .7625²/(.5625²/4 + .2²/5) = .58141/.08710 = 6.675.
    """
    row = _row([1, 3, 5, 7], [0, 0, 2, 2, 1])
    assert row["estimate"] == pytest.approx(3, rel=1e-12)
    assert row["std_error"] == pytest.approx((712 / 324) ** 0.5, rel=1e-12)
    assert row["df"] == pytest.approx(0.7625**2 / (0.5625**2 / 4 + 0.2**2 / 5), rel=1e-12)
    assert row["df"] == pytest.approx(6.675, abs=5e-4)
    low, high = student.interval(0.95, row["df"], 3, row["std_error"])
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high), rel=1e-10)


def test_variance_is_that_of_the_refits_by_pyfixest_up_to_its_factor() -> None:
    """pyfixest multiplies by G/(G − 1) (N − 1)/(N − K) = 9/8 · 17/15 instead of 8/9; it demeans to 1e-8, relative."""
    pyfixest = pytest.importorskip("pyfixest")
    frame = _frame([1, 3, 5, 7], [0, 0, 2, 2, 1]).with_columns(
        ((pl.col("first") == 2) & (pl.col("round") == 2)).cast(pl.Float64).alias("treated")
    )
    fit = pyfixest.feols("y ~ treated | village + round", frame.to_pandas(), vcov={"CRV3": "village"})
    assert _row([1, 3, 5, 7], [0, 0, 2, 2, 1])["std_error"] == pytest.approx(
        float(fit.se().iloc[0]) * (8 / 9 * 8 / 9 * 15 / 17) ** 0.5, rel=1e-6
    )


@pytest.mark.parametrize(("smaller", "larger"), [(4, 4), (5, 10), (4, 36), (20, 22)])
def test_degrees_of_freedom_are_welch_s(smaller: int, larger: int) -> None:
    """Welch's df of samples of k + 1 and m + 1 whose means have variances R/k and 1/m, as scipy computes it."""
    samples = []
    for n, variance in ((smaller + 1, RATIO / smaller), (larger + 1, 1 / larger)):
        x = np.arange(n, dtype=float)
        samples.append(x * np.sqrt(variance * n / x.var(ddof=1)))
    by_scipy = ttest_ind(*samples, equal_var=False).df
    assert degrees_of_freedom(smaller, larger) == pytest.approx(by_scipy, rel=1e-12)


def test_degrees_of_freedom_at_the_boundary() -> None:
    found = [degrees_of_freedom(k, 10) for k in (1, 2, FEW - 1, FEW)]
    assert found[:3] == [0, 1, FEW - 2]
    assert FEW < found[3] < FEW + 2
    assert degrees_of_freedom(0, 7) == 6


def test_one_village_in_an_arm_has_no_interval() -> None:
    row = _row([1], [0, 0, 2, 2, 1])
    assert (row["std_error"], row["df"], row["p_value"], row["conf_low"]) == (None, None, None, None)


def test_needs_three_villages() -> None:
    with pytest.raises(evalkit.DesignError, match="jackknife: there are 2 villages"):
        _row([1], [2])


def test_pilot_villages_alone_are_one_sample() -> None:
    """Changes 1, 3, 5, 7 without comparison: the t-test of one sample, s²/4 with 3 degrees of freedom.

    CRV3 of a mean: 3/4 Σ((4 − y)/3)² = 3/4 · 20/9 = 5/3 = s²/4 with s² = 20/3.
    """
    moments = evalkit.Moments.from_frame(_frame([1, 3, 5, 7], []), design=DESIGN, outcomes=["y"])
    row = evalkit.infer(evalkit.pre_post(moments), "jackknife").row("att")
    assert (row["std_error"], row["df"]) == pytest.approx(((5 / 3) ** 0.5, 3))


CHANGES = st.lists(st.integers(-50, 50).map(float), min_size=4, max_size=7, unique=True)


@settings(max_examples=25, deadline=None)
@given(pilot=CHANGES, comparison=CHANGES, unit=st.sampled_from([0.01, 10000.0]))
def test_arms_may_change_places_and_money_its_unit(pilot: list[float], comparison: list[float], unit: float) -> None:
    """Relative 1e-7: rounding of sums up to 50 beside a standard error above .1, times the unit."""
    one, swapped = _row(pilot, comparison), _row(comparison, pilot)
    scaled = _row([unit * y for y in pilot], [unit * y for y in comparison])
    assert (swapped["std_error"], swapped["df"]) == pytest.approx((one["std_error"], one["df"]), rel=1e-7)
    assert (scaled["std_error"], scaled["df"]) == pytest.approx((unit * one["std_error"], one["df"]), rel=1e-7)


def test_smaller_arm_of_each_term() -> None:
    """Two villages adopt in round 2 of 3, four in round 3, five never: event time 1 is seen in two villages only."""
    first = [2] * 2 + [3] * 4 + [0] * 5
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        [(f"v{i:02d}", t, g, rng.normal()) for i, g in enumerate(first) for t in (1, 2, 3)],
        schema=["village", "round", "first", "y"],
        orient="row",
    )
    study = evalkit.event_study(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"]))
    found = dict(zip(study.terms, smaller_arm(study.basis).tolist(), strict=True))
    assert found == {"att": 2, "event_time=-2": 4, "event_time=-1": 0, "event_time=0": 5, "event_time=1": 2}
