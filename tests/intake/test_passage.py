"""The log of the sample flow: by arm and round, what is left and what is dropped adds up at each step."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.diagnostics import follow_up, losses_by_baseline
from evalkit.intake import Intake, read_programme
from evalkit.intake.passage import arms_of, with_arm
from tests.intake.test_corrections import SIGNED, write_log
from tests.intake.test_read import CODEBOOK, PROGRAMME

ROSTER = "村编号,首次开展年份\nA,2015\nB,\n"
FIRST = "户编号,村编号,销售额(元)\n1,A,10\n2,A,20\n3,B,30\n4,B,有\n5,Z,50\n6,B,60\n合计,,170\n"
"""Household 4 has a word for a number, 5 is in a village that no roster knows, the last line is no record."""
SECOND = "户编号,村编号,销售额（万元）\n1,A,1\n3,B,3\n3,B,3\n6,B,4\n7,A,5\n"
"""Household 3 stands there twice; 2 is lost, 7 is new."""
THIRD = "户编号,村编号,销售额（万元）\n1,A,1\n2,A,2\n6,B,4\n7,A,5\n"
LOGGED = {**SIGNED, "file": "survey_2015.csv", "row": 5, "key": "6", "column": "户编号", "old": "6", "new": ""}


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    files = {"programme.toml": PROGRAMME, "codebook.csv": CODEBOOK, "villages.csv": ROSTER, "survey_2014.csv": FIRST}
    files |= {
        "survey_2015.csv": SECOND,
        "survey_2016.csv": THIRD,
        "cpi.csv": "region,year,index\nX,2014,1\nX,2015,1\nX,2016,1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return read_programme(evalkit.load(write_log(tmp_path, {**LOGGED, "action": "drop"})))


def cell(intake: Intake, arm: str, time: int) -> list[tuple[str, int, int]]:
    rows = intake.passage.filter((pl.col("arm") == arm) & (pl.col("time") == time)).sort("step")
    return list(rows.select("code", "n_rows", "n_rows_dropped").iter_rows())


def test_counts_by_arm_and_round(intake: Intake) -> None:
    """The log drops household 6 of 2015; the copy of 3 goes with the rules, as do 4 and the total; 5 has no village."""
    steps = ("raw_rows", "corrected", "rejected_rows", "joined_roster")
    known = {
        ("pilot", 2014): ((2, 0), (2, 0), (2, 0), (2, 0)),
        ("comparison", 2014): ((3, 0), (3, 0), (2, 1), (2, 0)),
        ("pilot", 2015): ((2, 0), (2, 0), (2, 0), (2, 0)),
        ("comparison", 2015): ((3, 0), (2, 1), (1, 1), (1, 0)),
        ("pilot", 2016): ((3, 0), (3, 0), (3, 0), (3, 0)),
        ("comparison", 2016): ((1, 0), (1, 0), (1, 0), (1, 0)),
        ("unclear", 2014): ((2, 0), (2, 0), (1, 1), (0, 1)),
    }
    for (arm, time), counts in known.items():
        assert cell(intake, arm, time) == [(c, *n) for c, n in zip(steps, counts, strict=True)], (arm, time)
    assert intake.passage.select("arm", "time").unique().height == len(known)


def test_log_and_flow_agree_at_each_step(intake: Intake) -> None:
    by_step = intake.passage.group_by("step", "code", maintain_order=True).agg(pl.col("n_rows", "n_rows_dropped").sum())
    flow = [(s.code, s.n_rows, s.n_rows_dropped) for s in intake.flow.steps]
    assert by_step.sort("step").drop("step").rows() == flow
    assert intake.flow.adds_up()


def test_who_was_interviewed_again(tmp_path: Path, intake: Intake) -> None:
    """Of village A: 1 is always there, 2 comes back, 7 is new in 2015. Of village B: 3 is lost, 6 comes back."""
    counts = follow_up(evalkit.load(tmp_path), intake)
    assert counts is not None
    names = ("n_units", "n_again", "n_returned", "n_new", "n_start", "n_start_seen")
    found = {(t, a): tuple(n) for t, a, *n in counts.select("time", "arm", *names).iter_rows()}
    assert found == {
        (2014, "pilot"): (2, 0, 0, 2, 2, 2),
        (2014, "comparison"): (2, 0, 0, 2, 2, 2),
        (2015, "pilot"): (2, 1, 0, 1, 2, 1),
        (2015, "comparison"): (1, 1, 0, 0, 2, 1),
        (2016, "pilot"): (3, 2, 1, 0, 2, 2),
        (2016, "comparison"): (1, 0, 1, 0, 2, 1),
    }


def test_losses_by_what_households_had_at_first(tmp_path: Path, intake: Intake) -> None:
    """Sales of 2014 are 10, 20 (A), 30, 60 (B): the thirds end at 20 and 30; only 3, with 30, is not there in 2016."""
    programme = evalkit.load(tmp_path)
    plan = programme.indicators[0].model_copy(update={"role": "primary"})
    programme = programme.model_copy(update={"indicators": (plan,)})
    losses = losses_by_baseline(programme, intake)
    assert losses is not None
    assert losses.select("third", "arm", "n_start", "n_observed").rows() == [
        ("low", "pilot", 2, 2),
        ("middle", "comparison", 1, 0),
        ("high", "comparison", 1, 1),
    ]


def test_repeated_cross_sections_are_not_followed(tmp_path: Path, intake: Intake) -> None:
    programme = evalkit.load(tmp_path)
    design = programme.design.model_copy(update={"unit": None})
    assert follow_up(programme.model_copy(update={"design": design}), intake) is None


def test_arm_of_each_row_where_rows_say_it_themselves(tmp_path: Path, intake: Intake) -> None:
    design = evalkit.load(tmp_path).design.model_copy(update={"unit": None, "first_treated": None, "treatment": "d"})
    rows = pl.DataFrame({"village_id": ["A", "A", "B"], "d": [1, 0, None]})
    assert with_arm(rows, arms_of(rows, None, design), design)["arm"].to_list() == ["pilot", "comparison", "comparison"]
