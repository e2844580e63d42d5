"""The plan's dose: where it comes from, what is true of it, and what a page says and does not say."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import plotly.graph_objects as go
import polars as pl
import pytest

import evalkit
from evalkit import DataError, Design, Moments, PlanError, report
from evalkit.diagnostics import FourCell
from evalkit.dose_plan import DosePlan
from evalkit.doses import DoseEffects
from evalkit.finding import Finding
from evalkit.intake_store import programme_rows
from evalkit.plan_lock import plan_entries
from evalkit.plan_tables import Text
from evalkit.programme import Programme
from evalkit.report.block import Block, FigureBlock
from evalkit.report.dose_effects import shown_before, shown_dose_effects

DATA = Path(__file__).parents[1] / "data_raw"
FOLDER = DATA / "weinan_teams"
INCOME = "net_income_per_mu_yuan"
PRIMARY = (INCOME, "sales_per_mu_yuan", "online_sales_yuan", "loans_outstanding_yuan")


@pytest.fixture(scope="module")
def programme() -> Programme:
    return evalkit.load(FOLDER)


@pytest.fixture(scope="module")
def finding(programme: Programme) -> Finding:
    return evalkit.evaluate(programme, INCOME)


@pytest.fixture(scope="module")
def found(programme: Programme) -> DoseEffects:
    effects = evalkit.dose_effects(programme, INCOME)
    assert effects is not None
    return effects


def with_dose(programme: Programme, **entries: object) -> Programme:
    stated = programme.dose.model_dump() if programme.dose else {}
    text = {"zh": "甲", "en": "A"}
    plan = DosePlan.model_validate({"label": text, "unit": text, **stated, **entries})
    return programme.model_copy(update={"dose": plan})


def test_requests_taken_a_year(programme: Programme) -> None:
    """WN13 was first taken on 5 May 2022 and five requests in all by 31 December 2023: 605 days, 1.656 years, 3.02."""
    doses = evalkit.village_doses(programme)
    assert doses["WN13"] == pytest.approx(5 / (605 / 365.25))
    assert len(doses) == 14


def test_a_rate_is_over_a_year_at_least(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until 31 December 2023: one request taken on 1 December counts 1 a year; two from 31 December 2021 on count
    2/(730/365.25); one that still waits is none.
    """
    days = [("A", dt.date(2023, 12, 1)), ("B", dt.date(2021, 12, 31)), ("B", dt.date(2023, 1, 1)), ("C", None)]
    log = pl.DataFrame(days, schema={"village_id": pl.String, "accepted_on": pl.Date}, orient="row")
    monkeypatch.setattr("evalkit.doses.programme_intake", lambda _: SimpleNamespace(requests=log))
    assert evalkit.village_doses(programme) == pytest.approx({"A": 1.0, "B": 2 / (730 / 365.25)})


def test_the_mean_of_a_column_since_the_start() -> None:
    """By the survey's weights, each village's rows since its first year; villages never begun have none."""
    programme = evalkit.load(DATA / "suqian_ecommerce")
    dosed = with_dose(programme, source="survey", column="ecommerce_loan_outstanding_yuan", cuts=[100])
    doses = evalkit.village_doses(dosed)
    rows = programme_rows(programme).frame.drop_nulls("ecommerce_loan_outstanding_yuan")
    own = rows.filter((pl.col("village_id") == "SQ002") & (pl.col("year") >= 2016))
    total = (own["ecommerce_loan_outstanding_yuan"] * own["weight"]).sum()
    assert doses["SQ002"] == pytest.approx(total / own["weight"].sum())
    assert "SQ001" not in doses


def test_a_column_of_the_roster(programme: Programme) -> None:
    doses = evalkit.village_doses(with_dose(programme, source="roster", column="adoption_year", cuts=[2022]))
    assert doses["WN02"] == 2022
    assert len(doses) == 14


def test_villages_that_start_without_a_dose_are_named(programme: Programme) -> None:
    grants = with_dose(programme, source="survey", column="project_funds_yuan", cuts=[1000])
    with pytest.raises(DataError, match=r"3 villages that start have none above 0 \(WN06, WN13, WN21\)"):
        evalkit.dose_effects(grants, INCOME)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ('source = "requests"\ncolumn = "x"', "needs column where source is roster or survey"),
        ('source = "survey"', "needs column where source is roster or survey"),
        ('source = "requests"\ncuts = [2, 1]', "cuts must ascend"),
        ('source = "requests"\ncuts = [0]', "cuts must ascend"),
        ('source = "ledger"', r"dose.source = 'ledger'"),
    ],
)
def test_mistakes_of_the_plan_are_named(entries: str, message: str, tmp_path: Path) -> None:
    text = (FOLDER / "programme.toml").read_text(encoding="utf-8")
    new = entries if "cuts" not in entries else entries.partition("\n")[0]
    text = text.replace('source = "requests"\nlabel', f"{new}\nlabel")
    text = text if "cuts" not in entries else text.replace("cuts   = [2]", entries.partition("\n")[2])
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=message):
        evalkit.load(tmp_path)


