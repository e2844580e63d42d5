"""The sample flow on the quality page: the figure is the log, it adds up, and small cells are not shown."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.diagnostics import follow_up, losses_by_baseline
from evalkit.intake import Intake, field_checks, read_programme
from evalkit.intake.passage import PASSAGE_SCHEMA
from evalkit.programme import Disclosure, Programme
from evalkit.report import (
    quality_backchecks,
    quality_flow,
    quality_follow_up,
    quality_ledgers,
    quality_losses,
    quality_rounds,
)
from evalkit.report.follow_up import shown_lost
from evalkit.report.passage import shown_passage, shown_rounds

PUBLIC, INTERNAL = Disclosure(), Disclosure(audience="internal", min_households=1, min_villages=1)


@pytest.fixture(scope="module")
def post(root: Path) -> tuple[Programme, Intake]:
    programme = evalkit.load(root / "data_raw" / "suqian_post")
    return programme, read_programme(programme)


def bars(html: str) -> list[dict[str, int]]:
    """Return the pieces of each bar of the Chinese figure, by arm."""
    figure = html.split('<ol class="passage"')[1].split("</ol>")[0]
    lines = [dict(re.findall(r'<i class="(\w+)" data-n="(\d+)"', line)) for line in figure.split("<li>")[1:]]
    return [{arm: int(n) for arm, n in line.items()} for line in lines]


def test_figure_is_the_log_and_adds_up(post: tuple[Programme, Intake]) -> None:
    """On an internal page, where nothing is rounded: bars of all arms together are the flow's records, at each step."""
    programme, intake = post
    inside = programme.model_copy(update={"disclosure": INTERNAL})
    drawn = bars(quality_flow(inside, intake).html)
    assert [sum(n.values()) for n in drawn] == [s.n_rows for s in intake.flow.steps]
    log = intake.passage.filter(pl.col("arm") == "pilot").group_by("step").agg(pl.col("n_rows").sum()).sort("step")
    assert [n["pilot"] for n in drawn] == log["n_rows"].to_list()


def test_public_counts_are_rounded_and_add_up(post: tuple[Programme, Intake]) -> None:
    programme, intake = post
    steps = shown_passage(intake.passage, programme.disclosure)
    assert all(n % 10 == 0 for s in steps for n in (s.n_rows, *s.arms.values()) if n is not None)
    pairs = pairwise(steps)
    assert all(a.n_rows == b.n_rows + b.n_dropped for a, b in pairs if b.n_dropped is not None)
    assert [n["pilot"] for n in bars(quality_flow(programme, intake).html)] == [s.arms["pilot"] for s in steps]


def test_log_adds_up_in_each_arm_and_round(post: tuple[Programme, Intake]) -> None:
    """In a programme with a ledger: left and dropped make what was left before; the last step is what is used."""
    intake = post[1]
    for _, rows in intake.passage.sort("step").group_by("arm", "time"):
        n, dropped = rows["n_rows"].to_list(), rows["n_rows_dropped"].to_list()
        assert all(a == b + d for (a, b), d in zip(pairwise(n), dropped[1:], strict=True))
    last = intake.passage.filter(pl.col("step") == pl.col("step").max())
    assert last["n_rows"].sum() == intake.frame.height


def log(*cells: tuple[str, list[int], int]) -> pl.DataFrame:
    rows = [
        (step, code, arm, 2014, n[step], (n[step - 1] - n[step]) if step else 0, villages)
        for arm, n, villages in cells
        for step, code in enumerate(("raw_rows", "rejected_rows"))
    ]
    return pl.DataFrame(rows, schema=PASSAGE_SCHEMA, orient="row")


@pytest.mark.parametrize(("n", "villages", "held"), [(9, 4, "households"), (10, 1, "villages"), (10, 2, None)])
def test_small_arm_hides_both(n: int, villages: int, held: str | None) -> None:
    passage = log(("pilot", [n, n], villages), ("comparison", [100, 100], 9))
    assert [s.held for s in shown_passage(passage, PUBLIC)] == [held] * 2
    assert [bool(s.arms) for s in shown_passage(passage, PUBLIC)] == [held is None] * 2
    assert {c.held for c in shown_rounds(passage, PUBLIC)} == {held}


@pytest.mark.parametrize(("left", "told"), [(100, 0), (99, None), (91, None), (90, 10)])
def test_few_dropped_are_not_told(left: int, told: int | None) -> None:
    passage = log(("pilot", [100, left], 4), ("comparison", [100, 100], 9))
    assert shown_passage(passage, PUBLIC)[1].n_dropped == told
    assert [c.dropped for c in shown_rounds(passage, PUBLIC)] == [(told,), (0,)]


@pytest.mark.parametrize(("seen", "share"), [(100, 0.0), (91, None), (90, 0.1), (9, None)])
def test_losses_of_few_are_not_told_nor_those_beside(seen: int, share: float | None) -> None:
    found = shown_lost([(100, seen, 4), (100, 50, 9)], PUBLIC)
    assert found[0].share == share
    assert (found[1].share is None) == (share is None)


def test_page_in_both_languages(post: tuple[Programme, Intake]) -> None:
    programme, intake = post
    counts = follow_up(programme, intake)
    page = quality_follow_up(programme, counts).block.html  # type: ignore[union-attr]
    assert "到2022年，试点村流失" in page
    assert "By 2022, " in page
    ledgers = quality_ledgers(programme, intake).html
    assert "贷款台账" in ledgers
    assert "Loan ledger" in ledgers
    assert "不足10" in quality_rounds(programme, intake).html
    assert "最高的三分之一" in quality_losses(programme, losses_by_baseline(programme, intake)).html


def test_rounds_that_a_codebook_calls_numbers_are_rounds(post: tuple[Programme, Intake]) -> None:
    """A csv with its rounds in a column: intake reads 2020 as 2020.0, and the page is the same."""
    programme, intake = post
    time = programme.design.time
    as_numbers = replace(intake, frame=intake.frame.with_columns(pl.col(time).cast(pl.Float64)))
    plain, read = follow_up(programme, intake), follow_up(programme, as_numbers)
    pages = [quality_follow_up(programme, counts).block.html for counts in (plain, read)]  # type: ignore[union-attr]
    assert pages[0] == pages[1]


def test_second_visits_find_the_careless_enumerator(post: tuple[Programme, Intake]) -> None:
    """The scenario has one in eight, D03; on a public page nobody is named."""
    found = field_checks(*post)
    assert found.problems.filter(pl.col("rule") == "enumerator_backcheck")["enumerator"].to_list() == ["D03"]
    assert "backcheck_unmatched" not in found.problems["rule"].to_list()
    page = quality_backchecks(*post, found).html
    assert "第一类：不会变的" in page
    assert "D03" not in page
