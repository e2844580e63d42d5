"""The specification curve and the balance before the start: what is on them, what is not, and what they say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from evalkit import report
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.block import FigureBlock
from evalkit.report.specifications import shown_specifications

PAYLOAD = re.compile(r'<script type="application/json">(.*?)</script>', re.S)


def drawn(figure: FigureBlock) -> dict:
    return json.loads(PAYLOAD.findall(figure.block.html)[0])


def test_the_curve_is_sorted_and_marks_the_plan_s_way(income: Finding) -> None:
    rows = shown_specifications(income)
    assert [r["estimate"] for r in rows] == sorted(r["estimate"] for r in rows)
    assert [r["estimator"] for r in rows if r["is_main"]] == ["group_time"]
    assert {r["estimator"] for r in rows} == {"group_time", *dict(income.robustness)}


def test_the_title_counts_the_sides_of_zero(income: Finding) -> None:
    n = len(shown_specifications(income))
    name, result = income.robustness[0]
    across = replace(result, conf_low=-np.abs(result.estimate.values), conf_high=np.abs(result.estimate.values) * 3)
    html = report.specifications(replace(income, robustness=((name, across), *income.robustness[1:]))).block.html
    assert f"{n}种算法：{n - 1}种的区间全在零以上，1种的区间跨过零" in html
    assert f"in {n - 1} the interval lies above zero; in 1 the interval lies on both sides of zero" in html


def test_the_curve_holds_zero_and_all_intervals(income: Finding) -> None:
    figure = drawn(report.specifications(income))
    assert figure["layout"]["xaxis"]["zeroline"] is True
    assert sum(len(trace["x"]) for trace in figure["data"]) == len(shown_specifications(income))


@pytest.mark.parametrize("kept", [0, 1])
def test_two_ways_are_no_curve(income: Finding, kept: int) -> None:
    assert report.specifications(replace(income, robustness=income.robustness[:kept])).html == ""


def test_no_curve_without_a_result(income: Finding) -> None:
    closed = replace(income, gate=Gate("not_reportable", (Reason("few_pilot", {"n": 1}),)))
    assert report.specifications(closed).html == ""


def test_balance_is_of_the_means_before(income: Finding) -> None:
    figure = drawn(report.balance([income, income]))
    pilot, comparison = (income.cells.row(arm).before for arm in ("pilot", "comparison"))
    assert figure["data"][0]["x"] == pytest.approx([pilot / comparison - 1] * 2, rel=1e-3)
    assert "none of 2 indicators" not in report.balance([income, income]).block.html


def test_a_withheld_arm_is_withheld_in_the_balance(income: Finding) -> None:
    limits = income.programme.disclosure.model_copy(update={"min_households": 100_000})
    held = replace(income, programme=income.programme.model_copy(update={"disclosure": limits}))
    assert report.balance([held, held, income]).html == ""


def test_a_cross_section_has_no_balance(saved: Finding, income: Finding) -> None:
    assert report.balance([saved, income]).html == ""
