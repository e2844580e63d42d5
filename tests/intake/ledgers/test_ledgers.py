"""Ledgers by hand: orders, loans, parcels and requests, from files to columns of the panel, with every kind of dirt."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.errors import EvalkitError, PlanError
from evalkit.intake import read_programme

PROGRAMME = """
schema_version = 1
[programme]
id = "small"
name = { zh = "小项目", en = "Small" }
provenance = "simulated"
[design]
unit = "household_id"
cluster = "village_id"
time = "year"
first_treated = "adoption_year"
assignment = "chosen"
[[sources]]
kind = "roster"
file = "units.csv"
key = ["household_id"]
codebook = "codebook.csv"
[[sources]]
kind = "ledger"
file = "entries.csv"
key = ["entry_id"]
who = "household_id"
date = "日期"
codebook = "codebook.csv"
LEDGER
[[indicators]]
name = "sales_net_yuan"
label = { zh = "销售额", en = "Sales" }
domain = "sales"
unit = "yuan/year"
family = "main"
estimator = "did"
"""
CODEBOOK = """raw_header,name,kind,unit,factor,identifier,source
户编号,household_id,id,,,household,
村编号,village_id,id,,,,roster
首次开展年份,adoption_year,integer,year,,,roster
单号,entry_id,id,,,,ledger
日期,entry_date,date,,,,ledger
金额,amount_yuan,number,yuan,,,ledger
"""
ROSTER = "户编号,村编号,首次开展年份\n1,A,2016\n2,B,\n"
CHANNELS = CODEBOOK + "渠道,channel,category,,,,ledger\n状态,status,category,,,,ledger\n"


def folder_of(tmp_path: Path, ledger: str, entries: str, codebook: str = CHANNELS) -> Path:
    """A programme of two households whose ledger is entries.csv."""
    text = PROGRAMME.replace("LEDGER", ledger)
    for name, body in (("programme.toml", text), ("codebook.csv", codebook), ("units.csv", ROSTER)):
        (tmp_path / name).write_text(body, encoding="utf-8")
    (tmp_path / "entries.csv").write_text(entries, encoding="utf-8")
    return tmp_path


def panel(folder: Path) -> pl.DataFrame:
    return read_programme(evalkit.load(folder)).frame.sort("household_id", "year")


SURVEY = """[[sources]]
kind = "survey"
file = "survey_{year}.csv"
key = ["household_id", "year"]
codebook = "codebook_survey.csv"
"""
VILLAGES = """[[sources]]
kind = "roster"
file = "villages.csv"
key = ["village_id"]
codebook = "codebook_villages.csv"
"""
ORDERS = 'ledger = "orders"\ncomplete = [2015, 2016]'
SALES = """单号,户编号,日期,金额,渠道,状态
a,1,2015-03-01,100.10,线上,交易成功
b,1,2015-03-02,50,直播,退货
c,1,2015年4月3日,"1,000",线下,交易成功
d,1,2015-05-01,30,线下,交易关闭
e,1,2016-01-01,-20,线上,退货
f,1,2016-02-01,200,线上,
"""


def test_orders_by_hand(tmp_path: Path) -> None:
    """2015: gross 100.10 + 50 + 1,000, returned 50, cancelled 30. 2016: 200, and 20 of an earlier sale came back.

    Household 2 sold nothing, and the ledger is complete: zeros.
    """
    rows = panel(folder_of(tmp_path, ORDERS, SALES)).to_dicts()
    names = ("sales_gross_yuan", "sales_returned_yuan", "sales_net_yuan", "sales_online_yuan", "sales_online_net_yuan")
    counts = ("sales_live_yuan", "orders", "orders_online", "orders_returned", "orders_cancelled")
    assert [rows[0][n] for n in names] == [1150.10, 50.0, 1100.10, 150.10, 100.10]
    assert [rows[0][n] for n in counts] == [50.0, 3, 2, 1, 1]
    assert [rows[1][n] for n in names] == [200.0, 20.0, 180.0, 200.0, 180.0]
    assert [[r[n] for n in (*names, *counts)] for r in rows[2:]] == [[0] * 10] * 2


def test_without_complete_a_unit_without_entries_is_unknown(tmp_path: Path) -> None:
    """A survey gives the rounds; only 1 has orders, in 2015: all other values are null, none is zero."""
    folder = folder_of(tmp_path, 'ledger = "orders"', SALES.split("e,1")[0])
    path, start = folder / "programme.toml", PROGRAMME.index("[[sources]]")
    text = path.read_text(encoding="utf-8")
    ledger = text[text.index('[[sources]]\nkind = "ledger"') :]
    path.write_text(text[:start] + SURVEY + VILLAGES + ledger, encoding="utf-8")
    books = {"survey": "户编号,household_id,id\n村编号,village_id,id\n"}
    books["villages"] = "村编号,village_id,id\n首次开展年份,adoption_year,integer\n"
    for name, body in books.items():
        (folder / f"codebook_{name}.csv").write_text(f"raw_header,name,kind\n{body}", encoding="utf-8")
    (folder / "villages.csv").write_text("村编号,首次开展年份\nA,2016\nB,\n", encoding="utf-8")
    for year in (2015, 2016):
        (folder / f"survey_{year}.csv").write_text("户编号,村编号\n1,A\n2,B\n", encoding="utf-8")
    assert panel(folder)["sales_gross_yuan"].to_list() == [1150.10, None, None, None]


LOANS = CODEBOOK + "借据号,loan_id,id,,,,ledger\n事项,event,category,,,,ledger\n到期日,due_date,date,,,,ledger\n"


def test_loans_by_hand(tmp_path: Path) -> None:
    """A line of 50,000 until 2017; 20,000 lent in 2014 (before the first period), due on 2015-10-01, 5,000 repaid.

    On 31 December 2015 the rest is 91 days late: overdue. A second loan, 10,000 of 2015, due 2016-10-02, is 90 days
    late at the end of 2016: not yet. 15,000 are repaid in 2016: nothing of the first is left.
    """
    entries = """单号,户编号,日期,金额,借据号,事项,到期日
