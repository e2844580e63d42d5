"""Poverty at a line: by hand, against its definition on the simulated panel, and on a finding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit
from evalkit.indicators import build
from evalkit.indicators.poverty import POWERS, poverty
from evalkit.programme import IndicatorPlan

DATA = Path(__file__).parents[2] / "data_raw"


def _plan(name: str, line: float | None = 6000) -> IndicatorPlan:
    label = {"zh": "贫困发生率", "en": "Share of households in poverty"}
    return IndicatorPlan(
        name=name,
        label=label,  # type: ignore[arg-type]
        domain="income",
        unit="share",
        family="poverty",
        better="lower",
        estimator="did",
        poverty_line=line,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("poverty_headcount", [1, 1, 0, 0, None]),
        ("poverty_gap", [1, 0.25, 0, 0, None]),
        ("poverty_severity", [1, 0.0625, 0, 0, None]),
    ],
)
def test_by_hand(name: str, expected: list[float | None]) -> None:
    """Line 6,000: nothing at all, 4,500 (a quarter short), the line itself (not poor), above it, unknown."""
    incomes = pl.Series([0.0, 4500.0, 6000.0, 9000.0, None])
    assert poverty(incomes, _plan(name)).to_list() == expected


def test_the_line_is_in_constant_prices() -> None:
    """5,500 yuan of 2015 at an index of 110 are 5,000 of 2012: poor by a sixth, though 5,500 nominal is less short."""
    programme = evalkit.load(DATA / "suqian_ecommerce")
    row = {
        "wage_income_yuan": 11_000.0,
        "business_net_income_yuan": 0.0,
        "property_net_income_yuan": 0.0,
        "transfer_net_income_yuan": 0.0,
        "resident_members": 2,
        "year": 2015,
    }
    prices = pl.DataFrame({"time": [2012, 2015], "index": [100.0, 110.0]})
    found = build(pl.DataFrame([row]), _plan("poverty_gap"), programme, prices)
    assert found.to_list() == pytest.approx([1 / 6])


def test_a_line_is_needed() -> None:
    with pytest.raises(evalkit.PlanError, match="poverty_line is missing"):
        poverty(pl.Series([1.0]), _plan("poverty_gap", None))


@given(st.lists(st.floats(0, 50_000), min_size=1, max_size=50), st.floats(100, 20_000))
def test_measures_are_ordered_and_need_no_unit(incomes: list[float], line: float) -> None:
    """Each power is at most the one before, and counting in 万元 instead of yuan changes nothing."""
    series = pl.Series(incomes)
    measures = [poverty(series, _plan(name, line)).to_numpy() for name in POWERS]
    assert (measures[0] >= measures[1]).all()
    assert (measures[1] >= measures[2]).all()
    again = poverty(series / 1e4, _plan("poverty_severity", line / 1e4)).to_numpy()
    assert again == pytest.approx(measures[2], abs=1e-9)


def test_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's indicator is the share of households below the line in the income indicator's own panel."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    programme = evalkit.load(DATA / "suqian_ecommerce")
    programme = programme.model_copy(update={"indicators": (*programme.indicators, _plan("poverty_headcount"))})
    finding = evalkit.evaluate(programme, "poverty_headcount")
    income = evalkit.Panel.from_programme(programme, "disposable_income_pc_yuan").frame
    poor = evalkit.Panel.from_programme(programme, "poverty_headcount").frame["poverty_headcount"].to_numpy()
    assert poor == pytest.approx((income["disposable_income_pc_yuan"].to_numpy() < 6000).astype(np.float64))
    row = finding.main.row("att")
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert finding.indicator.unit == "share"
