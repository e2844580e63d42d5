"""Months as rounds: every way to write one, the turn of a year, and plans that do not fit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalkit
from evalkit.errors import PlanError
from evalkit.intake import read_programme
from evalkit.intake.months import month, month_label, month_of_date, month_of_text, round_number

MARCH = 2016 * 12 + 2

PLAN = """
schema_version = 1
[programme]
id         = "months"
name       = {{ zh = "按月", en = "By month" }}
provenance = "simulated"
base_year  = 2016
deflator   = {{ file = "cpi.csv", region = "A" }}
[design]
unit          = "shop"
cluster       = "village"
time          = "month"
first_treated = "start"
assignment    = "chosen"
{period}
[[sources]]
kind     = "survey"
file     = "{file}"
key      = ["shop", "month"]
codebook = "codebook.csv"
[[indicators]]
name      = "sales_yuan"
label     = {{ zh = "销售额", en = "Sales" }}
domain    = "sales"
unit      = "yuan/month"
family    = "main"
estimator = "did"
"""
CODEBOOK = (
    "raw_header,name,kind,round\nshop,shop,id,\nvillage,village,id,\nstart,start,month,\nsales,sales_yuan,number,\n"
)


@pytest.mark.parametrize(
    "text", ["2016-03", "2016-3", "2016/03", "2016.3", "2016年3月", "201603", "２０１６－０３", "2016-03-15", "42444"]
)
def test_ways_to_write_march(text: str) -> None:
    """42,444 days after 30 December 1899 is 15 March 2016."""
    assert pl.select(month(pl.lit(text))).item() == MARCH


@pytest.mark.parametrize("text", ["2016-13", "2016", "3", "March 2016", "2016-00", "2016 3"])
def test_what_is_no_month(text: str) -> None:
    assert pl.select(month(pl.lit(text))).item() is None
    assert month_of_text(text) is None


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 11, 30)))
def test_neighbouring_months_differ_by_one(day: dt.date) -> None:
    following = (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)
    numbers = pl.select(pl.Series([day, following])).to_series().to_frame("d").select(month_of_date(pl.col("d")))
    one, two = numbers["d"]
    assert two - one == 1
    assert month_label(one) == f"{day:%Y-%m}"
    assert month_of_text(month_label(one)) == one


@pytest.mark.parametrize(("text", "number"), [("2016", 2016), ("3", 3), ("201603", MARCH), ("2016-03", MARCH)])
def test_rounds_in_names_of_files(text: str, number: int) -> None:
    assert round_number(text) == number


def _programme(folder: Path, file: str, *, column: bool, period: str = 'period = "month"') -> evalkit.Programme:
    (folder / "programme.toml").write_text(PLAN.format(file=file, period=period), encoding="utf-8")
    extra = "month,month,month,\n" if column else ""
    (folder / "codebook.csv").write_text(CODEBOOK + extra, encoding="utf-8")
    (folder / "cpi.csv").write_text("region,year,index\nA,2016,100\nA,2017,110\n", encoding="utf-8")
    return evalkit.load(folder)


def test_months_from_names_of_files_and_constant_prices_by_year(tmp_path: Path) -> None:
    """220 yuan of January 2017 at an index of 110 are 200 of 2016; December 2016 stays 200."""
    for name, sales in (("201612", 200), ("201701", 220)):
        rows = "".join(f"{v}{i},{v},{'2017年1月' if v == 'a' else ''},{sales}\n" for v in "ab" for i in (1, 2))
        (tmp_path / f"shops_{name}.csv").write_text("shop,village,start,sales\n" + rows, encoding="utf-8")
    panel = evalkit.Panel.from_programme(_programme(tmp_path, "shops_{month}.csv", column=False), "sales_yuan")
    assert panel.frame["time"].unique().sort().to_list() == [2016 * 12 + 11, 2017 * 12]
    assert panel.frame["first_treated"].unique().drop_nulls().to_list() == [2017 * 12]
    assert panel.frame["sales_yuan"].to_list() == pytest.approx([200.0] * 8)


def test_a_cell_that_is_no_month_rejects_its_row(tmp_path: Path) -> None:
    text = "shop,village,start,sales,month\na1,a,,10,2016-03\na1,a,,11,2016-14\n"
    (tmp_path / "shops.csv").write_text(text, encoding="utf-8")
    found = read_programme(_programme(tmp_path, "shops.csv", column=True))
    assert found.frame["month"].to_list() == [MARCH]
    assert found.rejected.select("rule", "column", "reason_zh").row(0) == (
        "month",
        "month",
        "“month”应为月份，实为“2016-14”",
    )


def test_months_without_a_plan_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text("shop,village,start,sales,month\na1,a,,10,2016-03\n", encoding="utf-8")
    with pytest.raises(PlanError, match="is of kind 'month', and \\[design\\] states no months"):
        read_programme(_programme(tmp_path, "shops.csv", column=True, period=""))
