"""From raw files to canonical rows: encodings, units by round, rejected rows, a flow that adds up."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.intake import check, read_programme

PROGRAMME = """
schema_version = 1
[programme]
id = "small"
name = { zh = "小项目", en = "Small" }
provenance = "simulated"
base_year = 2014
deflator = { file = "cpi.csv", region = "X" }
[design]
unit = "household_id"
cluster = "village_id"
time = "year"
first_treated = "adoption_year"
assignment = "chosen"
[[sources]]
kind = "roster"
file = "villages.csv"
key = ["village_id"]
codebook = "codebook.csv"
[[sources]]
kind = "survey"
file = "survey_{year}.csv"
key = ["household_id", "year"]
codebook = "codebook.csv"
[[indicators]]
name = "sales_yuan"
label = { zh = "销售额", en = "Sales" }
domain = "sales"
unit = "yuan/year"
family = "main"
estimator = "did"
"""
CODEBOOK = """raw_header,name,kind,unit,factor,round,min,max,missing_codes,identifier,source
村编号,village_id,id,,,,,,,,
首次开展年份,adoption_year,integer,year,,,,,,,roster
户编号,household_id,id,,,,,,,household,survey
销售额(元),sales_yuan,number,yuan,1,2014,0,,-99,,survey
销售额（万元）,sales_yuan,number,yuan,10000,2015-,0,,-99,,survey
"""
ROSTER = "村编号,首次开展年份\nA,2015\nB,\n"
FIRST = '户编号,村编号,销售额(元)\n001,A,"12,000"\n002,B,500\n'
SECOND = "户编号,村编号,销售额（万元）\n001,A,1.5\n002,B,-99\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"programme.toml": PROGRAMME, "codebook.csv": CODEBOOK, "survey_2014.csv": FIRST, "survey_2015.csv": SECOND}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "villages.csv").write_bytes(ROSTER.encode("gb18030"))
    (tmp_path / "cpi.csv").write_text("region,year,index\nX,2014,100\nX,2015,110\n", encoding="utf-8")
    return tmp_path


def _rows(folder: Path) -> pl.DataFrame:
    return read_programme(evalkit.load(folder)).frame.sort("household_id", "year")


def test_units_and_headers_by_round(folder: Path) -> None:
    """1.5 万元 in 2015 are 15,000 yuan; "12,000" is a number; −99 is missing; ids keep their zeros."""
    rows = _rows(folder)
    assert rows["sales_yuan"].to_list() == [12_000.0, 15_000.0, 500.0, None]
    assert rows["household_id"].to_list() == ["001", "001", "002", "002"]
    assert rows["year"].to_list() == [2014, 2015, 2014, 2015]
    assert rows["adoption_year"].to_list() == [2015, 2015, None, None]


def test_encodings_are_recorded(folder: Path) -> None:
    found = {f.path: f.encoding for f in read_programme(evalkit.load(folder)).files}
    assert found["villages.csv"] == "gb18030"
    assert found["survey_2014.csv"] == "utf-8"


def test_bom_is_no_part_of_the_header(folder: Path) -> None:
    (folder / "survey_2014.csv").write_bytes(b"\xef\xbb\xbf" + FIRST.encode())
    assert _rows(folder).height == 4


def test_byte_that_does_not_decode_names_line_and_column(folder: Path) -> None:
    (folder / "survey_2014.csv").write_bytes(FIRST.encode() + b"003,A,\xff\xff\n")
    with pytest.raises(evalkit.DataError, match=r"survey_2014\.csv: line 4, column 7: byte 0xff is not utf-8"):
        _rows(folder)


def test_text_in_a_number_column_rejects_the_row_and_names_it(folder: Path) -> None:
    (folder / "survey_2014.csv").write_text(FIRST + "003,A,许多\n", encoding="utf-8")
    report = check(evalkit.load(folder))
    row = report.rejected.row(0, named=True)
    assert report.has_errors
    assert (row["file"], row["row"], row["column"], row["key"]) == ("survey_2014.csv", 4, "销售额(元)", "003/2014")
    assert row["reason_zh"] == "“销售额(元)”应为数字，实为“许多”"


@pytest.mark.parametrize(
    ("extra", "rule", "kept", "is_error"),
    [
        ("001,A,12000\n", "duplicate_conflicting", 3, True),
        ('001,A,"12,000"\n', "duplicate_identical", 4, False),
        (",A,5\n", "key_missing", 4, True),
        ("003,C,5\n", "unknown_village", 4, True),
    ],
)
def test_rules(folder: Path, extra: str, rule: str, kept: int, is_error: bool) -> None:
    """Conflict is on content: the same amount written differently is the same content, another village is not."""
    text = FIRST.replace("001,A", "001,A") + extra
    if rule == "duplicate_conflicting":
        text = FIRST + "001,A,99\n"
    (folder / "survey_2014.csv").write_text(text, encoding="utf-8")
    intake = read_programme(evalkit.load(folder))
    assert intake.rejected["rule"].unique().to_list() == [rule]
    assert check(evalkit.load(folder)).has_errors is is_error
    assert intake.frame.height == kept
    assert intake.flow.adds_up()
    failed = intake.quality.filter(pl.col("n_failed") > 0)
    assert failed["rule"].to_list() == [rule]


def test_value_out_of_range_is_missing_and_counted(folder: Path) -> None:
    (folder / "survey_2014.csv").write_text(FIRST.replace("500", "-5"), encoding="utf-8")
    intake = read_programme(evalkit.load(folder))
    line = intake.quality.row(by_predicate=pl.col("rule") == "out_of_range", named=True)
    assert (line["column"], line["n_failed"], line["severity"]) == ("sales_yuan", 1, "warning")
    assert _rows(folder)["sales_yuan"].to_list() == [12_000.0, 15_000.0, None, None]


def test_unmapped_column_is_listed_not_used(folder: Path) -> None:
    (folder / "survey_2014.csv").write_text(
        FIRST.replace("销售额(元)\n", "销售额(元),备注\n").replace('000"\n', '000",x\n').replace("500\n", "500,y\n"),
        encoding="utf-8",
    )
    intake = read_programme(evalkit.load(folder))
    assert intake.quality.filter(pl.col("rule") == "unmapped")["column"].to_list() == ["备注"]
    assert "备注" not in intake.frame.columns


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "survey_2014.csv",
            FIRST.replace("销售额(元)", "销售额（元）"),
            "there is no column '销售额(元)' (nearest: '销售额（元）')",
        ),
        ("codebook.csv", CODEBOOK.replace("number", "numbr", 1), "line 5: kind 'numbr' (nearest: 'number')"),
        ("codebook.csv", CODEBOOK.replace("2015-", "from 2015"), "line 6: round 'from 2015' is not like"),
        (
            "codebook.csv",
            CODEBOOK.replace("2015-", ""),
            "codebook, survey_2014.csv: '销售额(元)' and '销售额（万元）' are both to be sales_yuan",
        ),
        ("cpi.csv", "region,year,index\nX,2015,110\n", "the base year 2014"),
        (
            "programme.toml",
            PROGRAMME.replace("villages.csv", "village.csv"),
            "there is no such file (nearest: 'villages.csv')",
        ),
    ],
)
def test_messages(folder: Path, name: str, text: str, message: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(evalkit.EvalkitError) as error:
        read_programme(evalkit.load(folder))
    assert message in str(error.value)


def test_raw_folder_is_not_touched(folder: Path) -> None:
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()}
    read_programme(evalkit.load(folder))
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()} == before


def test_indicator_is_in_constant_prices(folder: Path) -> None:
    """15,000 yuan of 2015 at an index of 110 are 13,636.36 yuan of 2014."""
    panel = evalkit.Panel.from_programme(evalkit.load(folder), "sales_yuan")
    value = panel.frame.filter((pl.col("unit") == "001") & (pl.col("time") == 2015))["sales_yuan"].item()
    assert value == pytest.approx(15_000 / 1.10)


def test_workbook_with_a_wrong_sheet_names_the_nearest(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    text = PROGRAMME.replace("survey_{year}.csv", "survey_{year}.xlsx").replace(
        'key = ["household_id", "year"]', 'key = ["household_id", "year"]\nsheet = "住户"'
    )
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    (folder / "codebook.csv").write_text(CODEBOOK, encoding="utf-8")
    (folder / "villages.csv").write_text(ROSTER, encoding="utf-8")
    pl.DataFrame({"户编号": ["001"]}).write_excel(folder / "survey_2014.xlsx", worksheet="住户表")
    with pytest.raises(evalkit.DataError, match="there is no sheet '住户'"):
        read_programme(evalkit.load(folder))
