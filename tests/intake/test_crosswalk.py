"""The crosswalk: villages that merged or split, names of villages; reviewed lines only, nothing matched by likeness."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.errors import DataError
from evalkit.intake import checksums, read_programme
from tests.intake.test_read import CODEBOOK, PROGRAMME

HEAD = "column,from,to,first_round,last_round,reviewed_by\n"
ROSTER = "村编号,首次开展年份\nA,2015\nB,\n李家村,\n"
FIRST = "户编号,村编号,销售额(元)\n1,A,10\n2,B,20\n3,李家村,30\n"
SECOND = "户编号,村编号,销售额（万元）\n1,A1,1\n2,AB,2\n3,李家庄,3\n"
"""In 2015 A has split, and A1 is a part of it; B has merged into AB; a name is written otherwise."""
LINES = "village_id,A1,A,2015,,李\nvillage_id,AB,B,2015,,李\nvillage_id,李家庄,李家村,,,李\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"programme.toml": PROGRAMME, "codebook.csv": CODEBOOK, "villages.csv": ROSTER, "survey_2014.csv": FIRST}
    files |= {"survey_2015.csv": SECOND, "cpi.csv": "region,year,index\nX,2014,1\nX,2015,1\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def walk(folder: Path, lines: str) -> Path:
    (folder / "crosswalk.csv").write_text(HEAD + lines, encoding="utf-8")
    return folder


def test_without_a_crosswalk_nothing_is_matched_but_a_name_is_suggested(folder: Path) -> None:
    intake = read_programme(evalkit.load(folder))
    assert intake.frame["year"].to_list() == [2014] * 3
    reasons = intake.rejected.filter(pl.col("rule") == "unknown_village").sort("row")["reason_en"].to_list()
    assert "like" not in reasons[0] + reasons[1]
    assert reasons[2].endswith("(李家庄); like '李家村' of the roster: if it is the same, enter it in crosswalk.csv")


def test_reviewed_lines_lead_back_to_the_villages_of_the_roster(folder: Path) -> None:
    before = checksums(evalkit.load(folder))
    intake = read_programme(evalkit.load(walk(folder, LINES)))
    rows = intake.frame.sort("year", "household_id")
    assert rows["village_id"].to_list() == ["A", "B", "李家村"] * 2
    line = intake.quality.filter(pl.col("rule") == "crosswalk").row(0, named=True)
    assert (line["n_checked"], line["n_failed"]) == (6, 3)
    assert set(checksums(evalkit.load(folder))) - set(before) == {"crosswalk.csv"}
    pilots = intake.passage.filter((pl.col("arm") == "pilot") & (pl.col("time") == 2015))
    assert pilots["n_rows"].to_list() == [1, 1, 1]


@pytest.mark.parametrize(
    ("first", "last", "kept"), [("2015", "", 2), ("2014", "2014", 1), ("", "2015", 2), ("", "", 2)]
)
def test_lines_hold_in_their_rounds(folder: Path, first: str, last: str, kept: int) -> None:
    """A1 stands in the file of 2015 only: a line that ends in 2014 does not reach it."""
    intake = read_programme(evalkit.load(walk(folder, f"village_id,A1,A,{first},{last},李\n")))
    assert intake.frame.filter(pl.col("village_id") == "A").height == kept


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("village_id,A1,A,,,\n", "line 2: reviewed_by is empty"),
        ("village_id,A1,,,,李\n", "line 2: to is empty"),
        ("village_id,A1,A1,,,李\n", "from and to are the same"),
        ("village_id,A1,A,2015年,,李\n", "first_round = '2015年' is no round"),
        ("village_id,A1,A,,,李\nvillage_id,A1,B,2015,,李\n", "lines 2 and 3 both say what 'A1' is in one round"),
        ("village_id,A1,A2,,,李\nvillage_id,A2,A,,,李\n", "line 2 ends in 'A2', which line 3 replaces"),
    ],
)
def test_lines_that_nobody_can_follow_are_refused(folder: Path, lines: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_programme(evalkit.load(walk(folder, lines)))


def test_a_village_may_mean_another_in_later_rounds(folder: Path) -> None:
    lines = "village_id,A1,B,,2014,李\nvillage_id,A1,A,2015,,李\n"
    intake = read_programme(evalkit.load(walk(folder, lines)))
    assert intake.frame.filter(pl.col("year") == 2015)["village_id"].to_list() == ["A"]
