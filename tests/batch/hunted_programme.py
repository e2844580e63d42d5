"""A raw folder seeded for the leak hunt: marked identifiers and small cells in every kind of raw file."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pyreadstat

MARKED = [f"99{i:04d}19900101{i:03d}X" for i in range(500)]
"""500 identity numbers of the area 99, which is assigned to no place."""
MARK = re.compile(r"99\d{4}19900101")
NAMES = ("王隐私甲", "李隐私乙", "张隐私丙")
KINDS = {2010: "dta", 2011: "sav", 2012: "csv", 2013: "xlsx", 2014: "parquet"}
"""Households by round; villages stand in SQLite, and a ledger of orders in CSV."""
TOML = """
schema_version = 1
[programme]
id = "hunt"
name = {zh = "试验", en = "Hunt"}
provenance = "simulated"
[design]
unit = "household_id"
cluster = "village"
time = "year"
first_treated = "start"
assignment = "chosen"
[[sources]]
kind = "survey"
file = "households_{year}.*"
key = ["household_id", "year"]
codebook = "codebook.csv"
[[sources]]
kind = "roster"
file = "villages.sqlite"
table = "villages"
key = ["village"]
codebook = "codebook.csv"
[[sources]]
kind = "ledger"
ledger = "orders"
file = "orders.csv"
key = ["order_id"]
who = "household_id"
date = "日期"
complete = [2010, 2014]
codebook = "codebook.csv"
[[indicators]]
name = "sales_net_yuan"
label = {zh = "网上销售额", en = "Sales by orders"}
domain = "sales"
unit = "yuan/year"
family = "all"
estimator = "did"
[[indicators]]
name = "sales_yuan"
label = {zh = "销售额", en = "Sales"}
domain = "sales"
unit = "yuan/year"
role = "primary"
family = "all"
winsorise = 0.99
estimator = "event_study"
[[indicators]]
name = "has_loan"
label = {zh = "有贷款的比例", en = "Share with a loan"}
domain = "credit"
unit = "share"
family = "all"
estimator = "did"
"""
# every column of identifiers is let in ("keep"): what the door would stop must not leak further on either
CODEBOOK = """raw_header,name,kind,unit,factor,identifier,source
身份证,household_id,id,,,national_id:keep,survey
户主,head_name,text,,,name:keep,survey
村,village,id,,,,survey
销售,sales_yuan,number,yuan,1,,survey
贷款,has_loan,flag,,,,survey
村,village,id,,,,roster
开始,start,integer,,,,roster
单号,order_id,id,,,national_id:keep,ledger
买家,household_id,id,,,national_id:keep,ledger
日期,order_date,date,,,,ledger
金额,amount_yuan,number,yuan,,,ledger
"""


def _households(year: int) -> pl.DataFrame:
    """240 households in 12 villages, 6 of them pilots; 231 of 500 in the last round: few are lost in each arm."""
    rng = np.random.default_rng(year)
    i = np.arange(240)
    village = i % 12
    frame = pl.DataFrame(
        {
            "身份证": [MARKED[k] for k in i],
            "户主": [NAMES[k % 3] for k in i],
            "村": [f"V{v:02d}" for v in village],
            "销售": [f"{x:.0f}" for x in rng.normal(5000, 500, 240) + 50 * i],
            # 7 pilot and 60 comparison households have a loan: a share that is a small cell
            "贷款": [("1" if k < 14 else "0") if v < 6 else str(int(k % 2)) for k, v in zip(i, village, strict=True)],
            "备注": [MARKED[499 - k] for k in i],
            MARKED[300]: ["x"] * 240,
        }
    )
    if year == 2013:  # a number that is an identifier, a doubled key: rows that are left out
        frame = frame.with_columns(
            pl.when(pl.int_range(240) < 3).then(pl.lit(MARKED[400])).otherwise("销售").alias("销售")
        )
        frame = pl.concat([frame, frame.tail(1).with_columns(pl.lit("1").alias("销售"))])
    return frame.head(233) if year == 2014 else frame  # 3 pilot and 4 comparison households are lost


def write_hunted(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text(TOML, encoding="utf-8")
    (folder / "codebook.csv").write_text(CODEBOOK, encoding="utf-8")
    for year, kind in KINDS.items():
        file, frame = folder / f"households_{year}.{kind}", _households(year)
        if kind in ("dta", "sav"):  # no variable of these begins with a digit
            {"dta": pyreadstat.write_dta, "sav": pyreadstat.write_sav}[kind](frame[:, :-1].to_pandas(), str(file))
        else:
            {"csv": frame.write_csv, "xlsx": frame.write_excel, "parquet": frame.write_parquet}[kind](file)
    with closing(sqlite3.connect(folder / "villages.sqlite")) as connection:
        connection.execute("CREATE TABLE villages (村 TEXT, 开始 INTEGER, 村支书 TEXT, 电话 TEXT)")
        rows = [(f"V{v:02d}", 2014 if v < 6 else None, NAMES[v % 3], MARKED[480 + v]) for v in range(12)]
        connection.executemany("INSERT INTO villages VALUES (?, ?, ?, ?)", rows)
        connection.commit()
    _orders().write_csv(folder / "orders.csv")


def _orders() -> pl.DataFrame:
    """An order by each household and year, and entries that are left out: copied, of nobody, undated, no sum."""
    rng = np.random.default_rng(1)
    rows = [
        (f"{year}-{i}", MARKED[i], f"{year}-05-01", f"{rng.normal(900, 90):.0f}") for year in KINDS for i in range(240)
    ]
    rows += rows[:4]
    rows += [
        ("Entry-X1", MARKED[450], "2012-01-01", "77"),
        ("Entry-X2", MARKED[451], "2013-01-01", "78"),
        ("Entry-X3", MARKED[3], MARKED[460], "79"),
        ("Entry-X4", MARKED[4], "2013-01-01", MARKED[470]),
        (MARKED[471], MARKED[5], "2013-01-01", "80"),
        (MARKED[471], MARKED[6], "2013-01-02", "81"),
    ]
    return pl.DataFrame(rows, schema=["单号", "买家", "日期", "金额"], orient="row")
