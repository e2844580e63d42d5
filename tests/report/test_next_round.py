"""The page for planning the next round: numbers of the plan, both languages, and what must not be shown."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

import evalkit
from evalkit import report
from evalkit.diagnostics import NextRound, Wanted, next_round
from evalkit.report.block import FigureBlock


@pytest.fixture(scope="module")
def plan(root: Path, _cache: None) -> NextRound:
    return next_round(evalkit.load(root / "data_raw/moz_savings"), "saved_q4", Wanted(pilot=20, comparison=30), draws=4)


def text(block: object) -> str:
    html = block.block.html if isinstance(block, FigureBlock) else block.html  # type: ignore[attr-defined]
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)))


def test_the_headline_gives_the_plan_and_its_effect(plan: NextRound) -> None:
    """saved_q4 is a share: the effect in percentage points, with the programme's own words (associations, farmers)."""
    assert plan.found is not None
    points = f"{100 * plan.found.mde:.1f}"
    said = text(report.power_headline(plan))
    assert "With 20 pilot and 30 comparison associations of 95 farmers each" in said
    assert f"{points} percentage points or more with 80% probability" in said
    assert "试点20个协会、对照30个协会，每协会调查95名农户" in said
    assert f"达到{points}个百分点的，有80%的把握查出" in said


def test_the_figure_s_lines_are_the_table_s(plan: NextRound) -> None:
    block = report.power_curve(plan)
    assert isinstance(block, FigureBlock)
    lines = block.figure["data"]
    assert [line["name"] for line in lines] == ["10＋15个协会", "20＋30个协会", "40＋60个协会", "要求的把握"]
    assert plan.found is not None
    middle = len(lines[1]["x"]) // 2
    assert lines[1]["x"][middle] == pytest.approx(plan.found.mde)
    assert lines[1]["y"][middle] == pytest.approx(0.8, abs=1e-6)
    assert all(a < b for a, b in zip(lines[1]["y"], lines[1]["y"][1:], strict=False))
    shown = text(block)
    for line in lines[:3]:
        assert f"{100 * line['y'][middle]:.0f}%" in shown
    assert "4 times" in shown
    assert "抽4次" in shown


def test_sizes_say_what_more_villages_bring(plan: NextRound) -> None:
    assert [row[:3] for row in plan.sizes][:3] == [(10, 15, 48), (10, 15, 95), (10, 15, 190)]
    assert len(plan.sizes) == 9
    shown = text(report.power_sizes(plan))
    assert f"{100 * plan.sizes[4][3]:.1f} percentage points" in shown
    assert "Fixed beforehand as small is 2.0 percentage points" in shown


def test_what_must_not_be_concluded_stands_on_every_page(plan: NextRound) -> None:
    for one in (plan, replace(plan, found=None, missing="no_likeness")):
        shown = text(report.power_limits(one))
        assert "A difference that was not found is not one that is absent" in shown
        assert "查不出，不能说成项目没有作用" in shown


@pytest.mark.parametrize("missing", ["cutoff", "no_likeness", "all_alike", "shared_rounds"])
def test_without_numbers_the_reason_is_given_and_no_number(plan: NextRound, missing: str) -> None:
    other = replace(plan, found=None, missing=missing)
    said = text(report.power_headline(other))
    assert "不能推算" in said
    assert not re.search(r"\d", said.replace("quarter 4", ""))
    for block in (report.power_curve(other), report.power_sizes(other), report.power_basis(other)):
        assert text(block).strip() == ""


def test_few_households_without_the_programme_are_withheld(plan: NextRound) -> None:
    """Nine of them, or nine of those with what a share counts; ten are shown."""
    assert plan.baseline is not None
    limits = plan.programme.disclosure.model_copy(update={"min_households": 10})
    strict = replace(plan, programme=plan.programme.model_copy(update={"disclosure": limits}))
    for n, mean, is_shown in ((9, 0.5, False), (18, 0.5, False), (20, 0.5, True), (100, 0.09, False), (100, 0.1, True)):
        one = replace(strict, baseline=replace(plan.baseline, n_units=n, mean=mean))
        assert bool(text(report.power_basis(one)).strip()) is is_shown, (n, mean)
        assert isinstance(report.power_curve(one), FigureBlock) is is_shown
        assert ("with 80% probability" in text(report.power_headline(one))) is is_shown


@pytest.mark.usefixtures("_cache")
def test_a_programme_in_which_all_start_is_halved(root: Path) -> None:
    found = next_round(evalkit.load(root / "data_raw/shangyu_trinity"), draws=0)
    assert found.found is not None
    assert (found.found.study.pilot, found.found.study.comparison) == (10, 10)
    assert found.indicator.name == "sales_yuan"
    assert found.simulated is None


@pytest.mark.usefixtures("_cache")
def test_indicators_at_a_cut_off_are_not_planned_so(root: Path) -> None:
    found = next_round(evalkit.load(root / "data_raw/shangyu_trinity"), "unsecured_line")
    assert (found.missing, found.found) == ("cutoff", None)
