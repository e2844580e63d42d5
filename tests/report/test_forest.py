"""The forest's axis: an interval that would squeeze all others ends in an arrow, and the text says which."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from scipy.stats import t as student

from evalkit.finding import Finding
from evalkit.inference.family_interval import FamilyInterval
from evalkit.report.forest import EDGE, forest, reach_of
from tests.report.test_figures import PAYLOAD


def around(*reaches: float) -> list[tuple[float, float, float]]:
    return [(r / 2, 0.0, r) for r in reaches]


def test_reach_by_hand() -> None:
    """10, 12, 20 and 240 %: 240 is 12 times 20, so the axis ends at 1.15 · 20 = 23 %."""
    assert reach_of(around(0.10, 0.12, 0.20, 2.40)) == pytest.approx(0.23)


@pytest.mark.parametrize("reaches", [(0.1, 0.2, 0.6), (0.1, 5.0), (0.01, 0.2, 0.25, 0.3), (0.0, 0.0, 0.2)])
def test_the_axis_holds_all_where_none_squeezes(reaches: tuple[float, ...]) -> None:
    """Three times as far is not farther; of two neither is the odd one; a short interval among long ones stays."""
    assert reach_of(around(*reaches)) is None


def test_an_arrow_marks_what_is_beyond(income: Finding) -> None:
    far = replace(income, comparison_mean=income.comparison_mean / 20)
    plan = income.indicator.model_copy(update={"label": income.indicator.label.model_copy(update={"zh": "远的"})})
    html = forest([income, income, replace(far, indicator=plan)]).block.html
    figure = json.loads(PAYLOAD.findall(html)[0])
    arrow = figure["data"][2]
    assert (arrow["marker"]["symbol"], arrow["y"]) == ("triangle-right", [1])
    assert figure["layout"]["xaxis"]["range"][1] == pytest.approx(arrow["x"][0] * EDGE)
    assert "▶ 表示超出图幅，数值见表：远的" in html
    assert "3项指标与对照村均值相比的差别：3项的合理范围全在零以上" in html


def test_each_family_s_interval_lies_behind_its_own(income: Finding) -> None:
    """The programme has three main indicators: behind an interval of 95 % lies one of 1 − .05/3, thinner, with caps."""
    html = forest([income, income]).block.html
    behind, own = json.loads(PAYLOAD.findall(html)[0])["data"]
    reach = {k: behind["error_x"][k][0] / own["error_x"][k][0] for k in ("array", "arrayminus")}
    df = income.main.row("att")["df"]
    ratio = student.ppf(1 - 0.025 / 3, df) / student.ppf(0.975, df)
    assert list(reach.values()) == pytest.approx([ratio, ratio], rel=1e-9)
    assert (behind["error_x"]["width"], own["error_x"]["width"]) == (5, 0)
    assert own["error_x"]["thickness"] > behind["error_x"]["thickness"]
    assert "同组一并看的95%区间" in html


def test_a_family_of_one_or_without_limits_says_so(income: Finding) -> None:
    none = FamilyInterval(3, 0.95, 1 - 0.05 / 3, None, None)
    html = forest([replace(income, in_family=none), replace(income, in_family=None)]).block.html
    assert len(json.loads(PAYLOAD.findall(html)[0])["data"]) == 1
    assert "可比的组合太少，定不出界限" in html
    assert "本组只有这一项" in html
    assert "同组" not in forest([replace(income, in_family=None)] * 2).block.html
