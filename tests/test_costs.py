"""Cost of each yuan gained: by hand, with open ends, and only where a gain may be claimed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evalkit
from evalkit import report
from evalkit.costs import cost_per_gain
from evalkit.errors import PlanError
from evalkit.finding import Finding
from evalkit.programme import Cost, CostEffectiveness

FOLDER = Path(__file__).parents[1] / "data_raw" / "suqian_ecommerce"
NAME = "disposable_income_pc_yuan"
COSTS = (Cost(item="a", amount_yuan=100, year=2014, range=(80, 130)), Cost(item="b", amount_yuan=100, year=2015))


@pytest.fixture(scope="module")
def finding() -> Finding:
    found = evalkit.evaluate(evalkit.load(FOLDER), NAME)
    stated = {"costs": COSTS, "cost_effectiveness": CostEffectiveness(indicator=NAME, unit_years=10)}
    return replace(found, programme=found.programme.model_copy(update=stated))


def with_effect(finding: Finding, value: float, low: float, high: float) -> Finding:
    estimate = replace(finding.main.estimate, values=np.full_like(finding.main.estimate.values, value))
    ends = {
        "conf_low": np.full_like(finding.main.conf_low, low),
        "conf_high": np.full_like(finding.main.conf_high, high),
    }
    return replace(finding, main=replace(finding.main, estimate=estimate, **ends))


def test_by_hand(finding: Finding) -> None:
    """Cost 200 (180 to 230), effect 4 (2 to 5) for 10 unit-years: 200/40 = 5, 180/50 = 3.6, 230/20 = 11.5."""
    found = cost_per_gain(with_effect(finding, 4, 2, 5))
    assert found is not None
    assert (found.cost, found.cost_range) == (200, (180, 230))
    assert (found.value, found.low, found.high) == pytest.approx((5, 3.6, 11.5))


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (0, 5)])
def test_no_upper_end_where_nothing_may_have_been_gained(finding: Finding, low: float, high: float) -> None:
    open_ended = with_effect(finding, 4, low, high)
    found = cost_per_gain(open_ended)
    assert found is not None
    assert math.isinf(found.high)
    assert "没有上限" in report.costs([open_ended]).html


def test_a_loss_has_no_cost_of_gain(finding: Finding) -> None:
    found = cost_per_gain(with_effect(finding, -4, -5, -2))
    assert found is not None
    assert math.isinf(found.value)
    assert "there is no cost of each yuan gained" in report.costs([with_effect(finding, -4, -5, -2)]).html


def test_where_only_a_change_is_known_there_is_no_such_number(finding: Finding) -> None:
    changed = replace(finding, gate=replace(finding.gate, claim="change_only"))
    assert "不能计算每多1元投入了多少" in report.costs([changed]).html


def test_only_where_asked(finding: Finding) -> None:
    other = replace(finding, indicator=finding.programme.indicator("online_sales_yuan"))
    assert cost_per_gain(other) is None
    nothing = finding.programme.model_copy(update={"costs": (), "cost_effectiveness": None})
    assert report.costs([replace(finding, programme=nothing)]).html == ""


def test_mistakes_in_the_plan_are_told(tmp_path: Path) -> None:
    text = (FOLDER / "programme.toml").read_text(encoding="utf-8")
    broken = text.replace(
        '[cost_effectiveness]\nindicator  = "disposable', '[cost_effectiveness]\nindicator  = "isposable'
    )
    (tmp_path / "programme.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(PlanError, match=r"\[cost_effectiveness\] names 'isposable_income_pc_yuan', no indicator"):
        evalkit.load(tmp_path)
