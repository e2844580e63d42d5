"""A small batch through papermill: pages, failures that don't stop the others, reuse, stale pages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from evalkit.batch import Plan, Request, Result, Settings, make_plan, run_batch
from evalkit.batch.execute import failure_of
from evalkit.errors import DataError

GOOD = """
from evalkit.batch import parameters
from evalkit.report.origin import summarise
given = parameters.check(globals())
summarise({"zh": "好", "en": "Good."})
"""
BAD = """
from evalkit.errors import DataError
raise DataError("rows", "3 rows have no weight", "a weight", "complete them")
"""


def _notebook(folder: Path, name: str, code: str) -> None:
    declared = new_code_cell('programme: str = "moz_savings"', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[declared, new_code_cell(code.strip())]), folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(root / "data_raw" / "moz_savings", folder / "data_raw" / "moz_savings")
    (folder / "notebooks").mkdir()
    _notebook(folder / "notebooks", "good", GOOD)
    _notebook(folder / "notebooks", "bad", BAD)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(root))
        patch.delenv("EVALKIT_DATA", raising=False)
        yield folder


@pytest.fixture(scope="module")
def first(project: Path) -> Result:
    return run_batch(make_plan(Request()), Settings(project / "findings", workers=2))


def _rows(project: Path) -> dict[str, dict]:
    manifest = json.loads((project / "findings/run.json").read_text(encoding="utf-8"))
    return {row["notebook"]: row for row in manifest["runs"]}


def test_one_failure_does_not_stop_the_other(first: Result, project: Path):
    assert (first.done, first.failed, first.reused) == (1, 1, 0)
    assert {n: r["state"] for n, r in _rows(project).items()} == {"good": "done", "bad": "failed"}


def test_failed_page_tells_the_plain_reason(first: Result, project: Path):
    page = (project / "findings/moz_savings/bad.html").read_text(encoding="utf-8")
    assert "rows: 3 rows have no weight." in page
    assert "complete them." in page
    assert "Traceback" not in page


def test_executed_notebook_is_kept_without_paths_of_the_machine(first: Result, project: Path):
    text = (project / "findings/moz_savings/good.ipynb").read_text(encoding="utf-8")
    assert '"injected-parameters"' in text
    assert str(project) not in text


def test_list_shows_both_pages_with_their_state(first: Result, project: Path):
    html = first.index.read_text(encoding="utf-8")
    assert 'data-state="done"' in html
    assert 'data-state="failed"' in html
    assert "Good." in html


def test_nothing_is_half_written(first: Result, project: Path):
    assert not list((project / "findings").rglob("*.tmp"))


def test_what_has_not_changed_is_reused_and_the_failed_runs_again(first: Result, project: Path):
    plan = make_plan(Request())
    good = Plan(tuple(r for r in plan.runs if r.notebook == "good"), frozenset())
    before = (project / "findings/moz_savings/good.html").stat().st_ino
    again = run_batch(good, Settings(project / "findings", workers=1))
    assert (again.done, again.reused) == (0, 1)
    assert (project / "findings/moz_savings/good.html").stat().st_ino == before
    assert set(_rows(project)) == {"good", "bad"}


def test_a_page_that_left_the_plan_leaves_the_folder(first: Result, project: Path):
    plan = make_plan(Request())
    smaller = replace(plan, runs=tuple(r for r in plan.runs if r.notebook == "good"))
    run_batch(smaller, Settings(project / "findings", workers=1))
    assert not (project / "findings/moz_savings/bad.html").exists()
    assert (project / "findings/moz_savings/good.html").exists()


def test_an_error_of_evalkit_is_told_in_its_parts():
    failure = failure_of("DataError", str(DataError("rows", "3 are odd", "none", "correct them")))
    assert (failure.reason, failure.needed, failure.todo) == ("rows: 3 are odd.", "none.", "correct them.")


def test_any_other_error_is_told_by_its_kind():
    assert failure_of("ZeroDivisionError", "division by zero").reason == "ZeroDivisionError: division by zero"
