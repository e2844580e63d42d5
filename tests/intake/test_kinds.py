"""The same rows from every kind of file; titles, merged headers, delimiters, ids that lost digits."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest
import xlsxwriter

import evalkit
from evalkit.intake import read_programme
from tests.intake.test_read import CODEBOOK, FIRST, PROGRAMME, ROSTER

HEAD = ["户编号", "村编号", "销售额(元)"]
ROWS = [["001", "A", 12_000], ["002", "B", 500]]
FRAME = pl.DataFrame(ROWS, schema=HEAD, orient="row")


def _workbook(path: Path, rows: list[list[Any]], merges: tuple[tuple[int, int, int, int], ...] = ()) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("住户")
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(r, c, value)
                elif value is not None:
                    sheet.write(r, c, value)
        for merge in merges:
            sheet.merge_range(*merge, rows[merge[0]][merge[1]])


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('CREATE TABLE "住户" ("户编号" TEXT, "村编号" TEXT, "销售额(元)" REAL)')
        connection.executemany('INSERT INTO "住户" VALUES (?, ?, ?)', ROWS)
        connection.commit()


def _stata(path: Path) -> None:
    """Stata has no such headers: its columns are renamed, and so are the codebook's."""
    names = dict(zip(HEAD, ("hh", "village", "sales"), strict=True))
    pyreadstat.write_dta(FRAME.rename(names).to_pandas(), str(path))


def _spss(path: Path) -> None:
    names = dict(zip(HEAD, ("hh", "village", "sales"), strict=True))
    pyreadstat.write_sav(FRAME.rename(names).to_pandas(), str(path))


def _old(path: Path) -> None:
    shutil.copy(Path(__file__).with_name("old_workbook.xls"), path)


WRITERS: dict[str, Callable[[Path], object]] = {
    ".csv": lambda path: path.write_text(FIRST, encoding="utf-8"),
    ".txt": lambda path: path.write_text("\n".join(";".join(map(str, r)) for r in [HEAD, *ROWS]), encoding="utf-8"),
    ".tsv": lambda path: FRAME.write_csv(path, separator="\t"),
    ".parquet": FRAME.write_parquet,
    ".xlsx": lambda path: _workbook(path, [HEAD, *ROWS]),
    ".xls": _old,
    ".sqlite": _sqlite,
    ".dta": _stata,
    ".sav": _spss,
}


def _folder(tmp_path: Path, suffix: str, *, source: str = "", codebook: str = CODEBOOK) -> Path:
    """A programme of one round whose survey is survey_2014 with this ending."""
    added = f'file = "survey_{{year}}{suffix}"' + (f"\n{source}" if source else "")
    text = PROGRAMME.replace('file = "survey_{year}.csv"', added)
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    (tmp_path / "codebook.csv").write_text(codebook, encoding="utf-8")
    (tmp_path / "villages.csv").write_bytes(ROSTER.encode("gb18030"))
    (tmp_path / "cpi.csv").write_text("region,year,index\nX,2014,100\nX,2015,110\n", encoding="utf-8")
    return tmp_path


def _read(folder: Path) -> pl.DataFrame:
    return (
        read_programme(evalkit.load(folder))
        .frame.sort("household_id")
        .select("household_id", "village_id", "sales_yuan")
    )


EXPECTED = {"household_id": ["001", "002"], "village_id": ["A", "B"], "sales_yuan": [12_000.0, 500.0]}


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_kind_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    renamed = suffix in {".dta", ".sav"}
    codebook = CODEBOOK.replace(
        "村编号,village_id,id,,,,,,,,", "村编号,village_id,id,,,,,,,,roster\nvillage,village_id,id,,,,,,,,survey"
    )
    codebook = codebook.replace("户编号,", "hh,").replace("销售额(元)", "sales")
    source = 'table = "住户"' if suffix == ".sqlite" else ""
    folder = _folder(tmp_path, suffix, source=source, codebook=codebook if renamed else CODEBOOK)
    WRITERS[suffix](folder / f"survey_2014{suffix}")
    assert _read(folder).to_dict(as_series=False) == EXPECTED


TITLES = [["某县住户调查表"], [None, None, None], ["单位：元"]]


def test_titles_above_the_header_are_passed_over_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    """Row 7 of the sheet is the one with text in a number column: titles 1–3, header 4, rows 5–7."""
    folder = _folder(tmp_path, ".xlsx")
    _workbook(folder / "survey_2014.xlsx", [*TITLES, HEAD, *ROWS, ["003", "A", "许多"]])
    intake = read_programme(evalkit.load(folder))
    assert intake.frame.height == 2
    assert intake.rejected["row"].to_list() == [7]


