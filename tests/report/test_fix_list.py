"""The workbook of what to fix: a row a problem, by enumerator and by village, nothing a spreadsheet would carry out."""

from __future__ import annotations

from pathlib import Path

import fastexcel
import polars as pl
import pytest
from click.testing import CliRunner

import evalkit
from evalkit.cli import main
from evalkit.intake import check
from evalkit.report.fix_list import HEADS, write_fix_list
from tests.intake.checks.field_programme import edited, field_frame, write_field

SHEETS = ["全部问题", "按调查员", "按村", "corrections", "已剔除记录"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a programme with one negative wage in a village named as a formula, and one text in place of a number."""
    rounds = field_frame()
    second = edited(rounds[2015], "工资", [7], -500)
    villages = pl.when(pl.col("村") == "v07").then(pl.lit("=1+1")).otherwise(pl.col("村")).alias("村")
    second = second.with_columns(villages, pl.col("面积").cast(pl.String))
    first = rounds[2014].with_columns(villages)
    more = 'skip = ["outlier"]\n'
    return write_field(tmp_path / "raw", {2014: first, 2015: edited(second, "面积", [9], "+9=许多")}, more=more)


def sheet(path: Path, name: str) -> list[dict[str, object]]:
    return fastexcel.read_excel(path).load_sheet(name, header_row=3).to_polars().to_dicts()


def test_a_row_a_problem_on_every_sheet(folder: Path, tmp_path: Path) -> None:
    path, programme = tmp_path / "list.xlsx", evalkit.load(folder)
    assert write_fix_list(check(programme), programme, path) == 1
    assert fastexcel.read_excel(path).sheet_names == SHEETS
    for name in SHEETS[:3]:
        (row,) = sheet(path, name)
        assert row["村 / Village"] == "=1+1"
        assert row["调查员 / Enumerator"] == "e0"
        assert row["发现的数值 / Found"] == "wage_income_yuan = -500.0"
        assert row["行号 / Row"] == 9
    (lost,) = sheet(path, "已剔除记录")
    assert lost["原因 / Reason"] == "“面积”应为数字，实为“+9=许多” / '面积' should be a number and is '+9=许多'"


def test_cells_are_text_never_formulas(folder: Path, tmp_path: Path) -> None:
    import zipfile

    path, programme = tmp_path / "list.xlsx", evalkit.load(folder)
    write_fix_list(check(programme), programme, path)
    with zipfile.ZipFile(path) as packed:
        sheets = [packed.read(n).decode() for n in packed.namelist() if n.startswith("xl/worksheets/")]
    assert len(sheets) == 5
    assert not any("<f>" in text for text in sheets)


def test_command_writes_it_and_never_into_the_raw_folder(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    done = CliRunner().invoke(main, ["check", str(folder), "--workbook", str(path)])
    assert done.exit_code == 1  # a record was left out
    assert "1 problems (internal, not to be published)" in done.output
    refused = CliRunner().invoke(main, ["check", str(folder), "--workbook", str(folder / "list.xlsx")])
    assert refused.exit_code == 2
    assert not (folder / "list.xlsx").exists()


def test_every_sheet_says_that_it_is_internal(folder: Path, tmp_path: Path) -> None:
    path, programme = tmp_path / "list.xlsx", evalkit.load(folder)
    write_fix_list(check(programme), programme, path)
    for name in set(SHEETS) - {"corrections"}:
        top = fastexcel.read_excel(path).load_sheet(name, header_row=None, n_rows=1).to_polars().row(0)
        assert "不得公开" in str(top[0])
    assert len(HEADS) == 11
