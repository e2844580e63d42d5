"""Pages of a design with a take-up: both effects, who took part, the funnel, and less said where losses differ."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import report
from evalkit.diagnostics import take_up_funnel
from evalkit.errors import DataError, PlanError
from evalkit.finding import Finding
from evalkit.gate import Gate, Reason
from evalkit.programme import Disclosure, FunnelStep, Programme
from evalkit.report.answer import caution
from evalkit.report.block import Block, FigureBlock
from evalkit.report.funnel import shown_funnel
from evalkit.report.numbers import Unit, difference, interval, unit_of
from evalkit.report.on_whom import compliance
from evalkit.report.publishable import publishable
from evalkit.report.statement import headline

MONEY = Unit("money", "CNY", ("year",))
IN_YUAN = replace(MONEY, in_wan=False)
"""As in a column of which some are above 10,000 yuan and some below."""


@pytest.fixture(scope="session")
def post(root: Path, _cache: None) -> Finding:
    """Return net income of the postal programme: villages drawn by lot, losses that differ."""
    return evalkit.evaluate(evalkit.load(root / "data_raw" / "suqian_post"), "net_income_yuan")


@pytest.fixture(scope="session")
def programme(root: Path) -> Programme:
    return evalkit.load(root / "data_raw" / "suqian_post")


@pytest.fixture(scope="session")
def counts(programme: Programme) -> pl.DataFrame:
    table = take_up_funnel(programme)
    assert table is not None
    return table


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<script.*?</script>", "", html, flags=re.S)))


def test_losses_that_differ_weaken_the_sentence(post: Finding) -> None:
    """Villages were drawn by lot, which allows `effect`; with unequal losses the sentence begins with an if."""
    assert post.gate.claim == "effect_if_assumed"
    assert [r.code for r in post.gate.reasons] == ["randomised", "attrition_differs"]
    assert "；前提是没有调查到的经营主体与调查到的经营主体情况相近" in headline(post, "zh")
    assert ", provided that farm businesses that could not be surveyed" in headline(post, "en")
    assert "使试点村" not in headline(post, "zh")
    text = _text(report.limits(post).html)
    assert "经营主体未能访到" in text
    assert "farm businesses could not be surveyed" in text


def test_what_not_to_conclude_speaks_of_those_whom_the_estimate_is_about(post: Finding) -> None:
    """As a headline, the effect on those who took part is no average over all households of the villages."""
    assert post.instrument is not None
    drawn = Gate("effect", (Reason("randomised"),))
    on_takers, on_all = (replace(post, main=m, gate=drawn) for m in (post.instrument, post.main))
    assert "that took part because their village was assigned" in caution(on_takers, "en")
    assert "因本村列入试点而参加的" in caution(on_takers, "zh")
    assert "the average over all" in caution(on_all, "en")


@pytest.mark.parametrize(
    ("lang", "whom", "also"),
    [
        ("zh", "这里算的是试点村全部经营主体的平均，不论是否参加。", "这还须假定列入试点只通过参加起作用"),
        ("en", "the average over all farm businesses of the pilot villages, whether they", "this also assumes"),
    ],
)
def test_first_screen_gives_both_effects(post: Finding, lang: str, whom: str, also: str) -> None:
    assert post.instrument is not None
    assert post.instrument.method == "anderson_rubin"
    assert post.instrument.estimate.estimator == "late_ancova"
    row, text = post.instrument.row("late"), _text(report.statement(post).html)
    said = compliance(post, lang)  # type: ignore[arg-type]
    for words in (whom, also, difference(row["estimate"], MONEY, lang, signed=True)):  # type: ignore[arg-type]
        assert words in said
    assert interval(row["conf_low"], row["conf_high"], MONEY, lang) in said  # type: ignore[arg-type]
    assert said in text


def test_table_of_both_effects(post: Finding) -> None:
    """The assigned row is the headline's; the other is late_ancova's with both intervals; F stands below."""
    text = _text(report.take_up(post).html)
    main, taking = post.main.row("att"), dict(post.robustness)["late_ancova"].row("att")
    assert f"控制基线值的比较 {difference(main['estimate'], IN_YUAN, 'zh', signed=True)}" in text
    assert difference(taking["estimate"], IN_YUAN, "zh", signed=True) in text
    assert f"一阶段F={taking['first_stage_f']:.1f}" in text
    assert "first-stage F" in text
    assert text.index("谁参加了") < text.index("Who took part")


def test_take_up_is_empty_without_one(income: Finding) -> None:
    assert income.instrument is None
    assert report.take_up(income).html == ""
    assert compliance(income, "zh") == ""


def test_few_who_took_part_are_withheld(post: Finding) -> None:
    table = post.compliance
    assert table is not None
    few = replace(
        post,
        compliance=table.with_columns(
            pl.when(pl.col("arm") == "comparison").then(0.02).otherwise(0.5).alias("take_up")
        ),
    )
    n = int(table.filter(pl.col("arm") == "comparison")["n_units"][0])
    assert 0 < round(0.02 * n) < 10
    text = _text(report.take_up(few).html)
    assert text.count("未公布：少于10个经营主体") == 2
    assert "2.0%" not in text
    assert publishable(few)["take_up"] is None


def test_without_an_estimate_by_instrument_only_shares(post: Finding) -> None:
    bare = replace(post, robustness=(), instrument=None)
    assert "Anderson" not in report.take_up(bare).html
    assert "参加比例" in report.take_up(bare).html
    assert "因本村被分配而参加" not in compliance(bare, "zh")


def test_an_open_set_is_said_in_words(post: Finding) -> None:
    """With a lot that hardly moves take-up the set has no two ends: no dash, no invented number."""
    assert post.instrument is not None
    nothing = post.instrument.conf_low * float("nan")
    weak = replace(post, instrument=replace(post.instrument, conf_low=nothing, conf_high=nothing))
    assert "给不出有两端的合理范围" in compliance(weak, "zh")
    assert "for a range with two ends" in compliance(weak, "en")
    assert "没有两端" in report.take_up(weak).html


def test_numbers_beside_the_page(post: Finding) -> None:
    values = publishable(post)
    assert [r["term"] for r in values["instrument"]] == ["late", "first_stage", "reduced_form"]
    assert set(values["take_up"]) == {"pilot", "comparison"}


def test_truth_beside_each_effect(post: Finding) -> None:
    """The effect on those who took part is held against its own truth, that of the lot against the other."""
    assert post.truth is not None
    text = _text(report.truth(post).html)
    late = difference(post.truth["late"], IN_YUAN, "zh", signed=True)
    assert f"因分配而参加者的效果（工具变量，控制基线值） {late}" in text
    assert f"主结果 {difference(post.truth['att'], IN_YUAN, 'zh', signed=True)}" in text


# the funnel


def _figure(programme: Programme, counts: pl.DataFrame) -> str:
    drawn = report.funnel(programme, counts)
    assert isinstance(drawn, FigureBlock)
    return drawn.block.html


def test_funnel_counts_by_hand(programme: Programme, counts: pl.DataFrame) -> None:
    """Contracts in the workbook of 2022, without the rows entered twice, by villages of the roster with an officer."""
    sheet = pl.read_excel(programme.folder / "entities_2022.xlsx").unique("主体编号")
    roster = pl.read_csv((programme.folder / "villages.csv").read_bytes().decode("gb18030").encode())
    joined = sheet.join(roster, on="村（社区）编号")
    officers = joined.filter(pl.col("联络员派驻年份").cast(pl.String) == "2021")
    row = counts.row(by_predicate=(pl.col("stage") == "contracted") & (pl.col("arm") == "pilot"), named=True)
    assert row["n_units"] == officers.height
    assert row["n_reached"] == officers["已签约(1是0否)"].sum()
    assert row["n_before"] == officers["已登记需求(1是0否)"].sum()
    sold = counts.row(by_predicate=(pl.col("stage") == "sold_through_channel") & (pl.col("arm") == "pilot"), named=True)
    assert sold["n_before"] == row["n_reached"]


def test_funnel_figure(programme: Programme, counts: pl.DataFrame) -> None:
    html = _figure(programme, counts)
    rows = {(r["stage"], r["arm"]): r for r in shown_funnel(programme, counts)}
    share = rows["visited", "pilot"]["share"]
    assert html.index("已走访") < html.index("Visited")
    alts = re.findall(r'role="img" aria-label="([^"]*)"', html)
    assert f"已走访 {share:.1%}" in alts[0]
    assert f"Visited {share:.1%}" in alts[1]
    zh, en = map(json.loads, re.findall(r'<script type="application/json">(.*?)</script>', html, flags=re.S))
    pilot, stages = next(t for t in zh["data"] if t["name"] == "试点村"), zh["layout"]["yaxis"]
    assert pilot["x"][0] == pytest.approx(share)
    assert pilot["y"] == stages["tickvals"] == [5, 4, 3, 2, 1]
    assert stages["ticktext"] == ["已走访", "已登记需求", "已签约", "签约后获贷", "经渠道销售"]
    assert "Loan disbursed<br>after contract" in en["layout"]["yaxis"]["ticktext"]  # ticks break lines
    assert "经渠道销售（接“已签约”）" in html


def test_funnel_withholds_small_cells(programme: Programme, counts: pl.DataFrame) -> None:
    """9 are too few, 10 are not; neither count nor share nor bar of 9 stands anywhere."""
    cell = (pl.col("stage") == "contracted") & (pl.col("arm") == "comparison")
    for n, held in ((9, "households"), (10, None)):
        table = counts.with_columns(pl.when(cell).then(n).otherwise(pl.col("n_reached")).alias("n_reached"))
        row = next(r for r in shown_funnel(programme, table) if r["stage"] == "contracted" and r["arm"] == "comparison")
        assert row["held"] == held
        assert (row["share"] is None) is (held is not None)
    html = _figure(
        programme, counts.with_columns(pl.when(cell).then(9).otherwise(pl.col("n_reached")).alias("n_reached"))
    )
    assert "未公布：少于10个经营主体" in html
    assert "从走访到见效的各个环节" in html


def test_counts_of_the_funnel_are_rounded_and_shares_made_of_them(programme: Programme, counts: pl.DataFrame) -> None:
    for row in shown_funnel(programme, counts):
        if row["n_reached"] is not None:
            assert row["n_reached"] % 10 == 0
            assert row["share"] == row["n_reached"] / row["n_units"]
    exact = programme.model_copy(update={"disclosure": Disclosure(audience="internal")})
    first = shown_funnel(exact, counts)[0]
    assert first["n_reached"] == counts["n_reached"][0]


def test_no_stages_no_funnel(income: Finding) -> None:
    assert take_up_funnel(income.programme) is None
    empty = report.funnel(income.programme, None)
    assert isinstance(empty, Block)
    assert empty.html == ""


def test_stages_that_are_wrong_are_named(programme: Programme, tmp_path: Path) -> None:
    labels = programme.funnel[0].label
    odd = programme.model_copy(update={"funnel": (FunnelStep(column="visit", label=labels),)})
    with pytest.raises(PlanError, match="visit is no canonical column"):
        take_up_funnel(odd)
    money = programme.model_copy(update={"funnel": (FunnelStep(column="deposits_yuan", label=labels),)})
    with pytest.raises(DataError, match="values other than 0 and 1"):
        take_up_funnel(money)
    plan = (programme.folder / "programme.toml").read_text(encoding="utf-8")
    (tmp_path / "programme.toml").write_text(
        plan.replace('after  = "contracted"', 'after = "signed"', 1), encoding="utf-8"
    )
    with pytest.raises(PlanError, match="comes after 'signed', which is no stage before it"):
        evalkit.load(tmp_path)
    (tmp_path / "programme.toml").write_text(
        plan.replace('column = "visited"', 'column = "contracted"'), encoding="utf-8"
    )
    with pytest.raises(PlanError, match="names 'contracted' twice"):
        evalkit.load(tmp_path)


@pytest.mark.usefixtures("_cache")
def test_at_a_cutoff_arms_are_those_above_and_below(root: Path) -> None:
    """Members are on both sides in every township, so no township is pilot; and why two shares on the page differ."""
    finding = evalkit.evaluate(evalkit.load(root / "data_raw" / "shangyu_trinity"), "contract_sales_yuan")
    html = report.take_up(finding).html
    rows = re.findall(r'<th scope="row">(.*?)</th>', html)
    assert rows == ["过线的", "未过线的", "相差", "Above the cut-off", "Below the cut-off", "Difference"]
    assert "这里是全部过线的与全部未过线的" in html
    assert "These are all above and all below" in html
    assert "试点乡镇" in report.take_up(replace(finding, cutoff=None)).html


def test_truth_stands_beside_the_interval_that_the_answer_has(post: Finding) -> None:
    """Anderson and Rubin's, as in the box at the top, and not the usual one of the same estimate."""
    assert post.instrument is not None
    unit = replace(unit_of(post.indicator.unit), in_wan=None)
    late = next(r for n, r in post.robustness if n == "late_ancova")
    usual, robust = (
        interval(r["conf_low"], r["conf_high"], unit, "en") for r in (late.row("att"), post.instrument.row("late"))
    )
    assert usual != robust
    html = report.truth(post).html
    assert robust.replace(" yuan a year", "") in html
    assert usual.replace(" yuan a year", "") not in html