def test_titles_above_a_csv_header(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ".csv")
    (folder / "survey_2014.csv").write_text("某县住户调查表\n\n" + FIRST + "003,A,许多\n", encoding="utf-8")
    intake = read_programme(evalkit.load(folder))
    assert intake.frame.height == 2
    assert intake.rejected["row"].to_list() == [6]


def test_a_merged_header_of_two_lines_is_named_group_and_column(tmp_path: Path) -> None:
    codebook = CODEBOOK.replace("销售额(元)", "销售额/网络")
    folder = _folder(tmp_path, ".xlsx", codebook=codebook)
    rows = [["户编号", "村编号", "销售额", None], [None, None, "网络", "线下"], *[[*r, 7] for r in ROWS]]
    _workbook(folder / "survey_2014.xlsx", rows, merges=((0, 2, 0, 3),))
    intake = read_programme(evalkit.load(folder))
    assert intake.frame.sort("household_id")["sales_yuan"].to_list() == EXPECTED["sales_yuan"]
    assert "销售额/线下" in intake.quality.filter(pl.col("rule") == "unmapped")["column"].to_list()


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_delimiter_is_the_one_that_shows_the_headers(tmp_path: Path, separator: str) -> None:
    folder = _folder(tmp_path, ".csv")
    lines = [separator.join(map(str, r)) for r in [HEAD, *ROWS]]
    (folder / "survey_2014.csv").write_text("\r\n".join(lines), encoding="gb18030")
    assert _read(folder).to_dict(as_series=False) == EXPECTED


def test_header_cell_with_a_line_break_does_not_shift_the_rows(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ".csv")
    text = '户编号,村编号,销售额(元),"备注\n（可空）"\n001,A,12000,\n002,B,许多,\n'
    (folder / "survey_2014.csv").write_text(text, encoding="utf-8")
    assert read_programme(evalkit.load(folder)).rejected["row"].to_list() == [4]


ID = 320324199001011234
"""No person's: 1234 is not its checksum."""


@pytest.mark.parametrize(
    ("cells", "ok"),
    [
        ([str(ID), str(ID + 1)], True),
        ([ID, ID + 1], False),
        ([str(ID), ID + 1], False),
        (["3.20324E+17", "002"], False),
        ([1, 2], True),
    ],
    ids=["text", "numbers", "mixed", "power", "short numbers"],
)
def test_long_ids_stored_as_numbers_are_refused(tmp_path: Path, cells: list[Any], ok: bool) -> None:
    """A double holds 15 digits for sure; what Excel shows of an 18-digit number ends in made-up digits."""
    folder = _folder(tmp_path, ".xlsx")
    _workbook(folder / "survey_2014.xlsx", [HEAD, *[[c, "A", 1] for c in cells]])
    if ok:
        assert _read(folder)["household_id"].to_list() == [str(c) for c in cells]
        return
    with pytest.raises(evalkit.DataError, match=r"column '户编号': \d ids have 16 digits or more.*rows"):
        _read(folder)


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        (".csv", b"", "the file is empty"),
        (".csv", FIRST.encode() + b"003,A,1,2,3\n", "line 4 has 5 cells and the header 3"),
        (".xlsx", b"PK\x03\x04 not a workbook", "cannot be read as a workbook"),
        (".parquet", b"PAR1 not parquet", "cannot be read as .parquet"),
        (".dta", b"not stata", "cannot be read as .dta"),
        (".sav", b"not spss", "cannot be read as .sav"),
        (".sqlite", b"not a database, but long enough" * 40, "cannot be read as SQLite"),
        (".docx", b"x", "files of the kind '.docx' are not read"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, suffix: str, content: bytes, message: str) -> None:
    folder = _folder(tmp_path, suffix, source='table = "t"' if suffix == ".sqlite" else "")
    (folder / f"survey_2014{suffix}").write_bytes(content)
    with pytest.raises(evalkit.DataError) as error:
        _read(folder)
    assert message in str(error.value)
    assert f"survey_2014{suffix}" in str(error.value)


def test_database_needs_a_table_that_is_there(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ".sqlite")
    _sqlite(folder / "survey_2014.sqlite")
    with pytest.raises(evalkit.PlanError, match=r'one of 住户.*add table = "…"'):
        _read(folder)
    folder = _folder(tmp_path, ".sqlite", source='table = "农户"')
    with pytest.raises(evalkit.DataError, match="there is no table '农户'"):
        _read(folder)
