"""A claims.toml that cannot be true is refused: all mistakes at once, each with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.claims import audit, read_claims
from evalkit.errors import PlanError
from evalkit.programme import FILE_NAME, load
from tests.claims.conftest import relation

Article = Callable[..., Path]
SHOPS = ("shops", "146家", 146, "shops", "")
SALES = ("sales", "1.58亿元", 158_000_000, "yuan", 'basis = "gross"')


def refused(folder: Path, indicators: list[str] | None = None) -> str:
    with pytest.raises(PlanError) as error:
        read_claims(folder, indicators)
    return str(error.value)


def test_a_sound_article_is_read(article: Article):
    assert len(read_claims(article(SHOPS, SALES)).claims) == 2


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (("a", "2800亩", 2800, "hectares", ""), "said '2800亩' is in mu, unit says hectares (1 hectare = 15 mu)"),
        (("a", "1.58亿元", 15_800, "yuan", ""), "a factor of 10,000: 万 and 亿 mixed up"),
        (("a", "97万元", 97, "yuan", ""), "万 left out"),
        (("a", "120%", 120, "percent", ""), "more than 100 %"),
        (("a", "92%", 0.92, "percent", ""), "percent and share mixed up"),
        (("a", "许多", 3, "shops", ""), "has no number"),
        (("a", "10—20家", 15, "shops", ""), "not both a range or both one number"),
        (("a", "3口", 3, "ponds", ""), "[units] does not say in both languages what these are: 'pond'"),
        (("a", "3家", 3, "shops", 'part_of = "b"'), "part_of 'b' is no claim"),
        (("a", "3家", 3, "shops", 'kinds = "x"'), "claims 1 (a).kinds is not a known entry (nearest: 'kind')"),
        (("a", "3家", 3, "shops", 'period = "last year"'), "claims 1 (a).period = 'last year'"),
    ],
)
def test_a_figure_that_contradicts_itself(article: Article, claim: tuple, told: str):
    assert told in refused(article(claim))


@pytest.mark.parametrize(
    ("relations", "told"),
    [
        (relation("r", "ratio", ["sales", "shop"]), "'shop' is no claim and no relation above it (nearest: 'shops')"),
        (relation("r", "quotient", ["sales", "shops"]), "relations 1 (r).kind = 'quotient' is none of"),
        (relation("r", "sum", ["sales", "shops"]), "sum needs one unit: 'sales' is in yuan, 'shops' in shop"),
        (relation("r", "whole", ["sales", "shops"]), "whole divides by a share"),
        (relation("r", "per_unit", ["sales", "shops", "shops"]), "per_unit takes 2 figures, of has 3"),
        (relation("shops", "per_unit", ["sales", "shops"]), "id 'shops' is given 2 times"),
        (
            relation("r", "per_unit", ["sales", "shops"], 'gives = "sales"'),
            "its result is in yuan/shop, 'sales' is in yuan",
        ),
    ],
)
def test_a_relation_that_cannot_be(article: Article, relations: str, told: str):
    assert told in refused(article(SHOPS, SALES, relations=relations))


def test_parts_that_exceed_their_whole(article: Article):
    """90 + 70 = 160 of 146."""
    claims = [SHOPS, ("a", "90家", 90, "shops", ""), ("b", "70家", 70, "shops", "")]
    parts = relation("r", "parts", ["a", "b", "shops"])
    assert "'a', 'b' are together more than 'shops'" in refused(article(*claims, relations=parts))
    stated = relation("r", "parts", ["a", "b", "shops"], "as_stated = true")
    result = audit(read_claims(article(*claims, relations=stated))).result("r")
    assert result.verdict == "impossible"


def test_a_share_over_all(article: Article):
    claims = [SHOPS, ("a", "147家", 147, "shops", 'part_of = "shops"')]
    assert "'a' is more than all of 'shops'" in refused(
        article(*claims, relations=relation("r", "share", ["a", "shops"]))
    )


def test_rounding_alone_makes_nothing_impossible(article: Article):
    """5 万 and 5 万 of 9.9 万: 4.5 + 4.5 = 9 may still be a part of it."""
    claims = [("all", "9.9万家", 99_000, "shops", ""), *((n, "5万家", 50_000, "shops", "") for n in "ab")]
    result = audit(read_claims(article(*claims, relations=relation("r", "parts", ["a", "b", "all"])))).result("r")
    assert result.verdict == "computed"


def test_arithmetic_that_fails_is_told_and_not_refused(article: Article):
    """146 of 200 are 73 %, not the 92 % that is stated."""
    claims = [
        ("shops", "146家", 146, "shops", 'part_of = "all"'),
        ("all", "200家", 200, "shops", ""),
        ("rate", "92%", 92, "percent", ""),
    ]
    made = relation("r", "share", ["shops", "all"], 'gives = "rate"')
    assert audit(read_claims(article(*claims, relations=made))).result("r").verdict == "disagrees"


def test_all_mistakes_are_told_at_once(article: Article):
    message = refused(article(("a", "97万元", 97, "yuan", ""), ("b", "2800亩", 2800, "hectares", "")))
    assert "2 mistakes: (1) claim 'a'" in message
    assert "(2) claim 'b'" in message


def test_a_rise_may_exceed_100_percent_and_a_share_may_not(article: Article):
    rise = ("a", "增长150%", 150, "percent", 'measure = "growth"')
    claims = read_claims(article(rise))
    assert "of" not in audit(claims).missing["a"]
    assert 'a rise may be: measure = "growth"' in refused(article(("a", "150%", 150, "percent", "")))


def test_a_missing_id_is_told(tmp_path: Path, article: Article):
    folder = article(SHOPS)
    file = folder / "claims.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('id = "shops"\n', ""), encoding="utf-8")
    assert "claims 1.id is missing" in refused(folder)


def test_an_indicator_outside_the_plan_is_told(article: Article):
    claim = ("a", "3家", 3, "shops", 'indicator = "onlin_sales"')
    assert "not in the plan (nearest: 'online_sales')" in refused(article(claim), ["online_sales"])


def test_hectares_and_mu_are_converted_before_they_are_compared(article: Article):
    """2,800 mu are 186.67 hectares; with 187 hectares the ratio is 0.998."""
    same = 'basis = "not_applicable"'
    claims = [("a", "2800亩", 2800, "mu", same), ("b", "187公顷", 187, "hectares", same)]
    result = audit(read_claims(article(*claims, relations=relation("r", "compare", ["a", "b"])))).result("r")
    assert result.amount is not None
    assert result.amount.value == pytest.approx(2800 / 15 / 187)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ('basis = "gross"', 'basis = "net"', "basis"),
        ('basis = "gross"', "", "basis_unknown"),
        ('measure = "stock"', 'measure = "flow"', "stock_flow"),
        ('period = "2015"', 'period = "2016"', "period"),
        ('place = { zh = "甲", en = "A" }', 'place = { zh = "乙", en = "B" }', "place"),
        ("picked = true", "", "picked"),
    ],
)
def test_what_must_not_be_compared(article: Article, one: str, other: str, reason: str):
    claims = [("a", "97万元", 970_000, "yuan", one), ("b", "98万元", 980_000, "yuan", other)]
    result = audit(read_claims(article(*claims, relations=relation("r", "compare", ["a", "b"])))).result("r")
    assert (result.verdict, result.reasons) == ("not_comparable", (reason,))


def test_claims_of_this_project_name_indicators_of_their_plans(root: Path):
    folders = [f.parent for f in sorted(root.glob("data_raw/*/claims.toml")) if (f.parent / FILE_NAME).is_file()]
    assert folders
    assert all(read_claims(f, [i.name for i in load(f).indicators]).indicators for f in folders)
