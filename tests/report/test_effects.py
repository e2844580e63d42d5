"""Effects that are not differences in the indicator's unit, or not on all households: ppml and late on the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import report
from evalkit.finding import Finding
from evalkit.report.answer import meaning
from evalkit.report.numbers import Unit, difference, effect_unit, interval, span
from evalkit.report.on_whom import compliance
from evalkit.report.overview import relative_to_comparison
from evalkit.report.statement import headline

RELATIVE = Unit("relative")


@pytest.fixture(scope="session")
def sales(root: Path, _cache: None) -> Finding:
    """Return the sales of the simulated panel; ppml stands among its robustness."""
    return evalkit.evaluate(evalkit.load(root / "data_raw" / "suqian_ecommerce"), "online_sales_yuan")


@pytest.fixture(scope="session")
def proportional(sales: Finding) -> Finding:
    """Return the same finding with ppml as the plan's estimator."""
    plan = sales.indicator.model_copy(update={"estimator": "ppml", "trivial": 0.02})
    return replace(sales, indicator=plan, main=dict(sales.robustness)["ppml"])


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_numbers_of_a_ratio() -> None:
    assert difference(0.232, RELATIVE, "en", signed=True) == "+23.2%"
    assert interval(-0.05, 0.285, RELATIVE, "zh") == "−5.0至28.5%"
    assert span(-0.05, 0.285, RELATIVE, "en") == "5.0% lower to 28.5% higher"
    assert effect_unit("yuan/year", "ppml") == RELATIVE
    assert effect_unit("yuan/year", "did").kind == "money"


@pytest.mark.parametrize(("name", "joint"), [("比例变化（泊松回归）", "至"), ("proportional change (Poisson", " to ")])
def test_a_ratio_stands_as_percent_in_both_languages(sales: Finding, name: str, joint: str) -> None:
    row = dict(sales.robustness)["ppml"].row("att")
    text = _text(report.estimates(sales).html)
    after = text[text.index(name) : text.index(name) + 160]
    assert f"+{row['estimate'] * 100:.1f}%" in after
    assert f"{row['conf_low'] * 100:.1f}{joint}{row['conf_high'] * 100:.1f}%" in after
    assert "元" not in after[: after.index("CRV3")]
    assert "yuan" not in after[: after.index("CRV3")]


def test_a_ratio_is_not_held_against_a_truth_in_yuan(sales: Finding) -> None:
    """Each language's row of ppml has a dash for the truth, and the table says why."""
    html = _text(report.truth(sales).html)
    assert "比例变化（泊松回归） – +" in html
    assert "真值以原单位给出，不与百分比比较" in html
    assert "not compared with a percentage" in html


@pytest.mark.parametrize(("lang", "words"), [("zh", "高约{x}"), ("en", "about {x} higher")])
def test_headline_of_a_ratio(proportional: Finding, lang: str, words: str) -> None:
    x = f"{proportional.main.row('att')['estimate'] * 100:.1f}%"
    line = headline(proportional, lang)
    assert words.format(x=x) in line
    assert not re.search("元|yuan", line)


def test_meaning_of_a_ratio_gives_the_mean_in_its_unit(proportional: Finding) -> None:
    """The percentage stands in the headline; it is not divided by the mean once more."""
    text = meaning(proportional, "en")
    assert text.startswith("The mean of comparison")
    assert "yuan a year" in text
    assert not re.search(r"\d%", text)


def test_overview_takes_the_ratio_as_it_is(proportional: Finding) -> None:
    row = proportional.main.row("att")
    assert relative_to_comparison(proportional) == (row["estimate"], row["conf_low"], row["conf_high"])


# a programme in which half of those assigned take part

PLAN = """
schema_version = 1
[programme]
id = "offer"
name = { zh = "服务员", en = "Liaison officers" }
provenance = "simulated"
[design]
unit = "entity_id"
cluster = "village_id"
treatment = "has_officer"
take_up = "contracted"
strata = "county"
assignment = "randomised"
[[sources]]
kind = "survey"
file = "entities.csv"
key = ["entity_id"]
codebook = "codebook.csv"
[[indicators]]
name = "loan_yuan"
label = { zh = "贷款发放额", en = "Loan disbursed" }
domain = "credit"
unit = "yuan"
role = "primary"
family = "main"
estimator = "late"
inference = "INFERENCE"
robustness = ["itt", "itt_lin"]
"""
COLUMNS = {"entity_id": "id", "village_id": "id", "county": "category", "has_officer": "flag", "contracted": "flag"}


