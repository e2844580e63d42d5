"""Drifts as large as before the start: published numbers, by hand, and coverage where the plug-in has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtri

import evalkit
from evalkit import Design, Moments
from evalkit.diagnostics.honest_did import MOST, honest_did, paths_of
from evalkit.inference.contributions import contributions
from evalkit.inference.relative_magnitudes import Paths, _largest_of_two, relative_magnitudes
from evalkit.inference.smoothness import smoothness, worst_bias
from tests.small_panels import village_panel

PUBLISHED = 1e-3
"""HonestDiD's grid has steps of 4e-4, and its standard errors another small-sample factor (.3 %)."""
DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")


@pytest.fixture(scope="module")
def ehec(cases: Path) -> Paths:
    """Return the README's example: states that expand Medicaid in 2014 or not until 2015, and the effect in 2014."""
    rows = pl.read_parquet(cases / "ehec.parquet").filter(
        (pl.col("year") < 2016) & (pl.col("yexp2").is_null() | (pl.col("yexp2") != 2015))
    )
    rows = rows.with_columns(first=pl.when(pl.col("yexp2") == 2014).then(2014).otherwise(0))
    design = Design(unit="stfips", cluster="stfips", time="year", first_treated="first")
    study = evalkit.infer(evalkit.event_study(Moments.from_frame(rows, design=design, outcomes=["dins"])), "crv1")
    used = [study.estimate.terms.index(f"event_time={k}") for k in (-6, -5, -4, -3, -2, 0)]
    moved = contributions(study)[:, used]
    return Paths(
        study.estimate.values[used[:-1]], float(study.estimate.values[used[-1]]), moved.T @ moved, np.array([1.0])
    )


@pytest.mark.parametrize(
    ("largest", "ends"),
    [(0.5, (0.0240, 0.0672)), (1.0, (0.0170, 0.0720)), (1.5, (0.00824, 0.0797)), (2.0, (-0.000916, 0.0881))],
)
def test_published_relative_magnitudes(ehec: Paths, largest: float, ends: tuple[float, float]) -> None:
    assert relative_magnitudes(ehec, largest) == pytest.approx(ends, abs=PUBLISHED)


@pytest.mark.parametrize(
    ("bend", "ends"), [(0.0, (0.0259, 0.0607)), (0.01, (0.0132, 0.0787)), (0.02, (0.00286, 0.0907))]
)
def test_published_smoothness(ehec: Paths, bend: float, ends: tuple[float, float]) -> None:
    assert smoothness(ehec, bend) == pytest.approx(ends, abs=PUBLISHED)


ONE = Paths(np.array([0.5]), 2.0, np.diag([0.04, 0.09]), np.array([1.0]))


def test_a_straight_line_through_one_lead_by_hand() -> None:
    """The lead lies one round before the base: the line is −.5 a round, so 2 + .5 ± 1.96 √(.04 + .09)."""
    half = float(ndtri(0.975)) * 0.13**0.5
    assert smoothness(ONE, 0.0) == pytest.approx((2.5 - half, 2.5 + half), rel=1e-9)


def test_no_drift_is_the_usual_interval() -> None:
    """With M̄ = 0 the moments are ±t: |t| > Φ⁻¹(.5 + .9548 · (.9974 − .5)) = 1.9593, where 2.8 is the first stage's."""
    assert relative_magnitudes(ONE, 0.0) == pytest.approx((2 - 1.9593 * 0.3, 2 + 1.9593 * 0.3), abs=2e-4)


def test_reach_and_bias_by_hand() -> None:
    """Three rounds counted alike: steps of one give 1, 2, 3, on average 2. A bend after round 1 adds 1/3 and 2/3."""
    paths = Paths(np.array([0.0]), 0.0, np.eye(2), np.full(3, 1 / 3))
    assert paths.reach == pytest.approx(2)
    assert worst_bias(paths, np.array([0.0])) == pytest.approx((1 + 2) / 3 + 1 / 3)
    assert worst_bias(paths, np.array([2.0])) == pytest.approx(1 + 1 / 3 + 2)  # a bend at the base moves the lead by 1


def test_larger_drifts_give_longer_intervals() -> None:
    found = [relative_magnitudes(ONE, m) for m in (0.0, 0.5, 1.0, 2.0)]
    lows, highs = zip(*found, strict=True)
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)


