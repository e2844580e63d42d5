"""Multiplier bootstrap: all signs by hand, the uniform band by theory and by diff-diff."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import evalkit
from evalkit import Design, Moments
from evalkit.inference.infer import fits
from evalkit.results import Counts, Estimate, Influence
from tests.reference import panels

STAGGERED = Design(unit="household", cluster="village", time="round", first_treated="first")


def _estimate(psi: np.ndarray, values: list[float], terms: tuple[str, ...], factor: float = 1.0) -> Estimate:
    g = len(psi)
    half = np.arange(g) < g // 2
    basis = Influence(tuple(f"v{i}" for i in range(g)), half, ~half, psi, factor)
    return Estimate("group_time", "y", terms, np.array(values), basis, Counts(g, g, g, g // 2, g - g // 2))


def test_all_signs_by_hand() -> None:
    """Six villages with ψ = 1: Σ ±1 is ±6 in 2 of 64 sign vectors, ±4 in 12, ±2 in 30, 0 in 20; se = √6.

    |sum| ≥ 5 in 2 of 64: p = 1/32. At least 95 % of the vectors (60.8 of 64) have |sum| ≤ 4: the interval is 5 ± 4.
    """
    result = evalkit.infer(_estimate(np.ones((6, 1)), [5.0], ("event_time=0",)), "multiplier")
    row = result.row("event_time=0")
    assert row["std_error"] == pytest.approx(6**0.5, rel=1e-12)
    assert row["p_value"] == pytest.approx(2 / 64, rel=1e-12)
    assert (row["conf_low"], row["conf_high"]) == (pytest.approx(1), pytest.approx(9))
    assert (row["band_low"], row["band_high"]) == (pytest.approx(1), pytest.approx(9))
    assert row["df"] is None
    assert result.reason == "6 villages: multiplier bootstrap with 64 sign vectors (all)"


def test_band_of_unrelated_terms() -> None:
    """Two terms that rest on different villages are independent: with many villages c solves Φ(c) = (1 + √.95)/2.

    20,000 draws leave .02 (one standard error of the quantile is about .012).
    """
    psi = np.zeros((400, 2))
    psi[:200, 0] = psi[200:, 1] = 1.0
    result = evalkit.infer(_estimate(psi, [0.0, 0.0], ("event_time=0", "event_time=1")), "multiplier", draws=20_000)
    critical = np.array(result.tidy()["band_high"]) / result.std_error
    assert critical == pytest.approx(norm.ppf((1 + 0.95**0.5) / 2), abs=0.04)
    assert result.conf_high / result.std_error == pytest.approx(norm.ppf(0.975), abs=0.04)


def test_band_is_that_of_diff_diff() -> None:
    """diff-diff 3.13.0, 19,999 Rademacher draws over villages, event study: 2.215, 2.180, 2.190 for seeds 0, 1, 2."""
    moments = Moments.from_frame(panels.read("staggered"), design=STAGGERED, outcomes=["y"])
    estimate = evalkit.group_time(moments, comparison="never", aggregate="dynamic")
    table = evalkit.infer(estimate, "multiplier").tidy()
    critical = ((table["band_high"] - table["estimate"]) / table["std_error"]).to_list()
    assert critical[0] is None
    assert critical[1:] == pytest.approx([2.195] * 6, abs=0.03)


def test_the_standard_error_is_that_of_crv1() -> None:
    moments = Moments.from_frame(panels.read("staggered"), design=STAGGERED, outcomes=["y"])
    for estimate in (evalkit.group_time(moments), evalkit.did(moments)):
        drawn, analytic = (evalkit.infer(estimate, m).std_error for m in ("multiplier", "crv1"))
        np.testing.assert_allclose(drawn, analytic, rtol=1e-12)


def test_the_base_and_the_overall_average_are_no_points_of_the_band() -> None:
    moments = Moments.from_frame(panels.read("staggered"), design=STAGGERED, outcomes=["y"])
    result = evalkit.infer(evalkit.group_time(moments, base="universal", aggregate="dynamic"), "multiplier", draws=999)
    base, att = result.row("event_time=-1"), result.row("att")
    assert [base[n] for n in ("std_error", "p_value", "conf_low", "band_low", "band_high")] == [None] * 5
    assert (att["band_low"], att["band_high"]) == (None, None)
    assert att["conf_low"] < att["estimate"] < att["conf_high"]


def test_same_seed_same_answer() -> None:
    psi = np.random.default_rng(1).normal(size=(40, 2))
    estimate = _estimate(psi, [1.0, 2.0], ("event_time=0", "event_time=1"))
    first, again, other = (evalkit.infer(estimate, "multiplier", seed=s, draws=199).tidy() for s in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_needs_three_villages_and_a_level() -> None:
    with pytest.raises(evalkit.DesignError, match="there are 2 villages"):
        evalkit.infer(_estimate(np.ones((2, 1)), [1.0], ("att",)), "multiplier")
    with pytest.raises(evalkit.UsageError, match="conf_level"):
        evalkit.infer(_estimate(np.ones((4, 1)), [1.0], ("att",)), "multiplier", level=95)


def test_a_method_of_regressions_gives_way_beside_the_main_result() -> None:
    """A plan with did by the wild bootstrap can show group_time as robustness, by that estimator's default."""
    moments = Moments.from_frame(panels.read("staggered"), design=STAGGERED, outcomes=["y"])
    regression, other = evalkit.did(moments), evalkit.group_time(moments)
    with pytest.raises(evalkit.DesignError, match="group_time is not one linear regression"):
        evalkit.infer(other, "wild")
    assert [fits("wild", e) for e in (regression, other)] == [True, False]
    assert [fits("multiplier", e) for e in (regression, other)] == [True, True]