def _programme(folder: Path, inference: str = "auto") -> evalkit.Programme:
    rng = np.random.default_rng(8)
    village = np.repeat(np.arange(24), 25)
    officer = village % 2
    contracted = (rng.random(len(village)) < 0.1 + 0.5 * officer).astype(int)
    loan = 3000 + 2000 * contracted + 500 * rng.normal(size=24)[village] + 1500 * rng.normal(size=len(village))
    county = np.where(village < 12, "Suyu", "Sihong")
    ids = {"entity_id": [f"e{i}" for i in range(len(village))], "village_id": [f"v{v}" for v in village]}
    values = {"county": county, "has_officer": officer, "contracted": contracted, "loan_yuan": loan.round(0)}
    pl.DataFrame({**ids, **values}).write_csv(folder / "entities.csv")
    kinds = {**COLUMNS, "loan_yuan": "number"}
    head = (
        "raw_header,name,kind,unit,factor,round,recall,price_basis,min,max,missing_codes,identifier,label_zh,label_en"
    )
    units = {"loan_yuan": "yuan,1"}
    lines = [f"{n},{n},{kind},{units.get(n, ',')},,,,,,,,{n},{n}" for n, kind in kinds.items()]
    (folder / "codebook.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    (folder / "programme.toml").write_text(PLAN.replace("INFERENCE", inference), encoding="utf-8")
    return evalkit.load(folder)


@pytest.fixture(scope="module")
def offer(tmp_path_factory: pytest.TempPathFactory, _cache: None) -> Finding:
    return evalkit.evaluate(_programme(tmp_path_factory.mktemp("offer")), "loan_yuan")


def test_late_answers_a_plan(offer: Finding) -> None:
    """The truth is 2,000 yuan a contract; assignment alone is about half of it."""
    row = offer.main.row("att")
    assert row["term"] == "late"
    assert row["conf_low"] < 2000 < row["conf_high"]
    assert offer.gate.claim == "effect"
    assert [name for name, _ in offer.robustness] == ["itt", "itt_lin"]
    assert dict(offer.robustness)["itt"].row("att")["estimate"] < 0.7 * row["estimate"]


@pytest.mark.parametrize(
    ("lang", "whom", "rest"),
    [
        ("zh", "使试点村因列入试点而参加的户的贷款发放额平均", "不是全部户"),
        (
            "en",
            "the loan disbursed of households that took part because they were assigned",
            "not about all households",
        ),
    ],
)
def test_late_says_on_whom(offer: Finding, lang: str, whom: str, rest: str) -> None:
    assert whom in headline(offer, lang)
    assert rest in compliance(offer, lang)
    share = offer.main.row("first_stage")["estimate"]
    assert f"{share * 100:.1f}" in compliance(offer, lang)
    f = f"F{'=' if lang == 'zh' else ' = '}{offer.main.row('att')['first_stage_f']:.1f}"
    assert f in _text(report.take_up(offer).html)
    assert "F" not in compliance(offer, lang)
    assert compliance(offer, lang) in _text(report.statement(offer).html)


def test_shares_taking_part_stand_on_the_page(offer: Finding) -> None:
    shares = {r["arm"]: r["take_up"] for r in offer.compliance.to_dicts()}
    words = (
        f"Took part: {shares['pilot']:.1%} of households in pilot villages, {shares['comparison']:.1%} in comparison"
    )
    assert words in compliance(offer, "en")
    assert f"参加的户：试点村{shares['pilot']:.1%}，对照村{shares['comparison']:.1%}。" in compliance(offer, "zh")


def test_few_who_took_part_are_not_told(offer: Finding) -> None:
    """Of 300 comparison households 9 took part: below ten, so neither share is given; with 10 both are."""
    table = offer.compliance
    few, enough = (
        replace(
            offer,
            compliance=table.with_columns(
                pl.when(pl.col("arm") == "comparison").then(n / 300).otherwise(0.5).alias("take_up")
            ),
        )
        for n in (9, 10)
    )
    assert "Took part" not in compliance(few, "en")
    assert "Took part: 50.0%" in compliance(enough, "en")


def test_other_estimators_say_nothing_of_it(sales: Finding) -> None:
    assert compliance(sales, "zh") == ""


@pytest.mark.usefixtures("_cache")
def test_what_an_estimator_cannot_do_becomes_a_note(tmp_path: Path) -> None:
    """itt has no Anderson-Rubin interval; the main result stands, and the page's notes say why the other is missing."""
    finding = evalkit.evaluate(_programme(tmp_path, "anderson_rubin"), "loan_yuan")
    row = finding.main.row("att")
    assert row["inference"] == "anderson_rubin"
    assert row["conf_low"] < 2000 < row["conf_high"]
    assert finding.robustness == ()
    assert "itt has no instrument" in finding.notes[0]


def test_bounds_where_many_were_lost(root: Path, saved: Finding) -> None:
    """Of 3,081 farmers 1,784 were surveyed at the end; savings come from records and nobody is lost."""
    credit = evalkit.evaluate(evalkit.load(root / "data_raw" / "moz_savings"), "credit_used")
    assert credit.bounds is not None
    low, high = (credit.bounds.row(term) for term in ("lower", "upper"))
    assert low["estimate"] < credit.main.row("att")["estimate"] < high["estimate"]
    assert low["share_missing"] == pytest.approx(1297 / 3081)
    text = _text(report.limits(credit).html)
    assert "有42.1%的农户未能访到" in text
    assert "42.1% of farmers could not be surveyed" in text
    assert f"between {difference(low['estimate'], Unit('share'), 'en', signed=True)} and" in text
    assert saved.bounds is None
    assert "could not be surveyed" not in report.limits(saved).html


def test_no_bounds_where_villages_were_chosen(sales: Finding) -> None:
    assert sales.attrition is not None
    assert sales.bounds is None
