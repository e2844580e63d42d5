"""Back-checks: second visits are laid beside the first ones, answer by answer; rates by type and by enumerator."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import fastexcel
import polars as pl
import pytest

import evalkit
from evalkit.errors import EvalkitError
from evalkit.intake import check, field_checks, read_programme
from evalkit.programme import Disclosure
from evalkit.report import quality_backchecks
from evalkit.report.backchecks import shown_rate
from evalkit.report.fix_list import write_fix_list
from tests.intake.checks.field_programme import PROGRAMME, field_frame, write_field

SOURCE = """
[[sources]]
kind = "backcheck"
file = "again_{year}.csv"
key = ["household_id", "year"]
codebook = "codebook.csv"
"""
PLAN = """
[quality.backcheck]
type1 = ["resident_members", "land_mu"]
type2 = ["sales_yuan"]
type3 = ["wage_income_yuan"]
within = { wage_income_yuan = 100 }
"""
N = 36
"""Households visited again: six of each of the six enumerators of the first two villages by number."""


def second_visit(first: pl.DataFrame) -> pl.DataFrame:
    """Return the answers of a sound second visit: the same, to some questions, of two households in twelve."""
    return first.filter(pl.int_range(pl.len()) % 12 < 2).select("户编号", "人口", "面积", "销售额", "工资").head(N)


def changed(frame: pl.DataFrame, column: str, rows: range, by: float) -> pl.DataFrame:
    at = pl.int_range(pl.len()).is_in(list(rows))
    return frame.with_columns(pl.when(at).then(pl.col(column) + by).otherwise(pl.col(column)).alias(column))


def write(folder: Path, again: pl.DataFrame, plan: str = PLAN) -> Path:
    programme = PROGRAMME.replace("[[indicators]]", SOURCE + "[[indicators]]")
    write_field(folder, field_frame(), programme=programme, more=plan)
    again.write_csv(folder / "again_2015.csv")
    return folder


def test_sound_second_visits_have_no_problem(tmp_path: Path) -> None:
    """36 households, two questions of type 1, one each of types 2 and 3; the same numbers in the same units."""
    programme = evalkit.load(write(tmp_path, second_visit(field_frame()[2015])))
    report = check(programme)
    assert report.problems.height == 0
    assert report.backchecks is not None
    by_type = report.backchecks.group_by("type").agg(pl.col("n_compared", "n_differ").sum()).sort("type")
    assert by_type.rows() == [("type1", 2 * N, 0), ("type2", N, 0), ("type3", N, 0)]


def test_differences_are_found_where_they_are(tmp_path: Path) -> None:
    """Size differs in household 0; wages differ by 99 in five households, which `within` allows, and by 101 in one."""
    again = changed(second_visit(field_frame()[2015]), "人口", range(1), 1)
    again = changed(changed(again, "工资", range(5), 99), "工资", range(5, 6), 101)
    problems = check(evalkit.load(write(tmp_path, again))).problems
    places = problems.select("rule", "column", "file", "row", "key", "village", "enumerator").sort("column")
    assert places.rows() == [
        ("backcheck", "resident_members", "survey_2015.csv", 2, "h000/2015", "v00", "e0"),
        ("backcheck", "wage_income_yuan", "survey_2015.csv", 27, "h025/2015", "v01", "e2"),
    ]
    members = field_frame()[2015]["人口"][0]
    assert problems.filter(pl.col("column") == "resident_members")["value"].item() == f"{members} → {members + 1}"


def test_enumerator_whose_answers_change_too_often(tmp_path: Path) -> None:
    """Enumerator e0 visited households 0, 1, 72, 73, 144, 145: 3 of 12 answers of type 1 differ, a quarter."""
    again = second_visit(field_frame()[2015])
    mine = [i for i, h in enumerate(again["户编号"]) if int(h[1:]) // 12 % 6 == 0]
    assert len(mine) == 6
    for i in mine[:3]:
        again = changed(again, "面积", range(i, i + 1), 1)
    problems = check(evalkit.load(write(tmp_path, again))).problems.filter(pl.col("rule") == "enumerator_backcheck")
    assert problems.select("enumerator", "value").rows() == [("e0", "3 / 12 (25.0%)")]


def test_visit_without_interview_and_missing_answers(tmp_path: Path) -> None:
    """A visit to a household that nobody interviewed is a problem; an empty answer is compared with nothing."""
    again = second_visit(field_frame()[2015])
    stray = again.head(1).with_columns(pl.lit("h999").alias("户编号"))
    empty = pl.concat([again.with_columns(pl.lit(None, pl.Float64).alias("销售额")), stray], how="vertical_relaxed")
    report = check(evalkit.load(write(tmp_path, empty)))
    found = report.problems.select("rule", "file", "row", "key").rows()
    assert found == [("backcheck_unmatched", "again_2015.csv", N + 2, "h999/2015")]
    assert report.backchecks is not None
    assert report.backchecks.filter(pl.col("type") == "type2").height == 0


def test_enumerator_named_by_the_second_visit(tmp_path: Path) -> None:
    """Where the survey does not say who made the first visit, the file of the second may."""
    again = second_visit(field_frame()[2015]).with_columns(pl.lit("张三").alias("调查员"))
    plan = PLAN + 'enumerator = "enumerator"\n'
    folder = write(tmp_path, again, plan)
    text = (folder / "programme.toml").read_text(encoding="utf-8")
    (folder / "programme.toml").write_text(text.replace('\nenumerator = "enumerator"\nduration', "\nduration"), "utf-8")
    report = check(evalkit.load(folder))
    assert report.backchecks is not None
    assert report.backchecks["enumerator"].unique().to_list() == ["张三"]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("", "need each other"),
        (PLAN.replace('"land_mu"', '"land_ha"'), "'land_ha' is no column of the survey"),
        (PLAN.replace('"land_mu"', '"trust_1"'), "'trust_1' is no column of the file of second visits"),
        (PLAN.replace('["sales_yuan"]', '["land_mu"]'), "names 'land_mu' twice"),
        (PLAN.replace("within = { wage", "within = { other"), "which is no question"),
    ],
)
def test_mistakes_in_the_plan_are_told(tmp_path: Path, plan: str, message: str) -> None:
    folder = write(tmp_path, second_visit(field_frame()[2015]), plan)
    with pytest.raises(EvalkitError, match=message):
        check(evalkit.load(folder))


def test_page_and_workbook(tmp_path: Path) -> None:
    """12 of 72 answers of type 1 differ: on the page 10 of 70, to the nearest ten; in the workbook as they are."""
    again = changed(second_visit(field_frame()[2015]), "人口", range(12), 1)
    programme = evalkit.load(write(tmp_path / "raw", again))
    intake = read_programme(programme)
    page = quality_backchecks(programme, intake, field_checks(programme, intake)).html
    assert "复访比对了140个回答，7.1%与初访不一致。" in page
    assert "14.3%" in page
    assert "e0" not in page
    write_fix_list(check(programme), programme, tmp_path / "list.xlsx")
    sheet = fastexcel.read_excel(tmp_path / "list.xlsx").load_sheet("复访差错率", header_row=3).to_polars()
    assert (
        sheet.filter(pl.nth(2).str.starts_with("全部") & pl.nth(1).str.starts_with("第一类"))["不一致 / Differ"].sum()
        == 12
    )


def test_a_type_of_which_no_share_may_be_shown_has_no_column(tmp_path: Path) -> None:
    """Of type 1 half of 40 answers differ (shown), of type 3 two of 16 (withheld): a column of dashes says nothing."""
    lines = [("type1", "land_mu", "e0", 40, 20), ("type3", "sales_yuan", "e0", 16, 2)]
    rates = pl.DataFrame(lines, schema=["type", "question", "enumerator", "n_compared", "n_differ"], orient="row")
    programme = evalkit.load(write(tmp_path, second_visit(field_frame()[2015])))
    page = quality_backchecks(programme, SimpleNamespace(labels={}), SimpleNamespace(backchecks=rates)).html
    assert ("第一类</th>" in page, "第三类</th>" in page) == (True, False)
    assert "50.0%" in page


@pytest.mark.parametrize(
    ("n", "k", "share"), [(100, 9, None), (100, 10, 0.1), (100, 91, None), (9, 0, None), (100, 0, 0.0)]
)
def test_rates_of_few_are_not_shown(n: int, k: int, share: float | None) -> None:
    assert shown_rate(n, k, Disclosure()) == share
