"""A small batch through papermill's interface: pages, failures that don't stop the others, reuse, stale pages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.batch import Plan, Request, Result, Settings, make_plan, run_batch
from evalkit.batch.execute import failure_of
from evalkit.errors import DataError
from tests.batch.conftest import Project

GOOD = """
from evalkit.batch import parameters
from evalkit.report.origin import summarise
given = parameters.check(globals())
summarise({"zh": "好", "en": "Good."})
"""
BAD = """
from evalkit.errors import DataError
from tests.batch.conftest import Project
raise DataError("rows", "3 rows have no weight", "a weight", "complete them")
"""


@pytest.fixture(scope="module")
def folder(project: Project) -> Path:
    return project({"good": GOOD, "bad": BAD})


@pytest.fixture(scope="module")
def first(folder: Path) -> Result:
    return run_batch(make_plan(Request()), Settings(folder / "findings", workers=2))


def _rows(folder: Path) -> dict[str, dict]:
    manifest = json.loads((folder / "findings/run.json").read_text(encoding="utf-8"))
    return {row["notebook"]: row for row in manifest["runs"]}


def test_one_failure_does_not_stop_the_other(first: Result, folder: Path):
    assert (first.done, first.failed, first.reused) == (1, 1, 0)
    assert {n: r["state"] for n, r in _rows(folder).items()} == {"good": "done", "bad": "failed"}


def test_failed_page_tells_the_plain_reason(first: Result, folder: Path):
    page = (folder / "findings/moz_savings/bad.html").read_text(encoding="utf-8")
    assert "rows: 3 rows have no weight." in page
    assert "complete them." in page
    assert "Traceback" not in page


def test_executed_notebook_is_kept_without_paths_of_the_machine(first: Result, folder: Path):
    text = (folder / "findings/moz_savings/good.ipynb").read_text(encoding="utf-8")
    assert '"injected-parameters"' in text
    assert str(folder) not in text


def test_list_shows_both_pages_with_their_state(first: Result, folder: Path):
    html = first.index.read_text(encoding="utf-8")
    assert 'data-state="done"' in html
    assert 'data-state="failed"' in html
    assert "Good." in html


def test_nothing_is_half_written(first: Result, folder: Path):
    assert not list((folder / "findings").rglob("*.tmp"))


def test_what_has_not_changed_is_reused_and_the_failed_runs_again(first: Result, folder: Path):
    plan = make_plan(Request())
    good = Plan(tuple(r for r in plan.runs if r.notebook == "good"), frozenset())
    before = (folder / "findings/moz_savings/good.html").stat().st_ino
    again = run_batch(good, Settings(folder / "findings", workers=1))
    assert (again.done, again.reused) == (0, 1)
    assert (folder / "findings/moz_savings/good.html").stat().st_ino == before
    assert set(_rows(folder)) == {"good", "bad"}


def test_a_page_that_left_the_plan_leaves_the_folder(first: Result, folder: Path):
    plan = make_plan(Request())
    smaller = replace(plan, runs=tuple(r for r in plan.runs if r.notebook == "good"))
    run_batch(smaller, Settings(folder / "findings", workers=1))
    assert not (folder / "findings/moz_savings/bad.html").exists()
    assert (folder / "findings/moz_savings/good.html").exists()


def test_an_error_of_evalkit_is_told_in_its_parts():
    failure = failure_of("DataError", str(DataError("rows", "3 are odd", "none", "correct them")))
    assert (failure.reason, failure.needed, failure.todo) == ("rows: 3 are odd.", "none.", "correct them.")


def test_any_other_error_is_told_by_its_kind():
    assert failure_of("ZeroDivisionError", "division by zero").reason == "ZeroDivisionError: division by zero"
