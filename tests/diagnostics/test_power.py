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
    Study,
    critical_value,
    minimum_detectable_effect,
    noncentrality,
    rounds_factor,
    variance_between,
)

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


@given(
    pilot=st.integers(2, 40),
    comparison=st.integers(2, 40),
    households=st.integers(2, 60),
    icc=st.floats(0, 0.6),
    unit=st.floats(0.01, 1000),
)
def test_properties(pilot: int, comparison: int, households: int, icc: float, unit: float) -> None:
    """Money changes its unit; arms may change places; more households or less ICC never need a larger effect."""
    study = Study(pilot, comparison, households, icc)
    one = minimum_detectable_effect(study)
    assert minimum_detectable_effect(replace(study, sd=unit)).mde == pytest.approx(one.mde * unit)
    turned = minimum_detectable_effect(replace(study, pilot=comparison, comparison=pilot))
    assert turned.mde == pytest.approx(one.mde)
    assert minimum_detectable_effect(replace(study, households=households + 1)).mde <= one.mde * (1 + 1e-9)
    assert minimum_detectable_effect(replace(study, icc=icc + 0.1)).mde >= one.mde * (1 - 1e-9)
    assert critical_value(pilot, comparison, 0.99)[0] > critical_value(pilot, comparison, 0.95)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pilot": 1}, "power, pilot: 1"),
        ({"icc": 1.0}, "power, icc"),
        ({"before": 0}, "1 rounds or more for did"),
        ({"attrition": 0.99}, "one household left"),
        ({"take_up": 0.0}, "take_up"),
        ({"power": 0.04}, "power, power"),
        ({"estimator": "ddd"}, "end, did or ancova"),
    ],
)
def test_what_cannot_be(change: dict[str, object], words: str) -> None:
    with pytest.raises(evalkit.UsageError) as error:
        minimum_detectable_effect(replace(STUDY, **change))  # type: ignore[arg-type]
    assert words in str(error.value)


def test_variance_between_by_hand() -> None:
    """Villages 1, 3 | 5, 7 | 9, 11: W = 2 + 2 + 2 over 3 = 2; means 2, 6, 10: B = 2 · (16 + 16)/2 = 32; n₀ = 2.

    ICC (32 − 2)/(32 + 2) = 15/17; variance 2 + 30/2 = 17.
    """
    frame = pl.DataFrame(
        {"village": ["a", "a", "b", "b", "c", "c"], "y": [1.0, 3, 5, 7, 9, 11], "arm": [0, 0, 1, 1, 0, 0]}
    )
    design = evalkit.Design(cluster="village", treatment="arm")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    assert variance_between(moments) == pytest.approx((17**0.5, 15 / 17, 2.0))
    alone = evalkit.Moments.from_frame(frame.unique("village"), design=design, outcomes=["y"])
    with pytest.raises(evalkit.DesignError, match="several households in a village"):
        variance_between(alone)
