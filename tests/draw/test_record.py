"""The record of a draw: the same bytes again, never overwritten, and every change noticed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from evalkit.cli import main

ROWS = [f"0{i:02d},{'AB'[i % 2]},{100 + 37 * i % 400},{i}" for i in range(1, 17)]
"""Ids with leading zeros, as offices write them."""


@pytest.fixture
def villages(tmp_path: Path) -> Path:
    file = tmp_path / "villages.csv"
    file.write_text("\n".join(["village,county,income,nothing", *ROWS]) + "\n", encoding="utf-8")
    return file


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["draw", *map(str, words)])


def drawn(villages: Path, out: Path, *more: object) -> Result:
    return run(villages, "--village", "village", "--seed", "2026-12-01 08:30", "--out", out, *more)


METHODS = {
    "all": ("--pilot", 8),
    "strata": ("--pilot", 6, "--strata", "county"),
    "pairs": ("--pairs", "income", "--strata", "county"),
}


@pytest.mark.parametrize("method", METHODS)
def test_drawn_again_it_is_the_same_to_the_byte(villages: Path, tmp_path: Path, method: str) -> None:
    for name in ("one", "two"):
        out = drawn(villages, tmp_path / name, *METHODS[method])
        assert out.exit_code == 0, out.stderr
    for file in ("assignment.csv", "draw.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    record = json.loads((tmp_path / "one/draw.json").read_text(encoding="utf-8"))
    assert record["method"] == method
    assert record["assignment_sha256"] in out.stdout
    assert sum(record["villages"].values()) == 16
    assert run(villages, "--verify", tmp_path / "one").exit_code == 0


def test_ids_keep_their_zeros(villages: Path, tmp_path: Path) -> None:
    drawn(villages, tmp_path / "d", "--pilot", 8)
    rows = pl.read_csv(tmp_path / "d/assignment.csv", infer_schema=False)
    assert rows["village"].to_list() == [f"0{i:02d}" for i in range(1, 17)]


def test_villages_are_drawn_once(villages: Path, tmp_path: Path) -> None:
    drawn(villages, tmp_path / "d", "--pilot", 8)
    before = (tmp_path / "d/assignment.csv").read_bytes()
    again = drawn(villages, tmp_path / "d", "--pilot", 4)
    assert again.exit_code == 2
    assert "villages were drawn already" in again.stderr
    assert (tmp_path / "d/assignment.csv").read_bytes() == before


def test_a_village_moved_by_hand_is_named(villages: Path, tmp_path: Path) -> None:
    drawn(villages, tmp_path / "d", "--pilot", 8)
    file = tmp_path / "d/assignment.csv"
    text = file.read_text(encoding="utf-8")
    line = next(x for x in text.splitlines() if ",comparison," in x)
    file.write_text(text.replace(line, line.replace(",comparison,", ",pilot,")), encoding="utf-8")
    found = run(villages, "--verify", tmp_path / "d")
    assert found.exit_code == 1
    assert "was changed after the draw" in found.stderr
    assert f"1 villages stand elsewhere ({line.split(',')[0]})" in found.stderr


def test_a_seed_changed_in_the_record_is_noticed(villages: Path, tmp_path: Path) -> None:
    drawn(villages, tmp_path / "d", "--pilot", 8)
    file = tmp_path / "d/draw.json"
    file.write_text(file.read_text(encoding="utf-8").replace("08:30", "09:30"), encoding="utf-8")
    found = run(villages, "--verify", tmp_path / "d")
    assert found.exit_code == 1
    assert "villages stand elsewhere" in found.stderr


def test_another_list_is_noticed_and_another_column_is_none(villages: Path, tmp_path: Path) -> None:
    drawn(villages, tmp_path / "d", "--pilot", 6, "--strata", "county")
    text = villages.read_text(encoding="utf-8")
    villages.write_text(text.replace(",nothing", ",anything"), encoding="utf-8")
    assert run(villages, "--verify", tmp_path / "d").exit_code == 0
    villages.write_text(text.rsplit("\n", 2)[0] + "\n", encoding="utf-8")
    found = run(villages, "--verify", tmp_path / "d")
    assert found.exit_code == 1
    assert "is not the one that was drawn from" in found.stderr


def test_what_is_wrong_usage(villages: Path, tmp_path: Path) -> None:
    assert "--seed, --out not given" in run(villages, "--village", "village", "--pilot", 3).stderr
    drawn(villages, tmp_path / "d", "--pilot", 8)
    both = run(villages, "--verify", tmp_path / "d", "--pilot", 3)
    assert both.exit_code == 2
    assert "--pilot beside it" in both.stderr


def test_a_folder_without_a_draw_and_a_broken_record_are_told(villages: Path, tmp_path: Path) -> None:
    assert "there is no such file" in run(villages, "--verify", tmp_path).stderr
    drawn(villages, tmp_path / "d", "--pilot", 8)
    (tmp_path / "d/draw.json").write_text("{}", encoding="utf-8")
    assert "cannot be read" in run(villages, "--verify", tmp_path / "d").stderr
