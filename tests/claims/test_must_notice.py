"""What an audit of each of the five articles must notice; the numbers are worked by hand in the tests."""

from __future__ import annotations

import re
from math import inf, isinf
from pathlib import Path

import pytest

from evalkit.claims import Audit
from evalkit.claims.figure import simplified
from evalkit.claims.missing import CHANGES
from evalkit.report.claim_words import result_sentence
from tests.claims.conftest import PROGRAMMES

READING_AID = re.compile(r"\([^()\u4e00-\u9fff]{1,8}\)")
"""Pronunciations that one of the articles carries within its words, as in 萬(wàn)."""


@pytest.mark.parametrize("name", PROGRAMMES)
def test_every_figure_stands_in_the_line_it_names(audits: dict[str, Audit], sources: Path, name: str):
    reported = audits[name].reported
    lines = (sources / reported.article.source).read_text(encoding="utf-8").split("\n")
    plain = [READING_AID.sub("", simplified(line)) for line in lines]
    assert [c.id for c in reported.claims if simplified(c.said) not in plain[c.line - 1]] == []


@pytest.mark.parametrize("name", PROGRAMMES)
def test_no_article_names_a_comparison(audits: dict[str, Audit], name: str):
    audit = audits[name]
    assert all(c.comparison is None for c in audit.reported.claims)
    changes = [c.id for c in audit.reported.claims if c.kind in CHANGES]
    assert all({"comparison", "base"} <= set(audit.missing[i]) for i in changes)


def test_post_three_million_is_never_compared_with_net_income(audits: dict[str, Audit]):
    """15,000 yuan/mu × 200 mu = 3,000,000 yuan: a forecast, gross or net not told; 300,000 is net of costs."""
    audit = audits["suqian_post"]
    product, compared = audit.result("grower_receipts"), audit.result("receipts_against_net")
    assert product.amount is not None
    assert product.amount.value == pytest.approx(3_000_000)
    assert product.operand is not None
    assert (product.operand.kind, product.operand.basis) == ("forecast", None)
    assert (compared.verdict, compared.amount) == ("not_comparable", None)
    assert {"concept", "basis_unknown"} <= set(compared.reasons)
    assert "result" in audit.missing["income_per_mu"]
    assert "basis" in audit.missing["income_per_mu"]


def test_post_deposits_and_loans_are_outputs(audits: dict[str, Audit]):
    claims = audits["suqian_post"].reported.claims
    kinds = {c.kind for c in claims if c.concept in ("deposits", "loan_disbursed")}
    assert kinds == {"output"}


def test_post_has_no_conversion_rate(audits: dict[str, Audit]):
    rate = audits["suqian_post"].result("conversion")
    assert (rate.verdict, rate.amount) == ("not_a_part", None)
    assert "2.5" not in result_sentence(rate, audits["suqian_post"], "en")


def test_trinity_198_of_215_holds(audits: dict[str, Audit]):
    """198/215 = 0.92093, which rounds to the 92 % that is stated."""
    share = audits["shangyu_trinity"].result("grant_share")
    assert share.verdict == "agrees"
    assert share.amount is not None
    assert round(share.amount.value, 3) == 0.921


def test_trinity_gain_and_sales_per_household(audits: dict[str, Audit]):
    """20 million / 25,000 = 800; 75 million / 25,000 = 3,000; 20/75 = 26.7 %, at least: the gain is a lower bound."""
    audit = audits["shangyu_trinity"]
    gain, sales, margin = (audit.result(n).amount for n in ("gain_per_household", "sales_per_household", "margin"))
    assert gain is not None
    assert sales is not None
    assert margin is not None
    assert (gain.value, gain.low, gain.high) == pytest.approx((800, 0, inf))
    assert sales.value == pytest.approx(3000)
    assert margin.low == pytest.approx(0.2666, abs=1e-4)
    assert isinf(margin.high)
    assert {"comparison", "basis"} <= set(audit.missing["gain"])


def test_trinity_cover_is_a_definition(audits: dict[str, Audit]):
    """55 + 78 = 133 of 499: 366 have neither."""
    cover = audits["shangyu_trinity"].result("cover")
    assert cover.verdict == "definition"
    assert cover.amount is not None
    assert cover.amount.value == 499 - 133