def test_the_plug_in_does_not_cover_and_this_does() -> None:
    """One step of 3 before the base and one twice as large after it, all errors 1; the truth is 0.

    Taking the observed step as known, the end misses where ε_effect − 2ε_step > 1.96: 19 % of draws. diff-diff's
    relative magnitudes are of that kind.
    """
    rng = np.random.default_rng(5)
    covers, plug_in, draws = 0, 0, 400
    for _ in range(draws):
        step, effect = 3 + rng.normal(), 6 + rng.normal()
        paths = Paths(np.array([-step]), effect, np.eye(2), np.array([1.0]))
        low, high = relative_magnitudes(paths, 2.0)
        covers += low <= 0 <= high
        plug_in += abs(effect) <= 2 * abs(step) + 1.96
    assert plug_in / draws < 0.87
    assert covers / draws > 0.92


def _study(method: str, adoption: list[int] | None = None, *, rounds: int = 6) -> evalkit.Inference:
    rows = village_panel(4, adoption or [4] * 6 + [0] * 8, rounds=rounds, households=6, missing=0.1)
    return evalkit.infer(evalkit.event_study(Moments.from_frame(rows, design=DESIGN, outcomes=["y"])), method)


@pytest.mark.parametrize("method", ["crv1", "crv2", "crv3", "jackknife"])
def test_from_an_event_study(method: str) -> None:
    """Leads −3 and −2; att over event times 0, 1, 2; intervals nest, and the breakdown is where 0 comes in."""
    study = _study(method)
    found = honest_did(study)
    assert found is not None
    assert found.n_leads == 2
    paths = paths_of(study)
    assert paths is not None
    assert paths.effect == study.row("att")["estimate"]
    assert paths.shares.sum() == pytest.approx(1)
    assert len(paths.shares) == 3
    assert [b.conf_low for b in found.bounds] == sorted((b.conf_low for b in found.bounds), reverse=True)
    row = study.row("att")
    half = (row["conf_high"] - row["conf_low"]) / 2
    low, high = relative_magnitudes(paths, 0.0)
    assert (high - low) / 2 == pytest.approx(half, rel=0.002)
    if found.breakdown is not None and found.breakdown < MOST:
        ends = relative_magnitudes(paths, found.breakdown + 0.02)
        assert ends[0] <= 0 <= ends[1]


def test_where_there_is_none() -> None:
    assert honest_did(_study("wild")) is None  # no covariance
    assert honest_did(_study("crv1", [2] * 6 + [0] * 8)) is None  # no round before the base
    rows = village_panel(4, [5] * 6 + [0] * 8, rounds=8, households=6, missing=0.0).filter(pl.col("round") != 6)
    gap = evalkit.event_study(Moments.from_frame(rows, design=DESIGN, outcomes=["y"]))
    assert honest_did(evalkit.infer(gap, "crv1")) is None  # rounds after the base that are not one apart


@pytest.mark.parametrize(("villages", "is_there"), [(12, True), (11, False)])
def test_there_are_two_villages_for_each_lead_and_the_effect(villages: int, is_there: bool) -> None:
    """Five leads (−6 to −2) and the effect: twelve villages at least; with fewer none, rather than a short one."""
    found = honest_did(_study("crv1", [7] * 5 + [0] * (villages - 5), rounds=8))
    assert (found is not None) is is_there
    assert found is None or found.n_leads == 5


def test_a_gap_before_the_base_ends_the_leads() -> None:
    rows = village_panel(4, [5] * 6 + [0] * 8, rounds=6, households=6, missing=0.0).filter(pl.col("round") != 2)
    study = evalkit.infer(evalkit.event_study(Moments.from_frame(rows, design=DESIGN, outcomes=["y"])), "crv1")
    found = honest_did(study)
    assert found is not None
    assert found.n_leads == 1  # event time −2; −4 stands beyond the gap


@pytest.mark.parametrize(("correlation", "quantile"), [(0.0, 1.954508), (-1.0, 1.959964), (1.0, 1.644854)])
def test_the_larger_of_two_normals(correlation: float, quantile: float):
    """95 %: of independent ones Φ(c)² = .95, Φ(c) = .974679; of opposite ones |z| ≤ 1.96; of equal ones 1.645."""
    assert _largest_of_two(correlation, 0.95) == pytest.approx(quantile, abs=1e-6)