1,1,2014-05-01,50000,L,授信,2017-12-31
2,1,2014-06-01,20000,L1,发放,2015-10-01
3,1,2015-06-01,5000,L1,还款,
4,1,2015-10-02,10000,L2,发放,2016-10-02
5,1,2016-03-01,15000,L1,归还,
"""
    rows = panel(folder_of(tmp_path, ORDERS.replace("orders", "loans"), entries, LOANS)).to_dicts()
    names = ("credit_granted_yuan", "credit_line_yuan", "loan_disbursed_yuan", "loan_repaid_yuan")
    stocks = ("loan_outstanding_yuan", "loan_overdue_yuan", "loans_outstanding")
    assert [rows[0][n] for n in names] == [0.0, 50_000.0, 10_000.0, 5_000.0]
    assert [rows[0][n] for n in stocks] == [25_000.0, 15_000.0, 2]
    assert [rows[1][n] for n in names] == [0.0, 50_000.0, 0.0, 15_000.0]
    assert [rows[1][n] for n in stocks] == [10_000.0, 0.0, 1]
    assert {rows[2][n] for n in (*names, *stocks)} == {0}


def test_overdue_events_and_what_cures_them(tmp_path: Path) -> None:
    """Marked overdue in August 2015 (over 90 days at the year's end), up to date again in May 2016; 500 written off."""
    entries = """单号,户编号,日期,金额,借据号,事项,到期日
1,1,2015-01-01,8000,L1,放款,
2,1,2015-08-01,0,L1,逾期,
3,1,2016-05-01,0,L1,恢复正常,
4,1,2016-05-02,500,L1,核销,
"""
    rows = panel(folder_of(tmp_path, ORDERS.replace("orders", "loans"), entries, LOANS)).to_dicts()
    assert [r["loan_overdue_yuan"] for r in rows] == [8000.0, 0.0, 0.0, 0.0]
    assert [r["loan_outstanding_yuan"] for r in rows] == [8000.0, 7500.0, 0.0, 0.0]


def test_parcels_by_hand(tmp_path: Path) -> None:
    entries = "单号,户编号,日期,金额,方向\n1,2,2016-01-01,3.5,寄件\n2,2,2016-01-02,4,签收\n3,2,2016-01-03,,寄件\n"
    book = CODEBOOK + "方向,direction,category,,,,ledger\n"
    rows = panel(folder_of(tmp_path, ORDERS.replace("orders", "parcels"), entries, book)).to_dicts()
    assert [rows[3][n] for n in ("parcels", "parcels_sent", "parcels_received", "parcel_fees_yuan")] == [3, 2, 1, 7.5]


def test_requests_by_hand(tmp_path: Path) -> None:
    """Filed 1 and 11 March, accepted after 4 and never, closed after 10: mean days of those that were."""
    entries = "单号,户编号,日期,受理日期,办结日期\n1,1,2015-03-01,2015-03-05,2015-03-11\n2,1,2015-03-11,,\n"
    book = CODEBOOK.replace("金额,amount_yuan,number,yuan,,,ledger\n", "")
    book += "受理日期,accepted_date,date,,,,ledger\n办结日期,closed_date,date,,,,ledger\n"
    rows = panel(folder_of(tmp_path, ORDERS.replace("orders", "requests"), entries, book)).to_dicts()
    names = ("requests", "requests_accepted", "requests_closed", "request_days_to_accept", "request_days_to_close")
    assert [rows[0][n] for n in names] == [2, 1, 1, 4.0, 10.0]
    assert [rows[2][n] for n in names] == [0, 0, 0, None, None]


DIRTY = """单号,户编号,日期,金额,渠道,状态,冲销单号,录入日期
a,1,2015-01-01,100,线上,,,2015-01-02
a,1,2015-01-01,100,线上,,,2015-01-02
b,1,2015-01-02,10,线上,,,
b,1,2015-01-02,11,线上,,,
c,1,2015-01-03,40,线上,,,
d,1,2016-01-03,-40,线上,,c,
e,1,2015-01-04,7,线上,,,
f,1,2015-01-05,-8,线上,,e,
g,1,2015-01-05,,线上,,zz,
h,9,2015-01-06,5,线上,,,
i,1,2014-12-31,5,线上,,,
j,1,2017-01-01,5,线上,,,
k,1,,5,线上,,,
,1,2015-02-01,5,线上,,,
m,,2015-02-01,5,线上,,,
n,1,2015-02-01,,线上,,,
o,1,2015-02-01,很多,线上,,,
p,1,2015-02-01,5,空运,,,
q,1,2015-12-31,1000,线下,,,2016-03-30
r,1,2015-12-31,2000,线下,,,2016-03-31
"""
BOOKED = CHANNELS + "冲销单号,reverses_id,id,,,,ledger\n录入日期,entered_date,date,,,,ledger\n"
RULES = {
    "amount_missing": 1,
    "date_missing": 1,
    "date_outside": 2,
    "duplicate_conflicting": 2,
    "duplicate_identical": 1,
    "key_missing": 1,
    "misread": 1,
    "reversal": 1,
    "reversal_unmatched": 2,
    "reversed": 1,
    "who_missing": 1,
    "word_unknown": 1,
}


@pytest.mark.parametrize(("late", "gross", "n_late"), [("keep", 3107.0, 0), ("leave_out", 1107.0, 1)])
def test_dirt_by_hand(tmp_path: Path, late: str, gross: float, n_late: int) -> None:
    """What counts in 2015: a once (100), e (7), q (1,000); r (2,000), entered 91 days after the year, if late is kept.

    c is reversed by d, although d was booked a year later; f is not the amount of e, and zz is nowhere.
    """
    plan = f'{ORDERS}\nreverses = "reverses_id"\nentered = "entered_date"\nlate = "{late}"'
    intake = read_programme(evalkit.load(folder_of(tmp_path, plan, DIRTY, BOOKED)))
    counts = dict(intake.rejected.group_by("rule").len().iter_rows())
    assert counts == RULES | ({"late_entry": n_late} if n_late else {})
    assert intake.frame.sort("household_id", "year")["sales_gross_yuan"].to_list() == [gross, 0.0, 0.0, 0.0]
    quality = dict(intake.quality.select("rule", "n_failed").iter_rows())
    assert {r: quality[r] for r in ("unknown_unit", "late_entry", "date_outside")} == {
        "unknown_unit": 1,
        "late_entry": 1,
        "date_outside": 2,
    }
    ((name, flow),) = intake.ledgers
    assert name == "orders"
    assert flow.adds_up()
    assert (flow.steps[0].n_rows, flow.steps[-1].n_rows) == (20, 4 - n_late)
    row = intake.rejected.filter(pl.col("rule") == "misread").row(0, named=True)
    assert (row["file"], row["row"], row["column"], row["key"]) == ("entries.csv", 18, "金额", "o")


def test_what_a_member_and_the_cooperative_both_book_counts_once(tmp_path: Path) -> None:
    """Batch x: members 1 and 2 delivered 60 and 40, and the co-op (here 1's account) sold 110: the members' rows count.

    Batch y was sold by the co-op alone, and z has no batch: both count.
    """
    entries = """单号,户编号,日期,金额,批次,主体
a,1,2015-01-01,60,x,农户
b,2,2015-01-01,40,x,农户
c,1,2015-01-09,110,x,合作社
d,1,2015-01-10,5,y,合作社
e,1,2015-01-11,3,,合作社
"""
    book = CODEBOOK + "批次,batch_no,id,,,,ledger\n主体,seller,category,,,,ledger\n"
    plan = ORDERS + '\ncount_once = { by = "batch_no", kind = "seller", first = "农户" }'
    intake = read_programme(evalkit.load(folder_of(tmp_path, plan, entries, book)))
    rows = intake.frame.filter(pl.col("year") == 2015).sort("household_id")
    assert rows["sales_gross_yuan"].to_list() == [68.0, 40.0]
    assert intake.rejected.select("rule", "key").rows() == [("counted_twice", "c")]


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ("", "needs ledger"),
        ('ledger = "orders"\ncomplete = [2016, 2015]', "ends before it begins"),
        (ORDERS + '\nreverses = "nothing"', "no column nothing"),
        (ORDERS + '\nwords = { onlin = ["网上"] }', "nearest: 'online'"),
        (ORDERS + '\nwords = { online = ["网上"], live = ["网上"] }', "two codes"),
        ('ledger = "orders"', "which periods"),
        ('ledger = "loans"\ncomplete = [2015, 2016]', "no column loan_id, event"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(tmp_path: Path, plan: str, found: str) -> None:
    with pytest.raises(EvalkitError, match=found):
        panel(folder_of(tmp_path, plan, SALES))


def test_a_ledgers_entries_in_another_source_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ORDERS, SALES)
    text = (folder / "programme.toml").read_text(encoding="utf-8")
    (folder / "programme.toml").write_text(
        text.replace('file = "units.csv"', 'file = "units.csv"\nwho = "x"'), encoding="utf-8"
    )
    with pytest.raises(PlanError, match="'roster' has who"):
        evalkit.load(folder)


def test_two_ledgers_of_a_kind_need_a_prefix(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ORDERS, SALES)
    text = (folder / "programme.toml").read_text(encoding="utf-8")
    second = text[text.index('[[sources]]\nkind = "ledger"') : text.index("[[indicators]]")]
    path = folder / "programme.toml"
    path.write_text(text.replace("[[indicators]]", second + "[[indicators]]"), encoding="utf-8")
    with pytest.raises(PlanError, match="prefix"):
        panel(folder)
    path.write_text(text.replace("[[indicators]]", second + 'prefix = "coop_"\n[[indicators]]'), encoding="utf-8")
    assert panel(folder).select(pl.col("coop_orders") == pl.col("orders")).to_series().all()
