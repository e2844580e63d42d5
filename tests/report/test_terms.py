"""Pages speak of villages and households by the programme's own words, wherever they speak of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from pydantic import ValidationError

import evalkit
from evalkit import report
from evalkit.diagnostics.village import village_profiles
from evalkit.finding import Finding
from evalkit.inference import InFamily
from evalkit.intake import field_checks, read_programme
from evalkit.plan_tables import USUAL, Noun, Terms
from evalkit.programme import Programme, Text
from evalkit.report.block import Block, FigureBlock
from evalkit.report.wording import LANGUAGES, WORDS, Language
from evalkit.report.wording.words import TOKEN, read_words

ODD = Terms(
    cluster=Noun(zh="港口", counted="座港口", en="island", plural="islands"),
    unit=Noun(zh="船只", counted="艘船只", en="boat", plural="boats"),
)
USUAL_WORDS = re.compile(r"villag|househol|村|户", re.I)
OF_ONE = (
    report.statement,
    report.truth,
    report.means,
    report.four_cell,
    report.event_study,
    report.gap,
    report.match_checks,
    report.donors,
    report.estimates,
    report.specifications,
    report.take_up,
    report.limits,
    report.plan,
    report.flow,
    report.attrition,
)


def spoken(programme: Programme) -> Programme:
    return programme.model_copy(update={"words": ODD})


def odd(finding: Finding) -> Finding:
    plan = finding.indicator.model_copy(update={"label": Text(zh="收入", en="Income")})
    return replace(finding, programme=spoken(finding.programme), indicator=plan)


def said(block: Block | FigureBlock) -> str:
    html = block.html if isinstance(block, Block) else block.block.html
    return unescape(re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("name", ["saved", "income", "lone"])
def test_the_page_of_an_indicator_uses_the_programme_s_words(name: str, request: pytest.FixtureRequest) -> None:
    text = " ".join(said(show(odd(request.getfixturevalue(name)))) for show in OF_ONE)
    assert [text[m.start() - 20 : m.end() + 20] for m in USUAL_WORDS.finditer(text)] == []
    assert {"港口", "船只", "islands", "boats"} <= set(re.findall(r"港口|船只|islands|boats", text))


def test_the_page_of_a_programme_uses_its_words(saved: Finding, income: Finding) -> None:
    findings = [odd(saved), odd(income)]
    alone = [InFamily(0.01, None, None, 1)] * 2
    blocks = [report.overview_headline(findings[0].programme, findings, alone, {})]
    blocks += [report.overview_table(findings), report.overview_notes(findings, alone, {})]
    blocks += [report.rollout(findings[1].programme, evalkit.rollout(income.programme))]
    text = " ".join(map(said, blocks)) + said(report.forest(findings))
    text += said(report.balance([findings[1]] * 2))
    assert [text[m.start() - 20 : m.end() + 20] for m in USUAL_WORDS.finditer(text)] == []


def test_pages_of_quality_and_of_one_village_use_the_words(saved: Finding, root: Path) -> None:
    programme = evalkit.load(root / "data_raw" / "moz_savings")
    intake = read_programme(programme)
    plain, own = programme, spoken(programme)
    panel = evalkit.Panel.from_programme(plain, "saved_q4")
    profiles = village_profiles([panel], str(panel.frame["cluster"][0]))
    blocks = [report.quality_rules(own, intake), report.quality_flow(own, intake), report.quality_missing(own, intake)]
    blocks += [report.quality_checks(own, intake, field_checks(plain, intake))]
    blocks += [report.village_headline(own, "X", profiles), report.village_table(own, profiles)]
    text = re.sub(r"(Share of|占比|比例)?[^;；.。]*(farmers|农户)[^;；.。 ]*", "", " ".join(map(said, blocks)))
    assert [text[m.start() - 20 : m.end() + 20] for m in USUAL_WORDS.finditer(text)] == []


def test_an_indicator_may_have_words_of_its_own(root: Path) -> None:
    programme = evalkit.load(root / "data_raw" / "ningxia_post")
    plan = {p.name: programme.words_for(p) for p in programme.indicators}
    assert plan["origin_purchases_yuan"].cluster.plural == "communities"
    assert plan["post_sales_yuan"].cluster.plural == "townships"
    one = programme.indicators[0].model_copy(update={"words": Terms(unit=ODD.unit)})
    assert (programme.words_for(one).cluster.en, programme.words_for(one).unit.en) == ("community", "boat")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_new_wording_names_villages_and_households_by_tokens(root: Path, lang: Language) -> None:
    """`[村]`, `[个村]`, `[农户]`, `[户]`, `[个户]`; `[villages]`, `[a household]` …: never the bare words."""
    tables = tomllib.loads((root / f"evalkit/report/templates/wording/{lang}.toml").read_text(encoding="utf-8"))
    own = {"units", "notebooks"}
    texts = [
        (k, v) for name, table in tables.items() if name not in own for k, v in table.items() if isinstance(v, str)
    ]
    texts += [pair for table in tables["sentences"].values() for pair in table.items()]
    bare = [(k, re.sub(r"\{\w+\}|示范户|受带动户", "", TOKEN.sub("", v))) for k, v in texts]
    assert [(k, v) for k, v in bare if USUAL_WORDS.search(v)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_is_left_open(lang: Language) -> None:
    assert not TOKEN.search(str(WORDS[lang]))
    assert not re.search(r"\[[^\]]*\]", str(WORDS[lang].labels))


@pytest.mark.parametrize(
    ("word", "article"), [("entity", "an entity"), ("union", "a union"), ("one-stop shop", "a one-stop shop")]
)
def test_the_article_fits_the_word(word: str, article: str) -> None:
    terms = Terms(cluster=ODD.cluster, unit=Noun(zh="户", counted="户", en=word, plural=f"{word}s"))
    assert article in read_words("en", terms).label("quality_scope")


def test_braces_in_a_word_are_no_field() -> None:
    terms = Terms(cluster=Noun(zh="{0}", counted="个{x}", en="{n}", plural="{n}s"))
    assert read_words("en", terms).label("n_villages_found", n=3) == "3 {n}s"


def test_a_word_lacks_neither_language_nor_plural() -> None:
    with pytest.raises(ValidationError, match="plural"):
        Noun.model_validate({"zh": "社区", "counted": "个社区", "en": "community"})
    assert USUAL.unit.counted == "户"
