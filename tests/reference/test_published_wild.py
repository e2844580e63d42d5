"""Published p-values of the wild cluster bootstrap, within the Monte-Carlo error of both sides."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, Panel

DRAWS = 9999
"""Those of the authors (Stata's boottest) and ours."""
SAVED = [f"bp_v{q}_d_saved_cumul" for q in (1, 2, 3, 4)]
BOX = [f"bp_v{q}_boxvalue_cumul" for q in (1, 2, 3, 4)]
PUBLISHED = {
    False: dict(zip([*SAVED, *BOX], [0.144, 0.094, 0.073, 0.021, 0.351, 0.427, 0.251, 0.107], strict=True)),
    True: dict(zip([*SAVED, *BOX], [0.499, 0.443, 0.340, 0.099, 0.831, 0.668, 0.977, 0.459], strict=True)),
}
"""Table A13 of Christian et al. (2022), without and with province effects."""
INTERVALS = {
    (SAVED[0], False): (-0.010, 0.170),
    (SAVED[3], False): (0.098, 0.488),
    (SAVED[1], True): (-0.063, 0.172),
    (BOX[3], False): (-38.0, 3367.0),
}
"""90 % intervals of the same table."""


@pytest.fixture(scope="module")
def moments(cases: Path) -> Moments:
    rows = pl.read_parquet(cases / "moz_savings_full.parquet")
    columns = {"unit": "hhid", "cluster": "associd", "treatment": "treatment", "strata": "prov"}
    design = Design(**columns, assignment="randomised", assigned_to="cluster")
    return Moments.from_frame(rows, design=design, outcomes=[*SAVED, *BOX])


@pytest.mark.parametrize("outcome", [*SAVED, *BOX])
@pytest.mark.parametrize("provinces", [False, True])
def test_moz_savings(moments: Moments, outcome: str, provinces: bool) -> None:
    """Within 3·√(p(1 − p)(1/9,999 + 1/9,999)), and half a unit of the last printed digit."""
    printed = PUBLISHED[provinces][outcome]
    estimate = evalkit.itt(moments, outcome, strata=provinces)
    p = evalkit.infer(estimate, "wild", draws=DRAWS, seed=1).row("att")["p_value"]
    assert abs(p - printed) <= 3 * (printed * (1 - printed) * (1 / DRAWS + 1 / DRAWS)) ** 0.5 + 0.0005


@pytest.mark.parametrize(("outcome", "provinces"), INTERVALS)
def test_moz_savings_intervals(moments: Moments, outcome: str, provinces: bool) -> None:
    """Ends by inversion at 90 %: p = .10 ± .009 there (3 Monte-Carlo errors of both), some 3 % of the half-length."""
    low, high = INTERVALS[outcome, provinces]
    estimate = evalkit.itt(moments, outcome, strata=provinces)
    row = evalkit.infer(estimate, "wild", level=0.9, draws=DRAWS, seed=1).row("att")
    allowed = 0.04 * (high - low) / 2
    assert row["conf_low"] == pytest.approx(low, abs=allowed)
    assert row["conf_high"] == pytest.approx(high, abs=allowed)


def test_voters(cases: Path) -> None:
    """README of fwildclusterboot: t 3.983, p .001, interval [.039, .119], with 9,999 draws of R's generator.

    The printed p is right to half a unit of .001, and both sides have a Monte-Carlo error: 3·√(.001·.999·2/9,999).
    """
    factors = [pl.col(name).cast(pl.String) for name in ("Q1_immigration", "Q2_defense")]
    rows = pl.read_parquet(cases / "voters.parquet").with_columns(*factors)
    names = ["log_income", "Q1_immigration", "Q2_defense"]
    design = Design(unit="ID", cluster="group_id1", treatment="treatment")
    panel = Panel.from_frame(rows, design=design, outcome="proposition_vote", covariates=names)
    estimate = evalkit.itt(panel, covariates=names)
    row = evalkit.infer(estimate, "wild", draws=DRAWS, seed=1).row("att")
    assert evalkit.infer(estimate, "crv1").row("att")["statistic"] == pytest.approx(3.983, abs=0.0005)
    assert abs(row["p_value"] - 0.001) <= 0.0005 + 3 * (0.001 * 0.999 * 2 / DRAWS) ** 0.5
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((0.039, 0.119), abs=0.0015)
    assert (row["n_obs"], row["n_clusters"]) == (300, 40)
