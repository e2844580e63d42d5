"""What leaves a public run: checked outputs, reasons without keys; what is internal; what tells on another page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from evalkit.batch import Request, make_plan
from evalkit.batch.differencing import telling_pages
from evalkit.batch.execute import failure_of
from evalkit.batch.manifest import read_rows, write_manifest
from evalkit.batch.places import AUDIENCE, narrowed
from evalkit.batch.publish import for_publication, identifiers_in, public_failure, unchecked, without_quoted
from evalkit.batch.villages import n_treated
from evalkit.errors import DataError, DesignError
from evalkit.programme import Disclosure, load
from evalkit.report.block import Block
from evalkit.report.page import Failure

FOLDER = Path("/home/someone/data_raw/p")


def _notebook(*outputs: object) -> object:
    return new_notebook(
        cells=[new_code_cell("x", outputs=list(outputs))], metadata={"author": "x", "language_info": {"name": "python"}}
    )


def test_what_the_report_made_is_checked_and_nothing_else():
    block = new_output("execute_result", Block("<p>x</p>")._repr_mimebundle_())
    frame = new_output("execute_result", {"text/html": "<table>", "text/plain": "row"})
    printed = new_output("stream", name="stdout", text="row 1")
    warned = new_output("stream", name="stderr", text="a warning")
    assert unchecked(_notebook(block, warned)) == []
    assert unchecked(_notebook(frame, printed)) == ["cell 1 shows text/html, text/plain", "cell 1 shows printed text"]


def test_a_published_notebook_has_no_warnings_copies_or_traces():
    block = new_output("execute_result", {**Block("<p>x</p>")._repr_mimebundle_(), "text/plain": "Block('<p>x</p>')"})
    warned = new_output("stream", name="stderr", text="/home/someone/x.py: a warning")
    notebook = for_publication(_notebook(block, warned), outputs=True)
    assert [set(o.data) & {"text/plain", "text/html"} for o in notebook.cells[0].outputs] == [{"text/html"}]
    assert set(notebook.metadata) == {"language_info"}
    assert for_publication(_notebook(block), outputs=False).cells[0].outputs == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id 99000019900101000X", True),
        ("110101199003078888", True),
        ("call 13912345678", True),
        ("6222021234567890123", True),
        ("6222 0212 3456 7890 123", True),
        ("110101 19900307 888X", True),
        ("+86 139-1234-5678", True),
        ("8613912345678", True),
        ("139 1234 5678", True),
        ("１３９１２３４５６７８", True),
        ("2012 2013 2014 2015", False),
        ("from 139 to 1234 5678", False),
        ('"estimate": 0.123456789012345678', False),
        ("sha256 3fa9123456789012345678ab", False),
        ("12,345,678,901", False),
        ("931.260585101304", False),
    ],
)
def test_identifiers_are_told_from_numbers(text: str, found: bool):
    assert bool(identifiers_in({".html": text})) is found


def test_a_public_reason_has_no_keys_paths_or_messages_of_other_programs():
    failure = Failure(f"{FOLDER}/a.csv: 20 rows of 'V07' are odd (units H1, H2).", "", "remove 123456789")
    shown = public_failure("DataError", failure, FOLDER, known=True)
    assert shown == Failure("a.csv: 20 rows of are odd", "", "remove …")
    other = public_failure("KeyError", Failure("KeyError: 'H1'"), FOLDER, known=False)
    assert "H1" not in other.reason
    assert "findings/internal/" in other.todo


KEYS_THAT_HIDE = (
    "张(三), 李四",
    "a) SECRET (b",
    "x What to do: SECRET",
    "y Needed: SECRET",
    "it's SECRET",
    '"SECRET"',
    "S\n(SECRET",
)


@pytest.mark.parametrize("key", KEYS_THAT_HIDE)
def test_a_key_cannot_hide_behind_brackets_quotes_or_the_words_of_a_message(key: str):
    """Household and village names are whatever somebody typed: brackets, quotes, even our own marks."""
    errors = [
        DataError("rows", f"12 pairs occur more than once (units {key}, H2)", "one row", "remove them"),
        DataError(f"column {key!r}", f"its cells are {key!r}", "numbers", f"correct {key!r}"),
        DesignError("column 'd'", f"treatment switches off for 12 units ({key})", "one start", "drop them"),
    ]
    for error in errors:
        failure = failure_of(type(error).__name__, without_quoted(str(error)))
        shown = public_failure("DataError", failure, FOLDER, known=True)
        told = f"{shown.reason} {shown.needed} {shown.todo}"
        assert not [part for part in ("SECRET", "三", "李四", "H2") if part in told], told


@pytest.mark.parametrize(("n", "told"), [(9, "fewer than 10 rows are odd"), (10, "10 rows are odd")])
def test_a_small_number_of_rows_is_not_told_by_a_failure(n: int, told: str):
    failure = Failure(f"rows: {n} rows are odd", f"{n} of 99 rows", "")
    shown = public_failure("DataError", failure, FOLDER, known=True, least=10)
    assert shown.reason == f"rows: {told}"
    assert ("9 of" in shown.needed) is False


def test_the_hash_of_an_internal_message_is_internal(tmp_path: Path):
    """It would give a number in it away to whoever tries all numbers."""
    full = "internal/p/impact.failed.txt"
    row = {"page": "p/impact.html", "internal": False, "files": ["p/impact.html", full], "sha256": {full: "ab" * 32}}
    write_manifest(tmp_path, [row], "both")
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert "ab" * 32 not in text
    assert "internal" not in text.replace('"internal": false', "")
    back = read_rows(tmp_path)["p/impact.html"]
    assert (back["files"], back["sha256"]) == (row["files"], row["sha256"])


def test_pages_whose_counts_tell_on_each_other_are_withheld(tmp_path: Path):
    rows = [{"page": f"{n}.html", "internal": False, "files": [f"{n}.json"]} for n in (120, 117, 140)]
    for row in rows:
        (tmp_path / row["files"][0]).write_text(json.dumps({"main": [{"n_units": int(row["page"][:3])}]}))
    assert telling_pages(tmp_path, rows, Disclosure()) == ["117.html"]
    assert telling_pages(tmp_path, [rows[0], rows[2]], Disclosure()) == []


def test_the_public_manifest_names_no_internal_page(tmp_path: Path):
    rows = [
        {"page": "p/impact.html", "internal": False, "files": []},
        {"page": "internal/p/village-V1.html", "internal": True, "files": [], "parameters": {"village": "V1"}},
    ]
    write_manifest(tmp_path, rows, "both")
    assert "V1" not in (tmp_path / "run.json").read_text(encoding="utf-8")
    assert set(read_rows(tmp_path)) == {r["page"] for r in rows}


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(root / "data_raw" / "moz_savings", tmp_path / "data_raw" / "moz_savings")
    monkeypatch.chdir(tmp_path)
    for name in ("EVALKIT_DATA", "EVALKIT_CACHE", AUDIENCE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_asked_for_internal_every_page_is(project: Path):
    public, internal = make_plan(Request()).runs, make_plan(Request(audience="internal")).runs
    assert all(run.internal and run.page.startswith("internal/") for run in internal)
    assert {run.id for run in public}.isdisjoint(run.id for run in internal)


def test_a_single_treated_village_makes_every_page_internal(project: Path):
    file = project / "data_raw/moz_savings/households.parquet"
    programme = load(file.parent)
    assert n_treated(programme) == 21
    rows = pl.read_parquet(file)
    cluster, arm = (
        _raw_names(file.parent, programme.design.cluster),
        _raw_names(file.parent, programme.design.treatment),
    )
    keep = rows.filter(pl.col(arm).cast(pl.Float64) > 0)[cluster].unique().sort()[0]
    rows.filter((pl.col(arm).cast(pl.Float64) <= 0) | (pl.col(cluster) == keep)).write_parquet(file)
    assert n_treated(load(file.parent)) == 1
    assert all(run.internal for run in make_plan(Request()).runs)


def _raw_names(folder: Path, name: str | None) -> str:
    codebook = pl.read_csv(folder / "codebook.csv", infer_schema=False)
    return codebook.filter(pl.col("name") == name)["raw_header"][0]


@pytest.mark.parametrize(
    ("asked", "stated", "audience"),
    [
        ("public", "public", "public"),
        ("internal", "public", "internal"),
        ("public", "internal", "internal"),
    ],
)
def test_the_narrower_audience_wins(
    asked: str, stated: str, audience: str, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(AUDIENCE, asked)
    programme = load(root / "data_raw/moz_savings")
    limits = programme.disclosure.model_copy(update={"audience": stated})
    assert narrowed(programme.model_copy(update={"disclosure": limits})).disclosure.audience == audience
