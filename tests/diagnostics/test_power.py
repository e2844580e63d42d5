"""The minimum detectable effect: by hand, against statsmodels and printed multipliers, and by simulation with auto."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

import evalkit
from evalkit.diagnostics.power import (
    critical_value,
    exceeds,
    minimum_detectable_effect,
    noncentrality,
    probability_of_finding,
    scales,
    standard_error,
    villages_needed,
)
from evalkit.diagnostics.study import Study, design_effect, rounds_factor, slope

STUDY = Study(pilot=10, comparison=10, households=20, icc=0.1)


def test_variance_by_hand() -> None:
    """20 households, a tenth lost: 18; deff 1 + 17 · .1 = 2.7. One round before and after, ρ = .5: (1 − .5) · 2 = 1.

    SD 300: 300 · √(2.7/18 · 1 · (1/10 + 1/10)) = 300 · √.03 = 51.96.
    """
    found = minimum_detectable_effect(replace(STUDY, attrition=0.1, sd=300.0, take_up=0.5))
    assert (found.design_effect, found.rounds_factor) == pytest.approx((2.7, 1.0))
    assert found.std_error == pytest.approx(300 * 0.03**0.5)
    assert found.mde_taking_part == pytest.approx(2 * found.mde)


@pytest.mark.parametrize(
    ("estimator", "factor"), [("end", 0.75), ("did", 0.5 * (1 / 3 + 1 / 2)), ("ancova", 0.75 - 0.75 / 2)]
)
def test_rounds_by_hand(estimator: str, factor: float) -> None:
    """Three rounds before, two after, ρ = .5. After: (1 + .5)/2 = .75; ancova takes off 3 · .25/(1 + 2 · .5) = .375."""
    study = replace(STUDY, before=3, after=2, estimator=estimator)  # type: ignore[arg-type]
    assert rounds_factor(study) == pytest.approx(factor)


def test_mckenzie_2012() -> None:
    """Section 2: at ρ = .25 one follow-up: did has variance 1.5, end 1, ancova 1 − .0625, so did needs 60 % more.

    At ρ = .5 did and the end alone are equal; beyond, did is better; ancova is at most either.
    """
    variance = {
        (e, rho): rounds_factor(replace(STUDY, estimator=e, autocorrelation=rho))  # type: ignore[arg-type]
        for e in ("end", "did", "ancova")
        for rho in (0.25, 0.5, 0.8)
    }
    assert variance["did", 0.25] / variance["ancova", 0.25] == pytest.approx(1.6)
    assert variance["did", 0.5] == pytest.approx(variance["end", 0.5])
    assert variance["did", 0.8] < variance["end", 0.8]
    assert all(variance["ancova", r] <= min(variance["did", r], variance["end", r]) for r in (0.25, 0.5, 0.8))


@pytest.mark.parametrize(("pilot", "comparison", "power"), [(10, 10, 0.8), (4, 16, 0.9), (3, 5, 0.8)])
def test_noncentral_t_is_statsmodels(pilot: int, comparison: int, power: float) -> None:
    """The same pooled t-test by both; statsmodels solves to 1e-8 or so of its effect."""
    from statsmodels.stats.power import TTestIndPower

    df = pilot + comparison - 2
    peer = TTestIndPower().solve_power(None, pilot, 0.05, power, ratio=comparison / pilot)
    ours = noncentrality(float(student.ppf(0.975, df)), df, power) * (1 / pilot + 1 / comparison) ** 0.5
    assert ours == pytest.approx(peer, rel=1e-6)


def test_unequal_villages_by_hand() -> None:
    """18 households left, cv .5, ICC .1: 1 + (1.25 · 18 − 1) · .1 = 3.15; alike it is 2.7.

    Villages of 9 and 27 (mean 18, cv .5), each household once: var of the mean of all is Σ n²(.1 + .9/n)/36²
    = (8.1 + 8.1 + 72.9 + 24.3)/1296 = .0875, that is 3.15/18/2.
    """
    study = replace(STUDY, attrition=0.1, cv=0.5)
    assert design_effect(study) == pytest.approx(3.15)
    assert sum(n * n * (0.1 + 0.9 / n) for n in (9, 27)) / 36**2 == pytest.approx(3.15 / 18 / 2)


@pytest.mark.parametrize("estimator", ["end", "did", "ancova"])
def test_two_correlations_from_the_covariance_matrix(estimator: str) -> None:
    """Villages .8, households .3, two rounds before and three after: the same from the 5 × 5 matrix of village means.

    Weights on rounds: 1/3 after, −θ/2 before (θ = 1 for did, 0 for the end). θ of ancova: covariance over variance of
    household means, which have icc of the one matrix and 1 − icc of the other. Both are exact, so 1e-12.
    """
    study = replace(STUDY, before=2, after=3, autocorrelation=0.3, village_autocorrelation=0.8, estimator=estimator)  # type: ignore[arg-type]
    of_village, own = (np.eye(5) * (1 - rho) + rho for rho in (0.8, 0.3))
    household = 0.1 * of_village + 0.9 * own
    first, last = np.array([0.5, 0.5, 0, 0, 0]), np.array([0, 0, 1, 1, 1]) / 3
    theta = {"end": 0.0, "did": 1.0, "ancova": (first @ household @ last) / (first @ household @ first)}[estimator]
    weights = last - theta * first
    mean = 0.1 * of_village + 0.9 / 20 * own
    assert rounds_factor(study) == pytest.approx(weights @ mean @ weights / mean[0, 0], abs=1e-12)
    assert estimator != "ancova" or slope(study) == pytest.approx(theta, abs=1e-12)


def plain_power(study: Study, effect: float, clusters: float) -> float:
    """The power of a t-test of village means with 2(n − 1) degrees of freedom, as other programs count it."""
    df = 2 * (clusters - 1)
    se = standard_error(replace(study, pilot=2, comparison=2)) * (2 / clusters) ** 0.5
    return exceeds(effect / se, scales(float(student.ppf(0.975, df)), df))


def test_published_power_of_a_comparison_at_the_end() -> None:
    """R clusterPower, cpa.normal, documented example: 16 + 16 clusters of 10, d = 1, ICC .1, variance 5: .801766.

    It counts one tail only; the other is below 1e-6 here. Its six digits, so 2e-6.
    """
    study = Study(16, 16, 10, icc=0.1, sd=5**0.5, estimator="end")
    assert plain_power(study, 1.0, 16) == pytest.approx(0.801766, abs=2e-6)


def test_published_clusters_of_a_did() -> None:
    """R clusterPower, cpa.did.normal, documented example: m 100, d .5, ICC .05, ρ_c .5, ρ_s .7: 4.683358 an arm.

    Its root is found to about 1e-4 (tolerance ε^.25), which is 3e-5 in power.
    """
    study = Study(5, 5, 100, icc=0.05, autocorrelation=0.7, village_autocorrelation=0.5)
    assert plain_power(study, 0.5, 4.683358) == pytest.approx(0.8, abs=5e-5)


@pytest.mark.parametrize(("rho_c", "rho_s", "clusters"), [(0.0, 0.0, 9), (0.3, 0.7, 7)])
def test_nih_calculator_of_a_did(rho_c: float, rho_s: float, clusters: int) -> None:
    """The NIH's GRT calculator, as clusterPower's tests cite it: m 150, d .48, ICC .05: 9 and 7 clusters an arm."""
    study = Study(5, 5, 150, icc=0.05, autocorrelation=rho_s, village_autocorrelation=rho_c)
    assert plain_power(study, 0.48, clusters) >= 0.8 > plain_power(study, 0.48, clusters - 1)


def test_bloom_s_multiplier() -> None:
    """Bloom (1995), table 1: 2.80 standard errors for 80 % at 5 %, two-sided, in large samples; 3.24 for 90 %."""
    for power, printed in ((0.8, 2.80), (0.9, 3.24)):
        assert noncentrality(1.959964, 1e6, power) == pytest.approx(printed, abs=0.005)


@pytest.mark.parametrize(("pilot", "comparison"), [(2, 6), (4, 4), (5, 15), (20, 20)])
def test_auto_has_the_power(pilot: int, comparison: int) -> None:
    """600 village changes a design, the effect at the MDE for 80 %: auto finds it in .8 ± 4 · √(.16/600) = .065.

    One household a village and two rounds, uncorrelated: the change has variance 2, as rounds_factor says at ρ = 0.
    """
    study = Study(pilot, comparison, households=1, icc=0.0, autocorrelation=0.0)
    expected, rng = minimum_detectable_effect(study), np.random.default_rng(pilot)
    assert expected.rounds_factor == 2.0
    g = pilot + comparison
    design = evalkit.Design(unit="village", cluster="village", time="round", first_treated="first")
    keys = pl.DataFrame(
        {
            "village": np.repeat(np.arange(g), 2),
            "round": np.tile([1, 2], g),
            "first": np.repeat(np.where(np.arange(g) < pilot, 2, 0), 2),
        }
    )
    treated = ((keys["first"] > 0) & (keys["round"] == 2)).to_numpy()
    draws = {f"y{i}": rng.normal(size=2 * g) + expected.mde * treated for i in range(600)}
    moments = evalkit.Moments.from_frame(keys.with_columns(**draws), design=design, outcomes=list(draws))
    results = [evalkit.infer(evalkit.did(moments, y)) for y in draws]
    assert results[0].df[0] == pytest.approx(expected.df, rel=1e-6)
    assert np.mean([r.p_value[0] < 0.05 for r in results]) == pytest.approx(0.8, abs=0.065)


@pytest.mark.parametrize(("pilot", "comparison"), [(3, 6), (10, 10), (8, 24)])
def test_power_and_effect_are_each_other_s_inverse(pilot: int, comparison: int) -> None:
    """At the MDE the power is that wanted (1e-9: brentq's tolerance), at 0 no more than 5 % and a little."""
    study = replace(STUDY, pilot=pilot, comparison=comparison, sd=300.0)
    mde = minimum_detectable_effect(study).mde
    assert probability_of_finding(study, mde) == pytest.approx(0.8, abs=1e-9)
    assert probability_of_finding(study, -mde) == pytest.approx(0.8, abs=1e-9)
    assert 0.005 < probability_of_finding(study, 0.0) < 0.055


def test_the_villages_needed_are_the_fewest() -> None:
    study = replace(STUDY, pilot=8, comparison=12)
    pilot, comparison = villages_needed(study, 0.4)
    assert comparison == -(-3 * pilot // 2)
    enough = replace(study, pilot=pilot, comparison=comparison)
    fewer = replace(study, pilot=pilot - 1, comparison=-(-3 * (pilot - 1) // 2))
    assert probability_of_finding(enough, 0.4) >= 0.8 > probability_of_finding(fewer, 0.4)
    with pytest.raises(evalkit.UsageError, match="more than 100000 pilot villages"):
        villages_needed(study, 0.0)
    with pytest.raises(evalkit.UsageError, match="more than 100000 pilot villages"):
        villages_needed(study, 1e-6)


@given(
    pilot=st.integers(2, 40),
    comparison=st.integers(2, 40),
    households=st.integers(2, 60),
    icc=st.floats(0, 0.6),
    unit=st.floats(0.01, 1000),
    rho=st.floats(0, 0.9),
)
def test_properties(pilot: int, comparison: int, households: int, icc: float, unit: float, rho: float) -> None:
    """Money changes its unit; arms may change places; more households or less ICC never need a larger effect.

    Nor do villages that are alike. One correlation given twice is one; did is never below ancova (one correlation).
    """
    study = Study(pilot, comparison, households, icc)
    one = minimum_detectable_effect(study)
    assert minimum_detectable_effect(replace(study, sd=unit)).mde == pytest.approx(one.mde * unit)
    turned = minimum_detectable_effect(replace(study, pilot=comparison, comparison=pilot))
    assert turned.mde == pytest.approx(one.mde)
    assert minimum_detectable_effect(replace(study, households=households + 1)).mde <= one.mde * (1 + 1e-9)
    assert minimum_detectable_effect(replace(study, icc=icc + 0.1)).mde >= one.mde * (1 - 1e-9)
    assert minimum_detectable_effect(replace(study, cv=0.5)).mde >= one.mde * (1 - 1e-9)
    both = replace(study, autocorrelation=rho, village_autocorrelation=rho)
    assert rounds_factor(both) == pytest.approx(rounds_factor(replace(study, autocorrelation=rho)))
    assert rounds_factor(both) >= rounds_factor(replace(both, estimator="ancova")) - 1e-12
    assert critical_value(pilot, comparison, 0.99)[0] > critical_value(pilot, comparison, 0.95)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pilot": 1}, "power, pilot: 1"),
        ({"icc": 1.0}, "power, icc"),
        ({"before": 0}, "1 rounds or more for did"),
        ({"attrition": 0.99}, "one household left"),
        ({"take_up": 0.0}, "take_up"),
        ({"cv": 3.0}, "power, cv"),
        ({"village_autocorrelation": 1.0}, "village_autocorrelation"),
        ({"power": 0.04}, "power, power"),
        ({"estimator": "ddd"}, "end, did or ancova"),
    ],
)
def test_what_cannot_be(change: dict[str, object], words: str) -> None:
    with pytest.raises(evalkit.UsageError) as error:
        minimum_detectable_effect(replace(STUDY, **change))  # type: ignore[arg-type]
    assert words in str(error.value)
