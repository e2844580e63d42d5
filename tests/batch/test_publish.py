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
from evalkit.batch.manifest import read_rows, write_manifest
from evalkit.batch.places import AUDIENCE, narrowed
from evalkit.batch.publish import for_publication, identifiers_in, public_failure, unchecked
from evalkit.batch.villages import n_treated
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
        ('"estimate": 0.123456789012345678', False),
        ("sha256 3fa9123456789012345678ab", False),
        ("12,345,678,901", False),
        ("931.260585101304", False),
    ],
)
def test_identifiers_are_told_from_numbers(text: str, found: bool):
    assert bool(identifiers_in({".html": text})) is found


def test_a_public_reason_has_no_keys_paths_or_messages_of_other_programs():
    failure = Failure(f"{FOLDER}/a.csv: 2 rows (units H1, H2) of 'V07' are odd.", "", "remove 123456789")
    shown = public_failure("DataError", failure, FOLDER, known=True)
    assert shown == Failure("a.csv: 2 rows of are odd.", "", "remove …")
    other = public_failure("KeyError", Failure("KeyError: 'H1'"), FOLDER, known=False)
    assert "H1" not in other.reason
    assert "findings/internal/" in other.todo


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