def test_a_dose_needs_its_source_and_villages_that_start(tmp_path: Path) -> None:
    dose = '\n[dose]\nsource = "requests"\nlabel = {zh = "甲", en = "A"}\nunit = {zh = "件", en = "a"}\ncuts = [2]\n'
    text = (DATA / "moz_savings" / "programme.toml").read_text(encoding="utf-8") + dose
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="needs rounds, first_treated") as error:
        evalkit.load(tmp_path)
    assert "no [[sources]] is of that kind" in str(error.value)


def test_an_unknown_column_is_named(programme: Programme) -> None:
    with pytest.raises(PlanError, match=r"there is no column 'project_fund_yuan' .*project_funds_yuan"):
        evalkit.village_doses(with_dose(programme, source="survey", column="project_fund_yuan"))


def test_it_belongs_to_the_locked_plan(programme: Programme) -> None:
    entries = plan_entries(programme)
    assert (entries["dose.source"], entries["dose.cuts"]) == ("requests", [2.0])
    assert not any(e.startswith("dose") for e in plan_entries(programme.model_copy(update={"dose": None})))


@pytest.mark.parametrize("indicator", [INCOME, "sales_per_mu_yuan", "loans_outstanding_yuan"])
def test_intervals_hold_what_the_scenario_built_in(programme: Programme, indicator: str) -> None:
    """Requests after the first bring nothing in the scenario; groups differ by when their villages started."""
    effects = evalkit.dose_effects(programme, indicator)
    assert effects is not None
    assert effects.truth is not None
    rows = effects.effects.tidy()
    for low, truth, high in zip(rows["conf_low"], effects.truth, rows["conf_high"], strict=True):
        assert low < truth < high


def test_only_primary_indicators_and_only_with_a_dose(programme: Programme) -> None:
    assert evalkit.dose_effects(programme, "wage_income_yuan") is None
    assert evalkit.dose_effects(programme.model_copy(update={"dose": None}), INCOME) is None


def html_of(finding: Finding, found: DoseEffects) -> str:
    shown = report.dose_effects(finding, found)
    assert isinstance(shown, FigureBlock)
    return shown.block.html


def test_the_page_gives_levels_and_no_slope(finding: Finding, found: DoseEffects) -> None:
    html = html_of(finding, found)
    assert "与还没有开始的村相比，不到2件+1555元/亩，2件及以上+1504元/亩" in html
    assert "各组之间不能相减" in html
    assert "One group cannot be taken from another" in html
    assert "strong parallel trends" in html
    assert "one more of the unit" not in html
    assert "每多1件" not in html


def test_where_the_page_may_not_attribute_groups_may_not_either(programme: Programme) -> None:
    """Online sales grew faster before in villages that asked first: no condition turns the gaps into effects."""
    finding = evalkit.evaluate(programme, "online_sales_yuan")
    effects = evalkit.dose_effects(programme, "online_sales_yuan")
    assert effects is not None
    html = html_of(finding, effects)
    assert "不能把差距归因于项目，分组以后同样如此" in html
    assert "才是这一组村从自己那份项目中得到的效果" not in html


def test_a_stated_reason_gives_a_slope_under_its_assumption(finding: Finding, programme: Programme) -> None:
    reason = {"zh": "接单件数由抽签决定。", "en": "Numbers were drawn by lot."}
    effects = evalkit.dose_effects(with_dose(programme, slope=reason), INCOME)
    assert effects is not None
    row = effects.effects.row("slope=2")
    levels = [effects.effects.row(f"dose={j}") for j in (1, 2)]
    step = levels[1]["dose_mean"] - levels[0]["dose_mean"]
    assert row["estimate"] == pytest.approx((levels[1]["estimate"] - levels[0]["estimate"]) / step)
    html = html_of(finding, effects)
    assert "接单件数由抽签决定。据此假定" in html
    assert "从不到2件到2件及以上，平均每多1件，变化相差" in html
    assert "which data cannot prove. If so: from below 2 requests to 2 requests or more" in html
    assert "各组之间不能相减" not in html


def test_groups_with_too_few_villages_cannot_be_told(finding: Finding, programme: Programme) -> None:
    """From 2.7 a year on there are WN17 and WN13 only: neither number nor interval of theirs is on the page."""
    effects = evalkit.dose_effects(with_dose(programme, cuts=[2, 2.7]), INCOME)
    assert effects is not None
    html = html_of(finding, effects)
    estimate = effects.effects.row("dose=3")["estimate"]
    assert "村数太少，不能判断" in html
    assert "too few villages to tell" in html
    assert f"{estimate:+.0f}元" not in html
    assert str(estimate) not in html
    assert "2至不到2.7件" in html


