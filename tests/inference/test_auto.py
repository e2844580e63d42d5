"""What the default chooses, on both sides of each boundary, and that it never looks at the outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.results import Estimate
from tests.small_panels import village_panel

DESIGN = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")


def _moments(adoption: list[int], seed: int = 1) -> evalkit.Moments:
    return evalkit.Moments.from_frame(village_panel(seed, adoption), design=DESIGN, outcomes=["y"])


def _did(pilot: int, comparison: int, seed: int = 1) -> Estimate:
    return evalkit.did(_moments([2] * pilot + [0] * comparison, seed))


@pytest.mark.parametrize(
    ("pilot", "comparison", "method"),
    [
        (2, 2, "crv2"),
        (2, 17, "crv2"),
        (2, 18, "wild"),
        (18, 2, "crv2"),
        (1, 19, "ferman_pinto"),
        (3, 3, "crv2"),
        (3, 9, "crv2"),
        (4, 3, "crv2"),
        (4, 4, "jackknife"),
        (4, 16, "jackknife"),
        (9, 3, "crv2"),
        (9, 4, "jackknife"),
    ],
)
def test_boundary(pilot: int, comparison: int, method: str) -> None:
    result = evalkit.infer(_did(pilot, comparison))
    assert result.method == method
    assert result.tidy().equals(evalkit.infer(_did(pilot, comparison), method).tidy())


@pytest.mark.parametrize(("pilot", "comparison"), [(1, 2), (4, 1), (19, 1)])
def test_one_village_in_an_arm_is_refused(pilot: int, comparison: int) -> None:
    with pytest.raises(evalkit.DesignError, match=r"1 (pilot|comparison) village"):
        evalkit.infer(_did(pilot, comparison))


@pytest.mark.parametrize(
    ("pilot", "comparison", "sentence"),
    [
        (4, 6, "10 villages, 4 in the smaller arm: jackknife (CRV3) with 6.3 degrees of freedom; covers from 4 "),
        (3, 6, "degrees of freedom; with 3 villages in an arm it covered in every design of the study"),
    ],
)
def test_says_why(pilot: int, comparison: int, sentence: str) -> None:
    """4 + 6: a = .5625, b = 1/6: .7292²/(.5625²/4 + 1/216) = .53168/.08373 = 6.350 is Welch's; rounded to .1."""
    assert sentence in evalkit.infer(_did(pilot, comparison)).reason


def test_one_pilot_village_has_its_assumption_in_the_reason() -> None:
    reason = evalkit.infer(_did(1, 19)).reason
    assert "assumes that shocks of pilot and comparison villages differ only as far" in reason
    assert "the smallest p that can be attained is 0.05" in reason
    assert reason.endswith("with one pilot village only comparison villages can show how far chance goes")


def test_an_event_study_with_one_pilot_village_is_refused() -> None:
    with pytest.raises(evalkit.DesignError, match="1 pilot village"):
        evalkit.infer(evalkit.event_study(_moments([2] + [0] * 19)))


def test_one_adoption_round_compares_all_with_all() -> None:
    study = evalkit.infer(evalkit.event_study(_moments([3] * 4 + [0] * 4)))
    assert study.method == "jackknife"


def test_several_adoption_rounds_have_degrees_of_freedom_by_term() -> None:
    study = evalkit.infer(evalkit.event_study(_moments([2] * 4 + [3] * 4 + [0] * 4)))
    assert study.method == "crv2"
    assert "not all terms compare all pilot with all comparison villages" in study.reason


def test_pilot_villages_alone() -> None:
    result = evalkit.infer(evalkit.pre_post(_moments([2] * 5)))
    assert result.method == "crv2"
    assert result.reason.endswith("there are no comparison villages")


def test_arms_within_villages() -> None:
    """Half of the households of each of eight villages: both arms are in every village."""
    frame = village_panel(2, [0] * 8, missing=0.0).with_columns(
        pl.when(pl.col("household").str.contains("_[01]$")).then(2).otherwise(0).alias("first")
    )
    moments = evalkit.Moments.from_frame(frame, design=replace(DESIGN, assigned_to="unit"), outcomes=["y"])
    assert evalkit.infer(evalkit.did(moments)).method == "crv2"


@pytest.mark.parametrize("adoption", [[2] * 4 + [0] * 6, [2] * 3 + [0] * 6, [2, 2, 3, 3, 0, 0, 0, 0]])
def test_never_looks_at_the_outcome(adoption: list[int]) -> None:
    frame = village_panel(7, adoption)
    rng = np.random.default_rng(8)
    methods, frees = set(), set()
    for y in (frame["y"], pl.Series("y", rng.standard_cauchy(frame.height) * 1e6)):
        moments = evalkit.Moments.from_frame(frame.with_columns(y), design=DESIGN, outcomes=["y"])
        result = evalkit.infer(evalkit.did(moments))
        methods.add(result.method)
        frees.add(round(float(result.df[0]), 6))
    assert len(methods) == len(frees) == 1
