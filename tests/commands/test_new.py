"""evalkit new: a draft that a person completes, from a folder of raw files."""

from __future__ import annotations

import re
import shutil
from itertools import count
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

import evalkit
from evalkit.cli import main
from evalkit.intake import read_programme

RAW = "data_raw/suqian_ecommerce"


@pytest.fixture
def office(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office's folder with the raw files of a programme, and an empty data_raw/ to make it in."""
    (tmp_path / "data_raw").mkdir()
    (tmp_path / "office").mkdir()
    for path in [*(root / RAW).glob("households_*.xlsx"), *(root / RAW).glob("*.csv")]:
        if "codebook" not in path.name:
            shutil.copy(path, tmp_path / "office")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    return tmp_path


def _new(name: str = "trial", source: str = "office") -> Result:
    return CliRunner().invoke(main, ["new", name, "--from", source])


def test_draft_says_what_to_decide_and_is_refused_until_then(office: Path):
    result = _new()
    assert result.exit_code == 0
    assert "name and kind of '电商贷余额（万元）' (households_{year}.xlsx)" in result.stdout
    assert "cpi_rural.csv looks like a price index" in result.stdout
    check = CliRunner().invoke(main, ["check", "trial"])
    assert check.exit_code == 1
    assert "4 mistakes" in check.stderr
    assert "a person must still decide this" in check.stderr


def test_completed_draft_reads_the_same_rows_as_the_plan_made_by_hand(office: Path, root: Path):
    _new()
    folder = office / "data_raw" / "trial"
    plan = (folder / "programme.toml").read_text(encoding="utf-8")
    plan = plan.replace('zh = "DECIDE", en = "DECIDE"', 'zh = "试", en = "Trial"')
    plan = plan.replace('provenance = "DECIDE"', 'provenance = "simulated"').replace('"DECIDE"', '"chosen"')
    (folder / "programme.toml").write_text(plan, encoding="utf-8")
    codebook = (folder / "codebook.csv").read_text(encoding="utf-8")
    names = count(1)
    decided = re.sub("DECIDE", lambda _: f"decided_{next(names)}", codebook)
    (folder / "codebook.csv").write_text(decided, encoding="utf-8")
    keys = ["household_id", "year"]
    mine = read_programme(evalkit.load(folder)).frame.sort(keys)
    byhand = read_programme(evalkit.load(root / RAW)).frame.sort(keys)
    shared = [*keys, "village_id", "adoption_year", "wage_income_yuan", "weight"]
    complete = pl.all_horizontal(pl.col(c).is_not_null() for c in shared if c != "adoption_year")
    assert mine.select(shared).filter(complete).equals(byhand.select(shared).filter(complete))


def test_raw_files_are_copied_and_not_touched(office: Path):
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in (office / "office").iterdir()}
    _new()
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in (office / "office").iterdir()} == before


def test_personal_columns_are_left_out_and_named(office: Path):
    folder = office / "people"
    folder.mkdir()
    (folder / "survey.csv").write_text("户编号,村编号,户主姓名,销售额（万元）\n1,A,某甲,2\n", encoding="utf-8")
    result = _new("people", "people")
    assert "left out: '户主姓名' (survey.csv) looks like a name" in result.stdout
    assert "姓名" not in (office / "data_raw/people/codebook.csv").read_text(encoding="utf-8")
    assert "某甲" not in result.output


def test_a_header_that_is_a_formula_is_not_written(office: Path):
    """A codebook is opened in spreadsheet programs, which would carry it out."""
    folder = office / "trap"
    folder.mkdir()
    (folder / "survey.csv").write_text("户编号,村编号,=cmd|' /C calc'!A0\n1,A,2\n", encoding="utf-8")
    result = _new("trap", "trap")
    assert "looks like a formula that a spreadsheet would carry out" in result.stdout
    assert "=cmd" not in (office / "data_raw/trap/codebook.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "message"), [("Trial", "small letters"), ("../x", "small letters"), ("trial", "it is already there")]
)
def test_a_wrong_or_taken_name_writes_nothing(office: Path, name: str, message: str):
    if name == "trial":
        _new()
    before = sorted(p.name for p in (office / "data_raw").rglob("*"))
    result = _new(name)
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(p.name for p in (office / "data_raw").rglob("*")) == before


def test_a_folder_without_tables_is_refused(office: Path):
    (office / "empty").mkdir()
    result = _new("empty", "empty")
    assert result.exit_code == 1
    assert "no file in it can be read" in result.stderr


def test_titles_above_and_semicolons_are_no_hindrance(office: Path):
    """The header is the first line with more than half the cells of the fullest; the delimiter gives most columns."""
    (office / "odd").mkdir()
    text = "某县住户调查表;;;\n填表单位：县统计局\n户编号;村编号;工资收入（万元）;备注\n1;A;1.2;甲, 乙\n2;B;0.8;\n"
    (office / "odd" / "households_2014.csv").write_text(text, encoding="utf-8")
    assert _new("odd_trial", "odd").exit_code == 0
    codebook = pl.read_csv(office / "data_raw" / "odd_trial" / "codebook.csv", infer_schema=False)
    assert codebook["raw_header"].to_list() == ["户编号", "村编号", "工资收入（万元）", "备注"]
    assert codebook["name"].to_list()[2] == "wage_income_yuan"
