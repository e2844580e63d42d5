"""Ledgers of programmes whose rounds are months: sums and balances at the end of each month."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.intake import read_programme
from evalkit.intake.ledgers.calendar import Calendar
from evalkit.intake.months import month_label
from evalkit.plan_tables import Source
from tests.intake.ledgers.test_ledgers import CODEBOOK, PROGRAMME

MONTHLY = PROGRAMME.replace('time = "year"', 'time = "month"\nperiod = "month"')
BOOK = CODEBOOK.replace("首次开展年份,adoption_year,integer,year", "首次开展月份,adoption_year,month,")
ROSTER = "户编号,村编号,首次开展月份\n1,A,2016-02\n2,B,\n"
SALES = """单号,户编号,日期,金额
a,1,2015-12-31,100
b,1,2016-01-31,5
c,1,2016-02-01,7
d,2,2016-02-29,9
e,2,2016-03-01,50
"""
LOANS = """单号,户编号,日期,金额,贷款号,事件,到期日
a,1,2016-01-10,1000,x,放款,2016-01-20
b,1,2016-03-05,400,x,还款,
"""


def panel(folder: Path, ledger: str, entries: str, book: str = BOOK) -> pl.DataFrame:
    files = {"programme.toml": MONTHLY.replace("LEDGER", ledger), "codebook.csv": book, "units.csv": ROSTER}
    for name, text in {**files, "entries.csv": entries}.items():
        (folder / name).write_text(text, encoding="utf-8")
    frame = read_programme(evalkit.load(folder)).frame
    return frame.with_columns(pl.col("month").map_elements(month_label, return_dtype=pl.String)).sort(
        "household_id", "month"
    )


def test_sales_by_month(tmp_path: Path) -> None:
    """The ledger is complete in January and February 2016; sales of December and March lie outside."""
    rows = panel(tmp_path, 'ledger = "orders"\ncomplete = [201601, 201602]', SALES)
    found = rows.select("household_id", "month", "sales_gross_yuan").rows()
    assert found == [("1", "2016-01", 5.0), ("1", "2016-02", 7.0), ("2", "2016-01", 0.0), ("2", "2016-02", 9.0)]


def test_balances_at_the_end_of_each_month(tmp_path: Path) -> None:
    """Lent in January and due on the 20th: more than 90 days late from 30 April on, with 600 of 1,000 left."""
    book = BOOK + "贷款号,loan_id,id,,,,ledger\n事件,event,category,,,,ledger\n到期日,due_date,date,,,,ledger\n"
    rows = panel(tmp_path, 'ledger = "loans"\ncomplete = [201601, 201604]', LOANS, book)
    mine = rows.filter(pl.col("household_id") == "1")
    assert mine["loan_outstanding_yuan"].to_list() == [1000.0, 1000.0, 600.0, 600.0]
    assert mine["loan_overdue_yuan"].to_list() == [0.0, 0.0, 0.0, 600.0]


@pytest.mark.parametrize(
    ("monthly", "complete", "days"),
    [
        (False, (2015, 2016), (date(2015, 1, 1), date(2016, 12, 31))),
        (True, (201512, 201602), (date(2015, 12, 1), date(2016, 2, 29))),
        (True, (201601, 201601), (date(2016, 1, 1), date(2016, 1, 31))),
    ],
)
def test_first_and_last_day(monthly: bool, complete: tuple[int, int], days: tuple[date, date]) -> None:
    source = Source(kind="ledger", ledger="orders", file="x.csv", key=("a",), who="b", date="c", complete=complete)
    assert Calendar(monthly).days(source) == days
