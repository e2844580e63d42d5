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
from evalkit.inference.family_interval import FamilyInterval
from evalkit.report.block import SUMMARY_MIME, Block
from evalkit.report.overview import caution_of_all, stays
from evalkit.report.publishable import publishable
from evalkit.report.resting import sample_text
from evalkit.report.wording import LANGUAGES, words_of

CHANCE = "看的指标越多，碰巧出现差别的机会越大；同组各项一并看，仍有{}项的区间全在零的一边。"
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
    html = unescape(block_of(findings).html.split("</div>")[0])
    return {x: "\n".join(re.findall(rf'<p lang="{x}">(.*?)</p>', html)) for x in ("zh", "en")}


def test_a_change_is_counted_as_one(pair: list[Finding]) -> None:
    assert counted(pair)["zh"] == "共2项指标：2项的合理范围全在零以上。" + CHANCE.format(2)
    changed = counted([pair[0], replace(pair[1], gate=CHANGE)])
    assert changed["zh"].startswith("共2项指标：1项的合理范围全在零以上，1项只能说是变化，不能归因于项目。")
    assert changed["zh"].endswith(CHANCE.format(1))
    assert "for 1 no more than a change may be claimed" in changed["en"]


def test_the_primary_indicators_are_answered_first(pair: list[Finding]) -> None:
    """Each as on its own page; an assumption that the one before states is referred to, not said again."""
    first, second = (report.headline(f, "zh") for f in pair)
    assumed = "前提是没有项目时，试点村与对照村的变化会相同"
    assert second.endswith(f"；{assumed}。")
    assert said(pair)["zh"] == f"{first}\n{second.replace(assumed, '前提同上')}"
    assert said(pair)["en"].startswith(report.headline(pair[0], "en") + "\nThe online sales")
    changed = [replace(pair[0], gate=CHANGE), pair[1]]
    assert said(changed)["zh"] == f"{report.headline(changed[0], 'zh')}\n{second}"


def test_below_stand_the_sample_and_what_not_to_conclude(pair: list[Finding]) -> None:
    """Numbers as on the indicators' own pages, from the fewest households to the most; the weakest claim warns."""
    html = unescape(block_of(pair).html)
    assert [f.main.estimate.counts.n_clusters for f in pair] == [36, 36]
    fewest, most = sorted(10 * round(f.main.estimate.counts.n_units / 10) for f in pair)
    households = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    where = f"{households} households in 36 villages (16 pilot, 20 comparison), 2012 to 2017"
    assert f"<dd>{where}{'' if fewest == most else ', depending on the indicator'}.</dd>" in html
    assert "36个村的" in html
    assert caution_of_all(pair, "en").startswith("Never quote a sentence without its condition")
    assert f"<dd>{caution_of_all(pair, 'zh')}</dd>" in html


def test_indicators_on_different_numbers_stand_from_the_fewest_to_the_most(pair: list[Finding]) -> None:
    counts = replace(pair[1].main.estimate.counts, n_units=1203, n_clusters=30, n_treated_clusters=14)
    fewer = replace(pair[1], main=replace(pair[1].main, estimate=replace(pair[1].main.estimate, counts=counts)))
    most = f"{10 * round(pair[0].main.estimate.counts.n_units / 10)}"
    told = f"30至36个村的1200至{most}户，其中试点村14至16个、对照村20个，2012至2017年的数据，各项指标不同"
    assert sample_text([pair[0], fewer], "zh") == told


def test_what_not_to_conclude_goes_by_the_weakest_claim(pair: list[Finding]) -> None:
    """All of them changes; changes beside what rests on an assumption; drawn by lot; nothing reported."""
    gates = {
        "all_change": [CHANGE, CHANGE],
        "all_mixed": [CHANGE, pair[1].gate],
        "all_effect": [Gate("effect", (Reason("randomised"),))] * 2,
        "not_reportable": [Gate("not_reportable", (Reason("few_pilot", {"n": 1}),))] * 2,
    }
    for key, closed in gates.items():
        findings = [replace(f, gate=g) for f, g in zip(pair, closed, strict=True)]
        for lang in LANGUAGES:
            assert caution_of_all(findings, lang).startswith(words_of(findings[0], lang).caution[key])
    assert "households in" not in block_of(findings).html


def test_an_open_direction_is_not_called_none(pair: list[Finding]) -> None:
    low = replace(pair[0].main, conf_low=-abs(pair[0].main.conf_low))
    assert "“不能判断”不等于“没有影响”。" in caution_of_all([replace(pair[0], main=low)], "zh")
    assert "“不能判断”" not in caution_of_all(pair, "zh")


def test_without_a_primary_indicator_they_are_counted(pair: list[Finding]) -> None:
    plans = [f.indicator.model_copy(update={"role": "secondary"}) for f in pair]
    secondary = [replace(f, indicator=plan) for f, plan in zip(pair, plans, strict=True)]
    assert said(secondary)["zh"].startswith("共2项指标：2项的合理范围全在零以上。")


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


def test_what_stays_is_counted_by_the_intervals_of_the_figure(pair: list[Finding]) -> None:
    """A thin bar across zero, or without an end, does not count; alone in its family the indicator's own decides."""
    kept, across = FamilyInterval(3, 0.95, 0.983, 1.0, 2.0), FamilyInterval(3, 0.95, 0.983, -1.0, 2.0)
    open_ended = FamilyInterval(3, 0.95, 0.983, None, None)
    assert [stays(replace(pair[0], in_family=f)) for f in (kept, across, open_ended, None)] == [
        True,
        False,
        False,
        True,
    ]
    assert counted([replace(pair[0], in_family=across), pair[1]])["zh"].endswith(CHANCE.format(1))
    none = counted([replace(f, in_family=across) for f in pair])
    assert none["zh"].endswith("同组各项一并看，没有一项的区间全在零的一边。")
    assert none["en"].endswith("taken together, none has an interval on one side of zero.")
