"""The figure of how large a drift the answer bears: its bars are the finding's bounds, its line is their breakdown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from evalkit import report
from evalkit.diagnostics.honest_did import Bounds, HonestDid
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.block import Block, FigureBlock
from evalkit.report.drift import fastest_before
from evalkit.report.publishable import publishable

PAYLOAD = re.compile(r'<script type="application/json">(.*?)</script>', re.S)


def with_honest(income: Finding, **changes: Any) -> Finding:
    assert income.honest is not None
    return replace(income, honest=replace(income.honest, **changes))


def html_of(finding: Finding) -> str:
    shown = report.sensitivity(finding)
    assert isinstance(shown, FigureBlock)
    return shown.block.html


def figure_of(finding: Finding) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(PAYLOAD.findall(html_of(finding))[0])
    return figure


def test_bars_are_the_bounds_of_the_finding(income: Finding):
    """From end to end, with a gap between two; the bar without drift is the event study's own average."""
    assert income.honest is not None
    same, drifted = figure_of(income)["data"]
    points = list(zip(drifted["x"], drifted["y"], strict=True))
    assert points[2::3] == [(None, None)] * 4
    ends = [
        Bounds(x, low, high) for (x, low), (again, high) in zip(points[::3], points[1::3], strict=True) if x == again
    ]
    assert tuple(ends) == income.honest.bounds
    own = income.event_study.row("att")
    assert (same["x"], same["y"]) == ([0.0], [own["estimate"]])
    assert same["y"][0] + same["error_y"]["array"][0] == pytest.approx(own["conf_high"])
    assert same["y"][0] - same["error_y"]["arrayminus"][0] == pytest.approx(own["conf_low"])


def test_the_table_beside_holds_the_same_intervals(income: Finding):
    assert income.honest is not None
    html = html_of(income)
    for bounds in income.honest.bounds:
        row = rf'<th scope="row">{bounds.largest:g}</th><td class="number">(.*?)</td>'
        zh, en = re.findall(row, html)
        assert zh.replace("−", "-") == f"{bounds.conf_low:.0f}至{bounds.conf_high:.0f}元/年"
        assert en.replace("−", "-") == f"{bounds.conf_low:,.0f} to {bounds.conf_high:,.0f} yuan a year"
    low, high = income.honest.straight
    assert f'按开始前的走向直线延续</th><td class="number">{low:.0f}至{high:.0f}元/年' in html


@pytest.mark.parametrize(
    ("breakdown", "mark", "zh", "en"),
    [
        (
            0.43,
            0.43,
            "每轮超过开始前最大一轮的0.4倍（约73.1元/年）时，就",
            "0.4 times their largest move before the start (about 73.1",
        ),
        # 0.96 is 0.9, not 1.0: at 1 the interval may hold 0
        (
            0.96,
            0.96,
            "每轮超过开始前最大一轮的0.9倍（约164元/年）时，就",
            "0.9 times their largest move before the start (about 164",
        ),
        (
            5.2,
            5.2,
            "每轮超过开始前最大一轮的5.2倍（约950元/年）时，就",
            "5.2 times their largest move before the start (about 950",
        ),
        (
            0.08,
            None,
            "两类村本来只要稍有拉开差距，就不能判断高低",
            "anyway by the least bit, higher or lower could not be told",
        ),
        (
            None,
            None,
            "两类村的差距本来不变，也不能判断高低",
            "even had the two sides not been drifting apart, higher or",
        ),
        (
            10.0,
            None,
            "每轮达到开始前最大一轮的10倍时，仍能判断高低",
            "by 10 times their largest move before the start, higher could",
        ),
    ],
)
def test_the_message_is_the_breakdown_value(
    income: Finding, breakdown: float | None, mark: float | None, zh: str, en: str
):
    """It is never rounded up; a dotted line marks it, inside the figure, where there is one."""
    finding = with_honest(income, breakdown=breakdown)
    html, layout = html_of(finding), figure_of(finding)["layout"]
    titles = re.findall(r"<figcaption><b>(.*?)</b>", html)
    assert zh in titles[0]
    assert en in titles[1]
    assert [s["x0"] for s in layout.get("shapes", [])] == ([] if mark is None else [mark])
    assert ("虚线" in html) is (mark is not None)
    low, high = layout["xaxis"]["range"]
    assert low < 0
    assert high > max(2.0, mark or 0.0)


def test_alternative_text_and_note_hold_the_numbers(income: Finding):
    assert income.honest is not None
    html = html_of(income)
    alts = re.findall(r'aria-label="([^"]*)" style', html)
    first = income.honest.bounds[0]
    assert f"0.5: −{abs(first.conf_low):.0f}至{first.conf_high:.0f}元/年" in alts[0]
    assert f"0.5: −{abs(first.conf_low):,.0f} to {first.conf_high:,.0f} yuan a year" in alts[1]
    assert f"{income.honest.n_leads}轮开始前的数据中" in html


def test_one_is_the_largest_move_before_the_start(income: Finding):
    """Leads 12 and −5 before the base, where the gap is 0: moves of 17 and 5, so 1 is 17 yuan."""
    study, base = income.event_study, -1 - income.programme.design.anticipation
    place = {t: j for j, t in enumerate(study.estimate.columns["event_time"]) if t is not None}
    leads = [t for t in sorted(place) if t < base]
    assert len(leads) == income.honest.n_leads == 2
    values = study.estimate.values.copy()
    values[[place[t] for t in leads]] = [12.0, -5.0]
    moved = replace(income, event_study=replace(study, estimate=replace(study.estimate, values=values)))
    assert fastest_before(moved, 2) == pytest.approx(17)
    assert "1倍约为17.0元/年" in html_of(moved)
    assert "1 is about 17.0 yuan a year" in html_of(moved)
    assert fastest_before(moved, 3) is None


def test_there_is_none_without_bounds_or_where_nothing_is_reported(income: Finding, saved: Finding):
    closed = replace(income, gate=Gate("not_reportable", (Reason("few_pilot", {"n": 1}),)))
    assert [report.sensitivity(f) for f in (saved, replace(income, honest=None), closed)] == [Block("")] * 3


def test_page_and_numbers_withhold_it_together(income: Finding, monkeypatch: pytest.MonkeyPatch):
    """The bounds are made from the gaps before the start: where one of these is withheld, so are they."""
    assert publishable(income)["honest"] is not None
    for name in ("shown", "publishable"):
        monkeypatch.setattr(import_module(f"evalkit.report.{name}"), "lead_withheld", lambda finding: True)
    assert report.sensitivity(income) == Block("")
    assert publishable(income)["honest"] is None


def test_a_share_is_drawn_in_percent(income: Finding):
    plan = income.indicator.model_copy(update={"unit": "share"})
    honest = HonestDid(2, (Bounds(0.5, 0.01, 0.2), Bounds(1.0, -0.05, 0.3)), 0.6, (0.02, 0.1))
    share = replace(income, indicator=plan, honest=honest)
    assert figure_of(share)["layout"]["yaxis"]["tickformat"] == ".0%"
    assert "1.0至20.0个百分点" in html_of(share)
