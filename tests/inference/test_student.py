"""t, p and intervals: against printed tables of t and of the normal, and at the boundary of what is defined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import evalkit
from evalkit import Design, Moments, UsageError
from evalkit.inference.student import by_normal, by_student, critical, no_interval, two_sided
from tests.small_panels import village_panel


@pytest.fixture(scope="module")
def estimate() -> evalkit.Estimate:
    rows = village_panel(1, [2, 2, 3, 0, 0, 0])
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    return evalkit.did(Moments.from_frame(rows, design=design, outcomes=["y"]))


@pytest.mark.parametrize(
    ("df", "level", "t"),
    [
        (1, 0.95, 12.706),
        (2, 0.95, 4.303),
        (10, 0.95, 2.228),
        (10, 0.9, 1.812),
        (30, 0.99, 2.750),
        (np.inf, 0.95, 1.960),
    ],
)
def test_quantiles_are_those_of_the_printed_table(df: float, level: float, t: float):
    """Three decimals of Student's table (Fisher & Yates 1963, table III)."""
    assert critical(df, level) == pytest.approx(t, abs=5e-4)
    assert two_sided(np.array([t, -t]), np.array([df, df])) == pytest.approx(1 - level, abs=2e-4)


def test_term_by_term(estimate: evalkit.Estimate):
    """df 10: the estimate ± 2.228139 standard errors, and the t of this estimate."""
    value = float(estimate.values[0])
    found = by_student(estimate, "m", np.array([0.5]), np.array([10.0]), 0.95, "why").row("att")
    assert found["statistic"] == pytest.approx(value / 0.5)
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((value - 1.1140694, value + 1.1140694), abs=1e-6)
    assert (found["std_error"], found["df"]) == (0.5, 10.0)


@pytest.mark.parametrize(("error", "df"), [(0.0, 10.0), (1e-15, 10.0), (0.5, 0.0), (0.5, -1.0), (np.nan, 10.0)])
def test_an_exact_fit_and_no_degrees_of_freedom_have_no_interval(estimate: evalkit.Estimate, error: float, df: float):
    found = by_student(estimate, "m", np.array([error]), np.array([df]), 0.95, "").row("att")
    assert [found[k] for k in ("std_error", "df", "statistic", "p_value", "conf_low", "conf_high")] == [None] * 6
    assert found["estimate"] is not None


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95.0])
def test_a_level_lies_between_0_and_1(estimate: evalkit.Estimate, level: float):
    with pytest.raises(UsageError, match="conf_level"):
        by_student(estimate, "m", np.array([0.5]), np.array([10.0]), level, "")
    with pytest.raises(UsageError, match="conf_level"):
        critical(10, level)


def test_by_the_normal_around_another_centre(estimate: evalkit.Estimate):
    """A bias of 1 is taken off: 1.959964 standard errors around what is left; no degrees of freedom."""
    value = float(estimate.values[0])
    found = by_normal(estimate, "m", np.array([value - 1]), np.array([2.0]), 0.95).row("att")
    assert (found["conf_low"], found["conf_high"]) == pytest.approx((value - 4.919928, value + 2.919928), abs=1e-6)
    assert found["statistic"] == pytest.approx((value - 1) / 2)
    assert found["df"] is None
    assert by_normal(estimate, "m", np.array([value]), np.array([0.0]), 0.95).row("att")["conf_low"] is None


def test_without_an_interval_the_estimate_stays(estimate: evalkit.Estimate):
    found = no_interval(estimate, "none", 0.9, "few")
    assert (found.reason, found.conf_level) == ("few", 0.9)
    assert found.row("att")["estimate"] == pytest.approx(float(estimate.values[0]))
    assert [found.row("att")[k] for k in ("std_error", "df", "p_value", "conf_low", "conf_high")] == [None] * 5


@pytest.mark.parametrize(
    ("method", "villages"), [("crv1", 1), ("crv2", 1), ("jackknife", 1), ("wild", 1), ("wild", 2), ("two_way", 1)]
)
def test_too_few_villages_are_refused(method: str, villages: int):
    """Households of one village start, others never: the estimate is there, an interval from it is not."""
    rows = village_panel(2, [0] * villages, households=6, missing=0.0)
    own = rows["household"].str.ends_with("_1") | rows["household"].str.ends_with("_2")
    rows = rows.with_columns(first=own.cast(int) * 2)
    design = Design(unit="household", cluster="village", time="round", first_treated="first", assigned_to="unit")
    found = evalkit.did(Moments.from_frame(rows, design=design, outcomes=["y"]))
    assert found.counts.n_clusters == villages
    with pytest.raises(evalkit.DesignError, match=r"village"):
        evalkit.infer(replace(found), method, draws=99)
