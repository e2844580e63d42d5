"""The correction log: applied where its old value stands, refused where it does not, counted in the flow."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

import evalkit
from evalkit.intake import checksums, read_programme
from evalkit.intake.corrections import COLUMNS
from evalkit.report.fix_list import write_fix_list
from tests.intake.checks.field_programme import edited, field_frame, write_field

FILE = "survey_2015.csv"
GOOD = {"file": FILE, "row": 9, "key": "h007", "column": "工资", "old": "-500", "new": "500"}
SIGNED = {"action": "", "reason": "签错符号", "who": "督导", "when": "2015-06-01"}
DROP = {"file": FILE, "row": 2, "key": "h000", "column": "户编号", "old": "h000", "new": "", "action": "drop"}


def write_log(folder: Path, *lines: dict[str, object], columns: tuple[str, ...] = COLUMNS) -> Path:
    with xlsxwriter.Workbook(str(folder / "corrections.xlsx")) as book:
        sheet = book.add_worksheet("corrections")
        sheet.write_row(0, 0, columns)
        for i, line in enumerate(lines, 1):
            sheet.write_row(i, 0, [{**SIGNED, **line}[c] for c in columns])
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rounds = field_frame()
    wages = edited(rounds[2015].with_columns(pl.col("工资").cast(pl.String)), "工资", [7], "-500")
    return write_field(tmp_path, {**rounds, 2015: wages})


def wage(folder: Path) -> float:
    rows = read_programme(evalkit.load(folder)).frame
    return rows.filter((pl.col("household_id") == "h007") & (pl.col("year") == 2015))["wage_income_yuan"].item()


def test_value_is_corrected_and_counted(folder: Path) -> None:
    raw = (folder / FILE).read_bytes()
    assert wage(folder) == -500
    before = checksums(evalkit.load(folder))
    assert wage(write_log(folder, GOOD)) == 500
    intake = read_programme(evalkit.load(folder))
    line = intake.quality.row(by_predicate=pl.col("rule") == "corrected", named=True)
    assert line["n_failed"] == 1
    assert (folder / FILE).read_bytes() == raw
    assert set(checksums(evalkit.load(folder))) - set(before) == {"corrections.xlsx"}


def test_canonical_names_will_do(folder: Path) -> None:
    assert wage(write_log(folder, {**GOOD, "column": "wage_income_yuan"})) == 500


def test_dropped_row_is_kept_with_its_reason_and_the_flow_adds_up(folder: Path) -> None:
    """480 raw rows, 1 left out by the log: 479; the rows below keep their numbers, so both lines hold at once."""
    intake = read_programme(evalkit.load(write_log(folder, DROP, GOOD)))
    assert [(s.code, s.n_rows, s.n_rows_dropped) for s in intake.flow.steps] == [
        ("raw_rows", 480, 0),
        ("corrected", 479, 1),
        ("rejected_rows", 479, 0),
    ]
    assert intake.flow.adds_up()
    row = intake.rejected.row(0, named=True)
    assert (row["rule"], row["row"], row["key"]) == ("dropped_by_log", 2, "h000/2015")
    assert row["reason_zh"].endswith("签错符号")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"old": "-501"}, "line 2: the old value does not stand in row 9"),
        ({"row": 999}, "line 2: there is no row 999"),
        ({"column": "工薪"}, "line 2: there is no column '工薪'"),
        ({"key": "h008"}, "line 2: row 9 has another key"),
        ({"file": "survey_2016.csv"}, "the programme reads no file 'survey_2016.csv'"),
        ({"who": ""}, "line 2: who is empty"),
        ({"reason": ""}, "line 2: reason is empty"),
        ({"action": "delete"}, "action 'delete' is neither correct nor drop"),
        ({"new": "-500"}, "old and new are the same"),
    ],
)
def test_refusals(folder: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(evalkit.DataError) as error:
        read_programme(evalkit.load(write_log(folder, {**GOOD, **change})))
    assert message in str(error.value)


def test_log_without_a_column_is_refused(folder: Path) -> None:
    write_log(folder, GOOD, columns=tuple(c for c in COLUMNS if c != "who"))
    with pytest.raises(evalkit.DataError, match="there is no column 'who'"):
        read_programme(evalkit.load(folder))


def test_the_workbook_holds_an_empty_log_that_is_read_back(folder: Path, tmp_path: Path) -> None:
    from evalkit.intake import check

    programme = evalkit.load(folder)
    path = tmp_path.parent / "list.xlsx"
    write_fix_list(check(programme), programme, path)
    (folder / "corrections.xlsx").write_bytes(path.read_bytes())
    assert read_programme(programme).frame.height == 480
