"""The page of an article's figures says no more than the gate allows, in both languages, and hides nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.claims import Audit, audit, read_claims
from evalkit.cli import main
from evalkit.finding import Finding
from evalkit.gate import CLAIMS, Gate, Reason
from evalkit.report.claim_words import beside, claim_rows, first_sentence, is_told_in_full, period_text, result_sentence
from evalkit.report.claims import claims_figures, claims_headline, claims_values
from evalkit.report.statement import headline
from evalkit.report.wording import LANGUAGES, WORDS
from tests.claims.conftest import PROGRAMMES

CAUSAL = {
    "zh": re.compile(r"”使试点村|有影响|带动了|促进|使.{0,6}(增加|提高)|显著"),
    "en": re.compile(r"\braised\b|\blowered\b|\beffect of\b|thanks to|\bled to\b|because of|significan", re.I),
}
REASONS = {
    "effect": ("randomised",),
    "effect_at_cutoff": ("at_cutoff",),
    "effect_if_parallel_trends": ("chosen",),
    "effect_if_assumed": ("chosen", "no_pre_period"),
    "change_only": ("chosen", "no_comparison"),
    "not_reportable": ("chosen",),
}


@pytest.fixture(scope="session")
def audited(root: Path) -> dict[str, Audit]:
    return {name: audit(read_claims(root / "data_raw" / name)) for name in PROGRAMMES}


@pytest.mark.parametrize("name", PROGRAMMES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_sentence_about_an_article_says_what_a_programme_changed(audited: dict[str, Audit], name: str, lang: str):
    checked = audited[name]
    told = [first_sentence(checked, lang), *(result_sentence(r, checked, lang) for r in checked.results)]
    told += [value for c in checked.reported.claims for _, value in claim_rows(c, checked, {}, lang)]
    assert [text for text in told if CAUSAL[lang].search(text)] == []
    assert all(text and "{" not in text for text in told)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("claim", CLAIMS)
def test_the_sentence_beside_a_claim_is_the_one_that_the_gate_allows(
    audited: dict[str, Audit], income: Finding, claim: str, lang: str
):
    gated = replace(income, gate=Gate(claim, tuple(Reason(r) for r in REASONS[claim])))
    figure = audited["suqian_ecommerce"].reported.claim("attributed")
    told = beside(figure, {figure.indicator: gated}, lang)
    assert headline(gated, lang) in told
    rest = told.replace(headline(gated, lang), "")
    assert CAUSAL[lang].search(rest) is None
    assert WORDS[lang].reported["beside_simulated"].strip() in told
    shows = claim != "not_reportable"
    assert ("95%" in rest) is shows


@pytest.mark.parametrize("lang", LANGUAGES)
def test_real_data_are_not_called_simulated(audited: dict[str, Audit], saved: Finding, lang: str):
    figure = audited["suqian_ecommerce"].reported.claim("attributed")
    told = beside(figure.model_copy(update={"indicator": "saved_q4"}), {"saved_q4": saved}, lang)
    assert WORDS[lang].reported["beside_simulated"] not in told


def test_what_no_indicator_estimates_is_said_so(audited: dict[str, Audit]):
    figure = audited["ningxia_post"].reported.claims[0].model_copy(update={"indicator": None})
    assert beside(figure, {}, "zh") == "没有指标估计这个数。"


def test_the_answer_counts_kinds_and_comparisons(audited: dict[str, Audit]):
    told = first_sentence(audited["ningxia_post"], "zh")
    assert told == (
        "文章报了1个数，其中1个写成结果或归因，都没有附比较，单凭文章不能说明项目带来了什么。"
        "这些数是：结果1个。没有可以互相核对的数。"
    )


@pytest.mark.parametrize(
    ("period", "zh", "en"),
    [
        ("2016", "2016年", "2016"),
        ("/--08-02", "截至8月2日", "until 02.08."),
        ("2016/2020", "2016年至2020年", "2016 to 2020"),
        ("2014-08", "2014年8月", "2014-08"),
    ],
)
def test_periods_are_written_out(period: str, zh: str, en: str):
    assert (period_text(period, "zh"), period_text(period, "en")) == (zh, en)


def test_english_has_no_chinese_in_it(audited: dict[str, Audit]):
    for checked in audited.values():
        told = [value for c in checked.reported.claims for _, value in claim_rows(c, checked, {}, "en")]
        assert [t for t in told if re.search(r"[\u4e00-\u9fff]", t)] == []


def test_the_page_says_that_its_estimates_are_simulated(audited: dict[str, Audit], income: Finding, saved: Finding):
    checked = audited["suqian_ecommerce"]
    assert WORDS["zh"].reported["simulated"] in claims_headline(income.programme, checked, {}).html
    assert WORDS["zh"].reported["simulated"] not in claims_headline(saved.programme, checked, {}).html


def test_numbers_beside_the_page_fit_in_json(audited: dict[str, Audit], income: Finding):
    values = claims_values(audited["suqian_ecommerce"], {"ecommerce_income_pc_yuan": income})
    again = json.loads(json.dumps(values, allow_nan=False))
    by_id = {c["id"]: c for c in again["claims"]}
    assert (by_id["jobs"]["low"], by_id["jobs"]["high"]) == (800, None)
    assert by_id["attributed"]["claim_allowed"] == income.gate.claim
    assert by_id["shops"]["claim_allowed"] is None


def test_the_command_prints_text_and_json(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root)
    text = CliRunner().invoke(main, ["claims", "shangyu_trinity", "--no-estimates", "--lang", "en"])
    assert text.exit_code == 0
    assert "198 of 215: 92.1%, which agrees with the 92% of the article." in text.output
    told = json.loads(CliRunner().invoke(main, ["claims", "shangyu_trinity", "--no-estimates", "--json"]).output)
    assert {r["id"]: r["verdict"] for r in told["relations"]}["cover"] == "definition"


def test_what_only_tells_of_work_done_stands_in_a_table(audited: dict[str, Audit]):
    checked = audited["shangyu_trinity"]
    html = claims_figures(checked, {}).html
    n_full = sum(is_told_in_full(c, checked) for c in checked.reported.claims)
    assert html.count("<dl>") == 2 * n_full
    assert 0 < n_full < len(checked.reported.claims)
    assert all(c.about.zh in html for c in checked.reported.claims)


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "70%（占农民新增收入），"), ("en", "70% of new income of farmers, ")]
)
def test_a_share_is_told_with_what_it_is_of(audited: dict[str, Audit], lang: str, said: str):
    checked = audited["suqian_ecommerce"]
    rows = dict(claim_rows(checked.reported.claim("attributed"), checked, {}, lang))
    assert rows[WORDS[lang].reported["said"]].startswith(said)
