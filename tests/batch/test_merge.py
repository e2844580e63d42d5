"""Parts of a plan that ran apart: together they are the whole; what does not fit is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.batch import Plan, Request, Settings, journal, make_plan, run_batch, shard_of
from evalkit.batch.merge import merge_findings
from evalkit.cli import main
from evalkit.errors import DataError, PlanError, UsageError
from tests.batch.conftest import Project

CODE = """
from evalkit.report.block import FINDING_MIME, Block
Block("<p>made</p>", {FINDING_MIME: {"value": 1 / 7}})
"""
PARTS = 2


@pytest.fixture(scope="module")
def folder(project: Project) -> Path:
    folder = project(dict.fromkeys(("a", "b", "c"), CODE))
    plan = make_plan(Request())
    run_batch(plan, Settings(folder / "whole", 2))
    for number in range(1, PARTS + 1):
        run_batch(plan.part(number, PARTS), Settings(folder / f"part{number}", 2))
    return folder


@pytest.fixture
def parts(folder: Path, tmp_path: Path) -> list[Path]:
    """Return copies that a test may damage."""
    return [Path(shutil.copytree(folder / f"part{n}", tmp_path / f"part{n}")) for n in range(1, PARTS + 1)]


def pages(folder: Path) -> dict[str, bytes]:
    kinds = ("*.html", "*/*.json", "*.ipynb")
    return {
        f.relative_to(folder).as_posix(): f.read_bytes() for k in kinds for f in folder.rglob(k) if f.name != "run.json"
    }


def test_parts_are_the_plan_cut_without_rest(folder: Path):
    plan = make_plan(Request())
    for of in (1, 2, 3, 7):
        cut = [run.page for number in range(1, of + 1) for run in plan.part(number, of).runs]
        assert sorted(cut) == sorted(run.page for run in plan.runs)


def test_merged_parts_are_the_whole(folder: Path, parts: list[Path], tmp_path: Path):
    result = CliRunner().invoke(main, ["merge-findings", *map(str, parts), "--out", str(tmp_path / "all")])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("3 pages, 0 failed")
    assert pages(tmp_path / "all") == pages(folder / "whole")


def test_a_merged_folder_is_reused_by_the_next_run(parts: list[Path], tmp_path: Path):
    merge_findings(parts, tmp_path / "all")
    result = run_batch(make_plan(Request()), Settings(tmp_path / "all", 1))
    assert (result.done, result.reused) == (0, 3)


def test_merging_twice_leaves_what_the_last_merge_gave(parts: list[Path], tmp_path: Path):
    merge_findings(parts, tmp_path / "all")
    one = run_batch(Plan(make_plan(Request()).runs[:1], frozenset()), Settings(tmp_path / "one", 1))
    assert one.done == 1
    merge_findings([tmp_path / "one"], tmp_path / "all")
    assert set(journal.read(tmp_path / "all")) == {"moz_savings/a.html"}
    assert not (tmp_path / "all/moz_savings/b.html").exists()


def test_a_missing_part_is_refused(parts: list[Path], tmp_path: Path):
    with pytest.raises(PlanError, match="of 2 parts these are missing: 2/2"):
        merge_findings(parts[:1], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_other_versions_are_refused(parts: list[Path], tmp_path: Path):
    _change(parts[1], lambda manifest: manifest["versions"].update(polars="0.1"))
    with pytest.raises(PlanError, match=r"different versions: polars .* and 0\.1"):
        merge_findings(parts, tmp_path / "all")


def test_a_page_of_two_origins_is_refused(parts: list[Path], tmp_path: Path):
    shutil.copytree(parts[0], tmp_path / "other")
    _change(tmp_path / "other", lambda manifest: manifest["runs"][0].update(id="another"))
    with pytest.raises(PlanError, match=r"1 pages were made of different inputs .*a\.html in part1/ and other/"):
        merge_findings([*parts, tmp_path / "other"], tmp_path / "all")


def test_a_damaged_file_is_refused(parts: list[Path], tmp_path: Path):
    page = parts[1] / "moz_savings/b.html"
    page.write_bytes(page.read_bytes()[:50])
    with pytest.raises(DataError, match=r"b\.html: it is missing or not as it was written"):
        merge_findings(parts, tmp_path / "all")


def test_a_part_cannot_be_the_whole_and_a_folder_without_manifest_is_none(parts: list[Path], tmp_path: Path):
    with pytest.raises(UsageError, match="is one of the parts"):
        merge_findings(parts, parts[0])
    with pytest.raises(PlanError, match="no manifest"):
        merge_findings([tmp_path], tmp_path / "all")


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_a_shard_that_is_none_is_wrong_usage(text: str):
    with pytest.raises(UsageError, match="is no part"):
        shard_of(text)


def test_a_shard_is_read():
    assert shard_of("2/8") == (2, 8)


def _change(folder: Path, change) -> None:
    file = folder / "run.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    change(manifest)
    file.write_text(json.dumps(manifest), encoding="utf-8")
