"""The answer of real findings, and what stands beside it."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from importlib import import_module

import pytest

from evalkit import report
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.answer import basis, caution, how_sure, meaning, range_text
from evalkit.report.block import FINDING_MIME, SUMMARY_MIME
from evalkit.report.rounds import earlier_rounds, round_in_words


def test_randomised_but_wide_interval(saved: Finding):
    answer = (
        "现有数据不能判断“莫桑比克灌溉协会储蓄与金融项目”使试点协会截至第四季度已存款的农户比例提高还是降低："
        "从降低5.7个百分点到提高46.7个百分点，都与数据相符。"
    )
    assert report.headline(saved, "zh") == answer
    assert "“Cannot tell” is not “no effect”." in caution(saved, "en")


def test_basis_counts_villages_and_households(saved: Finding):
    # 3,081 farmers, to the nearest ten
    assert basis(saved, "en").startswith(
        "3,080 farmers in 42 associations (21 pilot, 21 comparison); pilot associations were drawn by lot"
    )


def test_specialists_names_stand_in_the_details_and_not_in_the_answer(saved: Finding):
    """How the interval is made: in plain words first, by its name with degrees of freedom among the sources."""
    first = report.statement(saved).html
    assert "合理范围由每次去掉一个协会、重新估计得出，并因协会数不多而放宽" in first
    assert "comes from leaving out one association at a time and is widened for few associations" in first
    assert not re.search("CRV|自由度|degrees of freedom|刀切", first)
    df = saved.main.row("att")["df"]
    assert f"CRV3，自由度{df:.1f}" in report.provenance(saved).html


def test_p_of_a_reason_stands_under_limits_only(income: Finding):
    closed = replace(income, gate=Gate("change_only", (Reason("chosen"), Reason("pre_trend_rejected", {"p": 0.012}))))
    assert "走势已经不同。" in basis(closed, "zh")
    assert "already moved apart before the programme." in basis(closed, "en")
    assert "走势已经不同（p = 0.012）" in report.limits(closed).html
    assert "before the programme (p = 0.012)" in report.limits(closed).html


def test_rounds_before_the_start_are_counted_as_what_they_are(income: Finding):
    """Two rounds; one; and months where rounds are months."""
    assert "项目开始前有2轮的数据可以对照" in basis(income, "zh")
    assert "2 rounds before the start can be compared" in basis(income, "en")
    assert [earlier_rounds(1, income.programme, x) for x in ("zh", "en")] == ["1轮", "1 round"]
    design = income.programme.design.model_copy(update={"period": "month"})
    monthly = income.programme.model_copy(update={"design": design})
    assert [earlier_rounds(30, monthly, x) for x in ("zh", "en")] == ["30个月", "30 months"]
    assert earlier_rounds(1, monthly, "en") == "1 month"
    # month 24,192 is the first of 2016: twelve a year
    assert [round_in_words(12 * 2016, monthly, x) for x in ("zh", "en")] == ["2016年1月", "January 2016"]
    assert round_in_words(12 * 2019 + 11, monthly, "en") == "December 2019"
    assert round_in_words(2016, income.programme, "en") == "2016"


def test_what_the_range_means_and_how_it_is_made(income: Finding, saved: Finding):
    """Also where nothing relates it to a comparison mean; where no result is reported neither is said."""
    for finding in (income, saved, replace(income, comparison_mean=None)):
        first = report.statement(finding).html
        assert how_sure(finding, "zh").startswith("合理范围指95%置信区间：同样的调查做100次")
        assert how_sure(finding, "zh").endswith(range_text(finding, "zh") + "。")
        assert how_sure(finding, "en").startswith("The plausible range is a 95 % confidence interval")
        assert all(html.escape(how_sure(finding, x)) in first for x in ("zh", "en"))
    closed = replace(income, gate=Gate("not_reportable", (Reason("small_cell"),)))
    assert "置信区间" not in report.statement(closed).html


def test_nothing_is_said_of_a_comparison_mean_that_is_not_there(income: Finding, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_module("evalkit.report.answer"), "shown_comparison_mean", lambda finding: None)
    assert [meaning(income, x) for x in ("zh", "en")] == ["", ""]


def test_meaning_relates_to_the_comparison_mean(income: Finding):
    share = income.main.row("att")["estimate"] / income.comparison_mean
    assert f"{share:.1%}" in meaning(income, "en")


def test_sentence_stands_in_both_languages_of_which_the_reader_sees_one(income: Finding):
    html = report.statement(income).html
    first = html[: html.index("</div>")]
    assert '<p lang="zh">' in first
    assert '<p lang="en">' in first
    assert "always" not in html


def test_text_of_a_programme_does_nothing(saved: Finding):
    hostile = '<script>alert(1)</script>" onload="x'
    label = saved.indicator.label.model_copy(update={"zh": hostile, "en": hostile})
    plan = saved.indicator.model_copy(update={"label": label})
    finding = replace(saved, indicator=plan)
    html = report.statement(finding).html + report.means(finding).block.html + report.estimates(finding).html
    assert "<script>alert" not in html
    assert '" onload="' not in html


def test_truth_stands_beside_the_estimate_of_simulated_data_only(saved: Finding, income: Finding):
    assert report.truth(saved).html == ""
    html = report.truth(income).html
    assert f"+{income.truth['att']:.0f} yuan a year" in html


def test_without_a_result_there_is_no_estimate(saved: Finding):
    closed = replace(saved, gate=Gate("not_reportable", (Reason("few_pilot", {"n": 1}),)))
    assert report.estimates(closed).html == ""
    assert meaning(closed, "en") == ""


def test_robustness_is_named_by_its_own_method(saved: Finding):
    html = report.estimates(saved).html
    assert "comparison as assigned (with strata effects)" in html
    assert "comparison as assigned (without strata effects)" in html


def test_publish_hands_on_finding_and_summary(saved: Finding):
    data = report.publish(saved).data
    assert data[FINDING_MIME]["indicator"]["name"] == "saved_q4"
    assert data[SUMMARY_MIME]["claim"] == "effect"
    assert set(data[SUMMARY_MIME]["headline"]) == {"zh", "en"}


def test_dash_has_a_reason(income: Finding):
    html = report.flow(income).html
    assert "–" in html
    assert "pilot households are not told apart at this step" in html


def test_the_drift_that_it_bears_stands_beside_what_not_to_conclude(income: Finding):
    """0.4 of the largest move before the start, 183 yuan; where no such size is known the condition alone is told."""
    assert "的差距本来每轮就会拉开73.1元/年以上，那么是高是低都不能判断" in caution(income, "zh")
    assert (
        "drifting apart in the disposable income per head anyway, by more than 73.1 yuan a year from one round"
        in caution(income, "en")
    )
    assert income.honest is not None
    for breakdown in (None, 0.05, 10.0):
        other = replace(income, honest=replace(income.honest, breakdown=breakdown))
        assert "变化得快或慢" in caution(other, "zh")


def test_where_the_direction_is_open_the_estimate_is_no_more_than_a_guess(saved: Finding):
    assert meaning(saved, "zh") == "估计值为+20.5个百分点，但正负两边都有可能。对照协会平均为11.4%。"
    assert meaning(saved, "en").startswith("The estimate is +20.5 percentage points, but either direction is possible.")


def test_the_comparison_mean_is_said_to_be_since_the_start(income: Finding):
    assert meaning(income, "zh") == "相当于对照村项目开始后平均水平（9608元/年）的7.0%。"
