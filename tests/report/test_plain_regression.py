"""Why no plain regression was used, and the curve of all ways: what a page says, and what it withholds."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import polars as pl
import pytest

import evalkit
from evalkit import report
from evalkit.diagnostics import PlainRegression, SpecificationCurve
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.report.block import FigureBlock
from evalkit.report.numbers import difference, unit_of
from evalkit.report.plain_regression import shown_kinds
from tests.report.test_terms import USUAL_WORDS, odd, said

PAYLOAD = re.compile(r'<script type="application/json">(.*?)</script>', re.S)


@pytest.fixture(scope="module")
def plain(income: Finding) -> PlainRegression:
    found = evalkit.plain_regression(income.programme, income.indicator.name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def curve(income: Finding) -> SpecificationCurve:
    found = evalkit.specification_curve(income.programme, income.indicator.name, draws=99)
    assert found is not None
    return found


def test_the_page_says_what_the_plain_regression_gives(income: Finding, plain: PlainRegression) -> None:
    html, unit = report.plain_regression(income, plain).html, unit_of(income.indicator.unit)
    did = dict(income.robustness)["did"].row("att")["estimate"]
    assert plain.weights.estimate == pytest.approx(did, rel=1e-9)
    assert difference(did, unit, "zh", signed=True) in html
    assert difference(abs(did - income.main.row("att")["estimate"]), unit, "zh") in html
    assert "为什么不用普通的双向固定效应回归" in html
    assert "当时已经开始的村" in html
    assert "The plan expects changes up to 1 round before the start" in html


def test_the_parts_add_to_the_total(income: Finding, plain: PlainRegression) -> None:
    assert plain.made_of is not None
    rows, held = shown_kinds(income, plain.made_of)
    assert held is None
    assert sum(r["part"] for r in rows) == pytest.approx(plain.made_of.estimate)
    assert sum(r["weight"] for r in rows) == pytest.approx(1)


def test_estimates_are_withheld_where_one_start_is_too_small(income: Finding, plain: PlainRegression) -> None:
    assert plain.made_of is not None
    groups = plain.made_of.groups.with_columns(
        pl.when(pl.col("start") == 2014).then(1).otherwise("n_villages").alias("n_villages")
    )
    alone = replace(plain, made_of=replace(plain.made_of, groups=groups))
    rows, held = shown_kinds(income, alone.made_of)
    assert held == "villages"
    assert all(r["estimate"] is None and r["part"] is None for r in rows)
    html, unit = report.plain_regression(income, alone).html, unit_of(income.indicator.unit)
    for row in plain.made_of.by_kind().to_dicts():
        assert difference(row["estimate"], unit, "zh", signed=True) not in html
    assert difference(plain.made_of.estimate, unit, "zh", signed=True) not in html


def test_a_plan_that_uses_it_is_told_what_it_is_made_of(income: Finding, plain: PlainRegression) -> None:
    html = report.plain_regression(replace(income, main=dict(income.robustness)["did"]), plain).html
    assert "这个系数由哪些比较构成" in html
    assert "为什么不用" not in html


def test_nothing_where_there_is_nothing_to_say(income: Finding, plain: PlainRegression, saved: Finding) -> None:
    closed = replace(income, gate=Gate("not_reportable", (Reason("few_pilot", {"n": 1}),)))
    assert report.plain_regression(closed, plain).html == ""
    assert report.plain_regression(income, None).html == ""
    assert evalkit.plain_regression(saved.programme, "saved_q4") is None
    assert evalkit.specification_curve(saved.programme, "saved_q4") is None
    assert evalkit.specification_curve(income.programme, "orders") is None
    assert report.specification_curve(income, None).html == ""


def test_the_curve_has_every_way_and_its_own_diamond(income: Finding, curve: SpecificationCurve) -> None:
    figure = report.specification_curve(income, curve)
    assert isinstance(figure, FigureBlock)
    band, each, main = json.loads(PAYLOAD.findall(figure.block.html)[0])["data"]
    assert len(each["x"]) + len(main["x"]) == curve.rows.height
    assert len(band["x"]) == 2 * curve.rows.height
    assert main["y"] == [pytest.approx(income.main.row("att")["estimate"], rel=1e-3)]
    assert figure.figure["layout"]["yaxis"]["zeroline"] is True


def test_the_words_claim_no_more_than_the_choice_of_villages_allows(income: Finding, curve: SpecificationCurve) -> None:
    html = report.specification_curve(income, curve).block.html
    assert "不是抽签确定的" in html
    assert "cannot rule out that these villages changed faster anyway" in html
    design = income.programme.design.model_copy(update={"assignment": "randomised"})
    drawn = replace(income, programme=income.programme.model_copy(update={"design": design}))
    lot = report.specification_curve(drawn, curve).block.html
    assert "由抽签确定" in lot
    assert "cannot rule out" not in lot


def test_single_ways_are_withheld_where_one_start_is_too_small(income: Finding, curve: SpecificationCurve) -> None:
    """From ways that weight starts unlike, the effect in a single village could be worked out."""
    html = report.specification_curve(income, replace(curve, sizes=((500, 1), *curve.sizes[1:]))).html
    assert "这些组合彼此相近" in html
    assert "<table>" not in html
    assert PAYLOAD.findall(html) == []


def test_the_programme_s_words_are_used(income: Finding, plain: PlainRegression, curve: SpecificationCurve) -> None:
    named = odd(income)
    text = said(report.plain_regression(named, plain)) + said(report.specification_curve(named, curve))
    assert [text[m.start() - 20 : m.end() + 20] for m in USUAL_WORDS.finditer(text)] == []
    assert {"港口", "船只", "islands", "boats"} <= set(re.findall(r"港口|船只|islands|boats", text))
