"""The answer of real findings, and what stands beside it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import pytest

from evalkit import report
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.block import FINDING_MIME, SUMMARY_MIME
from evalkit.report.statement import basis, caution, meaning


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


def test_what_the_range_means_is_said_where_there_is_no_comparison_mean(
    income: Finding, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(import_module("evalkit.report.statement"), "shown_comparison_mean", lambda finding: None)
    assert meaning(income, "zh").startswith("合理范围指95%置信区间")
    assert meaning(income, "en").startswith("The plausible range is a 95 % confidence interval")


def test_meaning_relates_to_the_comparison_mean(income: Finding):
    share = income.main.row("att")["estimate"] / income.comparison_mean
    assert f"{share:.1%}" in meaning(income, "en")


def test_sentence_stands_in_both_languages_at_once(income: Finding):
    html = report.statement(income).html
    first = html[: html.index("</div>")]
    assert '<p lang="zh">' in first
    assert '<p lang="en">' in first
    assert "always" in first


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
