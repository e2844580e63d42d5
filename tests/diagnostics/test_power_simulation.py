"""Power by simulation agrees with the formula, which shares nothing with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.diagnostics.power import minimum_detectable_effect
from evalkit.diagnostics.power_simulation import ancova_of, simulated_power, village_sizes
from evalkit.diagnostics.study import Study

STUDY = Study(10, 14, 12, icc=0.15, sd=300.0, autocorrelation=0.4)
DRAWS = 300
STUDIES = {
    "did": STUDY,
    "did, several rounds": replace(STUDY, before=2, after=2, autocorrelation=0.6),
    "did, villages last longer": replace(STUDY, village_autocorrelation=0.8),
    "did, lost and not taking part": replace(STUDY, attrition=0.2, take_up=0.6),
    "did, unequal villages": replace(STUDY, cv=0.5),
    "end": replace(STUDY, estimator="end", after=2),
    "end, few pilots": replace(STUDY, pilot=4, estimator="end"),
    "ancova": replace(STUDY, estimator="ancova"),
    "ancova, villages last longer": replace(STUDY, estimator="ancova", village_autocorrelation=0.8, attrition=0.1),
}


def agrees(study: Study, draws: int) -> None:
    """Both the share found and the spread of estimates, within 4 standard errors of the simulation.

    Share: √(.16/draws). Spread: a standard deviation of n normal numbers has relative error 1/√(2(n − 1)). The mean
    lies within 4 spreads/√n of the effect.
    """
    expected = minimum_detectable_effect(study)
    found = simulated_power(study, expected.mde, draws=draws, seed=3)
    assert found.power == pytest.approx(0.8, abs=4 * (0.16 / draws) ** 0.5)
    assert found.std_error == pytest.approx(expected.std_error, rel=4 / (2 * (draws - 1)) ** 0.5)
    assert found.mean == pytest.approx(expected.mde, abs=4 * expected.std_error / draws**0.5)


@pytest.mark.parametrize("name", STUDIES)
def test_the_formula_agrees(name: str) -> None:
    agrees(STUDIES[name], DRAWS)


def test_ancova_is_the_estimator_s_own() -> None:
    """Estimate and standard error of `evalkit.ancova` on the same rows, to rounding."""
    rng = np.random.default_rng(4)
    village = np.repeat(np.arange(16), 12)
    arm = (village < 8).astype(int)
    x = rng.normal(size=192) + rng.normal(size=16)[village]
    y = 0.6 * x + rng.normal(size=192) + 0.3 * arm
    design = evalkit.Design(cluster="v", treatment="arm")
    rows = pl.DataFrame({"v": village, "arm": arm, "y": y, "x": x})
    panel = evalkit.Panel.from_frame(rows, design=design, outcome="y", covariates=["x"])
    full = evalkit.infer(evalkit.ancova(panel, baseline="x"))
    found = evalkit.infer(ancova_of(panel.frame, y, x))
    assert found.estimate.values[0] == pytest.approx(full.estimate.values[0], abs=1e-9)
    assert found.std_error[0] == pytest.approx(full.std_error[0], abs=1e-9)
    assert (found.method, found.df[0]) == (full.method, pytest.approx(full.df[0]))


def test_without_an_effect_auto_errs_as_often_as_it_says() -> None:
    """Two-sided 5 %: at most .05 + 4 · √(.0475/300) = .1 of intervals exclude 0."""
    assert simulated_power(STUDY, 0.0, draws=DRAWS, seed=5).power <= 0.1


def test_the_same_seed_gives_the_same_and_money_its_unit() -> None:
    one = simulated_power(STUDY, 100.0, draws=20, seed=7)
    assert simulated_power(STUDY, 100.0, draws=20, seed=7) == one
    other = simulated_power(replace(STUDY, sd=3.0), 1.0, draws=20, seed=7)
    assert (other.power, other.mean) == pytest.approx((one.power, one.mean / 100))


@pytest.mark.parametrize("cv", [0.3, 0.6, 1.0])
def test_villages_have_the_sizes_that_the_study_says(cv: float) -> None:
    """40 villages of 30 on average: rounding and the floor of one household move mean and cv by less than .1."""
    sizes = village_sizes(replace(STUDY, households=30, cv=cv), 40)
    assert sizes.min() >= 1
    assert sizes.mean() == pytest.approx(30, rel=0.1)
    assert sizes.std() / sizes.mean() == pytest.approx(cv, abs=0.1)
    assert np.array_equal(village_sizes(STUDY, 5), np.full(5, 12.0))


def test_one_draw_is_refused() -> None:
    with pytest.raises(evalkit.UsageError, match="power, draws"):
        simulated_power(STUDY, 1.0, draws=1)
