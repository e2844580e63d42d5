"""The programme page's one sentence and figure: what may only be called a change counts as no difference."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

import evalkit
from evalkit import report
from evalkit.evidence import evidence_of
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason, open_gate
from evalkit.inference import InFamily
from evalkit.report.block import SUMMARY_MIME, Block
from evalkit.report.publishable import publishable

CHANGE = Gate("change_only", (Reason("chosen"), Reason("pre_trend_rejected", {"p": 0.01})))


@pytest.fixture(scope="module")
def pair(root) -> list[Finding]:
    programme = evalkit.load(root / "data_raw" / "suqian_ecommerce")
    return [evalkit.evaluate(programme, n) for n in ("disposable_income_pc_yuan", "online_sales_yuan")]


def block_of(findings: list[Finding]) -> Block:
    adjusted = [InFamily(2, 0.01, None, 0.01)] * len(findings)
    return report.overview_headline(findings[0].programme, findings, adjusted, {})


def counted(findings: list[Finding]) -> dict[str, str]:
    """Return the sentence of the list, which the page has below its answers."""
    block = block_of(findings)
    found: dict[str, str] = block.data[SUMMARY_MIME]["headline"]
    assert all(f">{text}</p>" in unescape(block.html) for text in found.values())
    return found


def said(findings: list[Finding]) -> dict[str, str]:
    """Return what the page says first."""
    return {x: unescape(re.search(rf'<p lang="{x}">(.*?)</p>', block_of(findings).html)[1]) for x in ("zh", "en")}


def test_a_change_is_counted_as_one(pair: list[Finding]) -> None:
    assert counted(pair)["zh"] == "共2项指标：2项的区间全在零以上。在同一组指标内校正后（Holm法），2项的p值低于0.05。"
    changed = counted([pair[0], replace(pair[1], gate=CHANGE)])
    assert changed["zh"].startswith("共2项指标：1项的区间全在零以上，1项只能说是变化，不能归因于项目。")
    assert changed["zh"].endswith("1项的p值低于0.05。")
    assert "1 may only be called changes" in changed["en"]


def test_the_primary_indicators_are_answered_first(pair: list[Finding]) -> None:
    """Each as on its own page; an assumption that the one before states is referred to, not said again."""
    first, second = (report.headline(f, "zh") for f in pair)
    assumed = "假定没有项目时，试点村与对照村的变化会相同"
    assert second.startswith(assumed)
    assert said(pair)["zh"] == f"{first}<br>{second.replace(assumed, '同样假定如此')}"
    assert said(pair)["en"].startswith(report.headline(pair[0], "en") + "<br>If the same holds, then the online sales")
    changed = [replace(pair[0], gate=CHANGE), pair[1]]
    assert said(changed)["zh"] == f"{report.headline(changed[0], 'zh')}<br>{second}"


def test_without_a_primary_indicator_they_are_counted(pair: list[Finding]) -> None:
    plans = [f.indicator.model_copy(update={"role": "secondary"}) for f in pair]
    secondary = [replace(f, indicator=plan) for f, plan in zip(pair, plans, strict=True)]
    assert said(secondary)["zh"].startswith("共2项指标：2项的区间全在零以上。")


def test_the_figure_leaves_changes_out_and_says_so(pair: list[Finding]) -> None:
    three = [pair[0], replace(pair[1], gate=CHANGE), pair[0]]
    figure = report.forest(three)
    assert "未列入：户均网络销售额" in figure.block.html


def test_a_way_that_no_indicator_has_takes_no_column(pair: list[Finding]) -> None:
    without = report.overview_notes(pair, [InFamily(2, 0.01, None, 0.01)] * 2, {}).html
    having = report.overview_notes(pair, [InFamily(2, 0.01, 0.02, 0.01)] * 2, {}).html
    assert "按村重抽" not in without
    assert "后两列各答一个问题" in without
    assert "按村重抽" in having
    assert "后三列各答一个问题" in having


def _for(audience: str, lone: Finding) -> Finding:
    """Return the finding of a single pilot village as it is evaluated for an audience."""
    limits = lone.programme.disclosure.model_copy(update={"audience": audience})
    programme = lone.programme.model_copy(update={"disclosure": limits})
    evidence = evidence_of(programme, lone.main, None, None, lone.cells, lone.match)
    return replace(lone, programme=programme, gate=open_gate(evidence))


def test_a_single_pilot_village_is_told_and_linked_inside_only(lone: Finding):
    """Its own page is internal; the programme's page, which is public, tells no number of it and links nowhere."""
    assert lone.programme.disclosure.min_villages == 1
    shown = {audience: _for(audience, lone) for audience in ("internal", "public")}
    pages = {a: report.overview_table([f]).html + block_of([f]).html for a, f in shown.items()}
    assert [a for a, page in pages.items() if 'href="impact-sales_yuan.html"' in page] == ["internal"]
    amount = f"{lone.main.row('att')['estimate']:.1f}"
    assert [a for a, page in pages.items() if amount in page] == ["internal"]
    assert amount not in report.headline(shown["public"], "en")
    assert publishable(shown["public"])["main"] is None
