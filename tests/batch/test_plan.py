"""The plan: which runs there are, where their pages stand, and what changes their ids."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit.batch import Request, make_plan
from evalkit.batch.plan import safe_name
from evalkit.batch.run import in_turn
from evalkit.errors import PlanError


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project's inputs with one programme."""
    shutil.copytree(root / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(root / "data_raw" / "moz_savings", tmp_path / "data_raw" / "moz_savings")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    monkeypatch.delenv("EVALKIT_CACHE", raising=False)
    return tmp_path


def test_default_plan_has_every_kind_of_page(project: Path):
    plan = make_plan(Request())
    pages = {run.page for run in plan.runs}
    assert {
        "moz_savings/quality.html",
        "moz_savings/programme.html",
        "moz_savings/impact-saved_q4.html",
        "moz_savings/replication_moz_savings.html",
    } <= pages
    assert sum(run.notebook == "impact" for run in plan.runs) == 11
    assert sum(run.notebook == "village" for run in plan.runs) == 42
    assert plan.complete == {"moz_savings"}


def test_village_pages_are_internal_and_nothing_else_is(project: Path):
    runs = make_plan(Request()).runs
    assert all(
        run.internal == (run.notebook == "village") == run.page.startswith("internal/moz_savings/village-")
        for run in runs
    )


def test_an_internal_audience_makes_every_page_internal(project: Path):
    file = project / "data_raw/moz_savings/programme.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"public"', '"internal"'), encoding="utf-8")
    assert all(run.page.startswith("internal/") for run in make_plan(Request()).runs)


def test_a_replication_belongs_to_its_programme(project: Path):
    (project / "notebooks/replication_moz_savings.ipynb").rename(project / "notebooks/replication_other.ipynb")
    assert not [run for run in make_plan(Request()).runs if run.notebook.startswith("replication")]


def test_one_indicator_gives_one_page_and_leaves_the_others(project: Path):
    plan = make_plan(Request(indicators=("saved_q4",)))
    assert [run.page for run in plan.runs] == ["moz_savings/impact-saved_q4.html"]
    assert plan.complete == frozenset()


def test_all_mistakes_are_told_at_once_with_the_nearest(project: Path):
    with pytest.raises(PlanError) as error:
        make_plan(Request(("moz_savings", "moz_saving"), ("saved_q9",)))
    message = str(error.value)
    assert "nearest: 'moz_savings'" in message
    assert "'saved_q9' is in none" in message
    assert "(2)" in message


def ids() -> dict[str, str]:
    return {run.page: run.id for run in make_plan(Request()).runs}


def test_ids_stay_without_a_change(project: Path):
    assert ids() == ids()


def test_a_changed_input_changes_every_id(project: Path):
    before = ids()
    file = project / "data_raw/moz_savings/programme.toml"
    file.write_bytes(file.read_bytes() + b"# noted\n")
    after = ids()
    assert before.keys() == after.keys()
    assert not [page for page in before if before[page] == after[page]]


def test_a_changed_notebook_changes_its_own_ids(project: Path):
    before = ids()
    file = project / "notebooks/quality.ipynb"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = ids()
    assert [page for page in before if before[page] != after[page]] == ["moz_savings/quality.html"]


@pytest.mark.parametrize("name", ["../../x", "a/b", "", "x" * 61, "<script>", "a b"])
def test_unsafe_names_become_hashes(name: str):
    assert safe_name(name).isalnum()
    assert len(safe_name(name)) == 16


@pytest.mark.parametrize("name", ["V01", "新河村", "saved_q4", "a-b"])
def test_safe_names_stay(name: str):
    assert safe_name(name) == name


CLAIMS = """schema_version = 1
[article]
name = { zh = "一篇报道", en = "a report" }
source = "a.txt"
[[claims]]
id = "money"
about = { zh = "存款", en = "savings" }
said = "97万元"
value = 970000
unit = "yuan"
concept = "savings"
kind = "output"
line = 1
"""


def test_reported_claims_have_a_page_where_there_are_any(project: Path):
    assert "moz_savings/claims.html" not in ids()
    file = project / "data_raw/moz_savings/claims.toml"
    file.write_text(CLAIMS, encoding="utf-8")
    before = ids()
    assert "moz_savings/claims.html" in before
    file.write_text(CLAIMS.replace("97万元", "98万元").replace("970000", "980000"), encoding="utf-8")
    after = ids()
    assert {page for page in after if after[page] != before[page]} == {"moz_savings/claims.html"}


def test_a_folder_with_an_article_only_is_no_programme(project: Path):
    folder = project / "data_raw/only_an_article"
    folder.mkdir()
    (folder / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    assert {run.programme for run in make_plan(Request()).runs} == {"moz_savings"}


def test_programmes_take_turns_and_villages_come_last(project: Path):
    runs = make_plan(Request()).runs
    twin = [replace(run, programme="other") for run in runs]
    order = [(r.programme == "other", r.notebook) for r in in_turn([*runs, *twin])]
    kinds = [notebook for _, notebook in order]
    first = kinds.index("impact")
    assert [other for other, _ in order[first : first + 4]] == [False, True, False, True]
    assert kinds.index("programme") > len(kinds) - 1 - kinds[::-1].index("impact")
    assert set(kinds[kinds.index("village") :]) == {"village"}
    assert len(order) == 2 * len(runs)