def test_small_groups_are_withheld_with_one_that_would_give_them_away(finding: Finding, programme: Programme) -> None:
    effects = evalkit.dose_effects(with_dose(programme, cuts=[1.2, 2.3]), INCOME)
    assert effects is not None
    small = replace(effects, cells=(_few(effects.cells[0]), *effects.cells[1:]))
    rows = {r["term"]: r for r in shown_dose_effects(finding, small)}
    assert rows["dose=1"]["held"] == "households"
    assert sum(rows[f"dose={j}"]["held"] is not None for j in (1, 2, 3)) == 2
    shown = report.dose_effects(finding, small)
    html = shown.block.html if isinstance(shown, FigureBlock) else shown.html
    for row in rows.values():
        if row["held"] is not None:
            assert str(row["estimate"]) not in html


def _few(cells: FourCell) -> FourCell:
    return replace(cells, rows=tuple(replace(r, n_units=4) if r.row == "pilot" else r for r in cells.rows))


def test_nothing_where_there_is_no_dose_or_only_small_groups(finding: Finding, found: DoseEffects) -> None:
    assert report.dose_effects(finding, None) == Block("")
    assert report.dose_effects(finding, replace(found, cells=tuple(map(_few, found.cells)))) == Block("")


def test_the_page_shows_each_group_before_its_start(finding: Finding, found: DoseEffects) -> None:
    html = html_of(finding, found)
    assert found.before is not None
    rows = [found.before.row(f"dose={j}") for j in (1, 2)]
    assert "每过一轮的变化比开始更晚或从未开始的村多多少" in html
    for row in rows:
        assert f"{row['estimate']:+.0f}元/亩" in html
        assert f"{row['estimate']:+.0f} yuan per mu" in html
    assert "就与这些村走势不同" not in html
    assert "分组以后每组村数更少" in html
    assert "没有分组核对" not in html


def test_a_group_that_moved_apart_before_its_start_is_named(finding: Finding, programme: Programme) -> None:
    """Villages of the first group drift by 2,000 yuan a year: p is below a half of .05, and the page names them."""
    found, doses = evalkit.dose_effects(programme, INCOME), evalkit.village_doses(programme)
    assert found is not None
    frame = evalkit.Panel.from_programme(programme, INCOME).frame
    drift = 2000.0 * pl.col("time") * pl.col("cluster").is_in([v for v, d in doses.items() if d < 2])
    design = Design(unit="unit", cluster="cluster", time="time", first_treated="first_treated")
    moments = Moments.from_frame(frame.with_columns(pl.col(INCOME) + drift), design=design, outcomes=[INCOME])
    before = evalkit.infer(evalkit.by_dose(moments, doses, [2], before=True))
    assert before.row("dose=1")["p_value"] < 0.025 < before.row("dose=2")["p_value"]
    html = html_of(finding, replace(found, before=before))
    assert "不到2件的村在开始前就与这些村走势不同" in html
    assert "villages with below 2 requests already moved differently" in html


def test_before_the_start_small_groups_are_withheld_and_few_villages_cannot_be_told(
    finding: Finding, found: DoseEffects, programme: Programme
) -> None:
    assert found.before is not None
    few = evalkit.dose_effects(with_dose(programme, cuts=[2, 2.7]), INCOME)
    assert few is not None
    rows = shown_before(finding, few)
    assert [r["has_interval"] for r in rows] == [True, True, False]
    assert html_of(finding, few).count("村数太少，不能判断") == 7
    small = replace(few, cells=(_few(few.cells[0]), *few.cells[1:]))
    held = [r["held"] for r in shown_before(finding, small)]
    assert held == [r["held"] for r in shown_dose_effects(finding, small)[:3]]
    assert held[0] == "households"


def test_without_two_rounds_before_the_start_the_page_says_so(finding: Finding, found: DoseEffects) -> None:
    html = html_of(finding, replace(found, before=None))
    assert "没有分组核对：有的组在开始前没有两轮数据" in html
    assert "not checked group by group" in html


def test_a_text_of_the_plan_stands_on_the_page_as_text(finding: Finding, programme: Programme) -> None:
    marked = with_dose(programme, unit=Text(zh="<b>件</b>", en="<b>a</b>").model_dump())
    effects = evalkit.dose_effects(marked, INCOME)
    assert effects is not None
    assert "<b>件" not in html_of(finding, effects)


def test_the_figure_has_title_alternative_text_and_table_and_draws_what_may_be_told(
    finding: Finding, programme: Programme
) -> None:
    """Groups that cannot be told have no dot; plotly's own library accepts the figure."""
    effects = evalkit.dose_effects(with_dose(programme, cuts=[2, 2.7]), INCOME)
    assert effects is not None
    shown = report.dose_effects(finding, effects)
    assert isinstance(shown, FigureBlock)
    html = shown.block.html
    assert html.count("<figcaption><b>") == html.count('role="img" aria-label="') == 2
    assert html.count("<table>") == 4  # level effects and paths before the start, in two languages
    assert json.loads(go.Figure(dict(shown.figure)).to_json()) == shown.figure
    estimates = [effects.effects.row(t)["estimate"] for t in ("dose=1", "dose=2", "att")]
    assert [trace["x"][0] for trace in shown.figure["data"]] == pytest.approx(estimates)
    assert [t["name"] for t in shown.figure["data"]] == ["不到2件", "2至不到2.7件", "全部试点村"]
