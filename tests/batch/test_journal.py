"""The trail: every run that a findings folder has seen, in one table, also of pages made again or gone."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from evalkit import __version__
from evalkit.batch import journal
from evalkit.cache import code_hash
from evalkit.cli import main


def row(page: str, **changes: object) -> dict:
    plain = {"page": page, "id": "r1", "programme": "p", "notebook": "impact", "parameters": {"indicator": "y"}}
    made = {"state": "done", "seconds": 1.25, "error": None, "sha256": {page: "a" * 64}, "data": "d" * 24}
    return {**plain, **made, **changes}


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOGNAME", "assessor")
    with journal.alone_in(tmp_path):
        journal.enter(tmp_path, [row("p/a.html")])
        journal.enter(tmp_path, [row("p/a.html", id="r2", data="e" * 24), row("p/b.html", state="failed", error="x")])
        journal.remove(tmp_path, ["p/b.html"])
    return tmp_path


def test_the_trail_keeps_what_was_made_again_and_what_is_gone(out: Path):
    assert list(journal.read(out)) == ["p/a.html"]
    assert [(r["page"], r["id"]) for r in journal.trail(out)] == [
        ("p/a.html", "r1"),
        ("p/a.html", "r2"),
        ("p/b.html", "r1"),
    ]


def test_it_says_who_and_by_what(out: Path):
    entry = journal.trail(out)[0]
    assert entry["who"].startswith("assessor@")
    assert __version__ in entry["versions"]
    assert code_hash() in entry["versions"]
    assert entry["at"].endswith("+00:00")


def test_the_command_prints_a_line_a_run(out: Path):
    lines = CliRunner().invoke(main, ["journal", str(out)]).output.splitlines()
    assert len(lines) == 3
    assert "p/b.html failed 1.2 s data dddddddddddd result aaaaaaaaaaaa" in lines[2]


def test_the_table_for_an_audit_has_whole_hashes(out: Path, tmp_path: Path):
    result = CliRunner().invoke(main, ["journal", str(out), "--csv", str(tmp_path / "t.csv")])
    table = pl.read_csv(tmp_path / "t.csv")
    assert result.output.endswith("t.csv: 3 runs\n")
    assert table["data"].to_list() == ["d" * 24, "e" * 24, "d" * 24]
    assert table["parameters"][0] == "indicator=y"


def test_a_folder_without_runs_is_told(tmp_path: Path):
    result = CliRunner().invoke(main, ["journal", str(tmp_path)])
    assert result.exit_code == 1
    assert "its journal holds no run" in result.output


def test_a_folder_of_an_earlier_version_goes_on(tmp_path: Path):
    with journal.alone_in(tmp_path):
        journal.enter(tmp_path, [{k: v for k, v in row("p/a.html").items() if k != "data"}])
    assert CliRunner().invoke(main, ["journal", str(tmp_path)]).exit_code == 0