def test_ningxia_has_one_figure_without_baseline_or_period(audits: dict[str, Audit]):
    audit = audits["ningxia_post"]
    assert [c.value for c in audit.reported.claims] == [2_000_000]
    assert {"period", "base", "comparison"} <= set(audit.missing["potato_sales"])


def test_ecommerce_turnover_per_shop(audits: dict[str, Audit]):
    """157.5/146 = 1.0788, 158.5/146 = 1.0856 million; the shops that are named are elsewhere and no check."""
    audit = audits["suqian_ecommerce"]
    amount = audit.result("per_shop").amount
    assert amount is not None
    assert (amount.low, amount.value, amount.high) == pytest.approx((1_078_767, 1_082_192, 1_085_616), rel=1e-6)
    named = audit.result("named_shops")
    assert named.verdict == "not_comparable"
    assert {"place", "picked"} <= set(named.reasons)


def test_ecommerce_fifty_households_at_sixty_percent(audits: dict[str, Audit]):
    """50/0.605 = 82.64, 50/0.595 = 84.03."""
    amount = audits["suqian_ecommerce"].result("poor_households").amount
    assert amount is not None
    assert (round(amount.low, 1), round(amount.value, 1), round(amount.high, 1)) == (82.6, 83.3, 84.0)


def test_ecommerce_wages_are_a_small_part_of_an_attainable_output(audits: dict[str, Audit]):
    """300 × 0.35 × 25,000 = 2.625 million of 60 million = 4.4 %; the 60 million are attainable, not realised."""
    audit = audits["suqian_ecommerce"]
    wages, share = audit.result("wage_total"), audit.result("wage_of_output")
    assert wages.amount is not None
    assert share.amount is not None
    assert wages.amount.value == pytest.approx(2_625_000)
    assert share.amount.value == pytest.approx(0.04375)
    assert "capacity" in share.cautions
    assert "realised" in audit.missing["attainable"]


def test_ecommerce_provincial_totals(audits: dict[str, Audit]):
    """188/0.229 = 820.96; 662,900/0.2359 = 2,810,089; nothing in the article checks either."""
    audit = audits["suqian_ecommerce"]
    villages, people = audit.result("province_villages"), audit.result("province_people")
    assert villages.amount is not None
    assert people.amount is not None
    assert round(villages.amount.value) == 821
    assert round(people.amount.value / 1e6, 2) == 2.81
    assert {villages.verdict, people.verdict} == {"computed"}
    assert all("provin" in r.relation.note.en for r in (villages, people) if r.relation.note)


def test_ecommerce_seventy_percent_is_an_attribution_without_comparison(audits: dict[str, Audit]):
    audit = audits["suqian_ecommerce"]
    claim = audit.reported.claim("attributed")
    assert (claim.kind, claim.value) == ("attribution", 70)
    assert "comparison" in audit.missing["attributed"]


def test_weinan_a_forecast_is_no_result(audits: dict[str, Audit]):
    audit = audits["weinan_teams"]
    assert audit.reported.claim("grape_yield").kind == "forecast"
    assert "result" in audit.missing["grape_yield"]
    assert "forecast" in audit.result("sales_against_yield").reasons


def test_weinan_best_against_worst_is_no_effect(audits: dict[str, Audit]):
    result = audits["weinan_teams"].result("best_worst")
    assert (result.verdict, result.amount, result.reasons) == ("not_comparable", None, ("picked",))


def test_weinan_jobs_are_gross_and_places_are_no_jobs(audits: dict[str, Audit]):
    claim = audits["weinan_teams"].reported.claim("workshop_places")
    assert (claim.kind, claim.basis) == ("capacity", "gross")
    assert audits["weinan_teams"].reported.claim("workshop_wage").basis == "gross"


def test_weinan_a_grant_is_no_credit(audits: dict[str, Audit]):
    claim = audits["weinan_teams"].reported.claim("grant")
    assert (claim.concept, claim.kind) == ("grant", "input")
