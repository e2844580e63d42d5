"""Raw files as a county office would hand them over: Chinese headers, mixed units and encodings, the usual dirt."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.office import price_index, write_prices, write_truth
from evalkit.simulate.suqian_ecommerce.draw import Drawn, draw
from evalkit.simulate.suqian_ecommerce.scenario import Scenario, read_scenario
from evalkit.simulate.suqian_ecommerce.trade import has_shop, order_export
from evalkit.simulate.suqian_ecommerce.truth import truth

WAN = 10_000
UNIT_CHANGE = 2015
"""From this round on the survey form asks for income in 万元 instead of 元, under other headers."""
OLD = ("工资性收入(元)", "经营净收入(元)", "财产净收入(元)", "转移净收入(元)")
NEW = ("工资收入（万元）", "家庭经营净收入（万元）", "财产性净收入（万元）", "转移性净收入（万元）")
ONLINE = ("其中：电商净收入(元)", "其中：电商净收入（万元）")
REST = (0.05, 0.10)
"""Property and transfers as parts of income: an assumption; wages differ by household, and the rest is business."""


def write_programme(out: Path) -> list[Path]:
    """Draw the scenario and write its raw files into a folder; always the same bytes."""
    scenario = read_scenario()
    drawn = draw(scenario)
    rng = np.random.default_rng(scenario.seed + 1)
    out.mkdir(parents=True, exist_ok=True)
    prices = write_prices("Jiangsu", price_index(scenario.years, scenario.inflation), out)
    written = [_roster(drawn, out), prices, write_truth(truth(scenario, drawn), out), _orders(scenario, drawn, out)]
    return [*written, *(_round(scenario, drawn, year, rng, out) for year in scenario.years)]


def _roster(drawn: Drawn, out: Path) -> Path:
    v = drawn.villages
    adoption = pl.col("adoption").cast(pl.String).fill_null("")
    rows = v.select(
        _village_id().alias("村编号"),
        pl.format("示例{}村", pl.col("village") + 1).alias("村名"),
        pl.col("county").alias("县区"),
        adoption.alias("首次开展年份"),
    )
    path = out / "villages.csv"
    path.write_bytes(rows.write_csv().encode("gb18030"))
    return path


def _orders(scenario: Scenario, drawn: Drawn, out: Path) -> Path:
    """Write the platform's export of orders, uncompressed: the bytes then depend on no other program's version."""
    path = out / "orders.parquet"
    export = order_export(scenario, drawn.rows, np.random.default_rng(scenario.seed + 6))
    export.write_parquet(path, compression="uncompressed")
    return path


def _round(scenario: Scenario, drawn: Drawn, year: int, rng: np.random.Generator, out: Path) -> Path:
    """Write one survey round as a workbook."""
    rows = drawn.rows.filter(pl.col("year") == year)
    prices = round((1 + scenario.inflation) ** (year - scenario.years[0]), 4)
    amounts = _amounts(rows, year, prices)
    apart = np.random.default_rng([scenario.seed, year])  # asked on a sheet of its own
    blank = {
        c: (apart if c in ONLINE else rng).random(rows.height) < scenario.household["item_missing"] for c in amounts
    }
    table = rows.select(
        pl.col("household").alias("户编号"),
        _village_id().alias("村编号"),
        pl.col("members").alias("常住人口"),
        *[pl.when(pl.Series(blank[c])).then(None).otherwise(v).alias(c) for c, v in amounts.items()],
        has_shop(pl.col("sales")).cast(pl.Int64).alias("是否开办网店"),
        (pl.col("collective") * prices / WAN).round(4).alias("村集体年收入（万元）"),
        pl.col("weight").alias("权重"),
    )
    copies = rng.choice(rows.height, size=int(scenario.household["duplicates"]) // len(scenario.years), replace=False)
    path = out / f"households_{year}.xlsx"
    _workbook(path, pl.concat([table, table[np.sort(copies)]]))
    return path


def _amounts(rows: pl.DataFrame, year: int, prices: float) -> dict[str, pl.Series]:
    """Return the amounts of a round in current prices and in the units of its form."""
    income = rows["income"] * rows["members"] * prices
    headers, unit, digits = (OLD, 1, 0) if year < UNIT_CHANGE else (NEW, WAN, 4)
    shares = (rows["wage_share"], 1 - rows["wage_share"] - sum(REST), *REST)
    parts = {h: (income * s / unit).round(digits) for h, s in zip(headers, shares, strict=True)}
    return {
        **parts,
        ONLINE[year >= UNIT_CHANGE]: (rows["sales"] * rows["margin"] * prices / unit).round(digits),
        "网络销售额（万元）": (rows["sales"] * prices / WAN).round(4),
        "电商贷余额（万元）": (rows["loan"] * prices / WAN).round(4),
    }


def _village_id() -> pl.Expr:
    return pl.format("SQ{}", (pl.col("village") + 1).cast(pl.String).str.zfill(3))


def _workbook(path: Path, table: pl.DataFrame) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": dt.datetime(2018, 1, 1, tzinfo=dt.UTC), "comments": "模拟数据 simulated data"})
        table.write_excel(book, worksheet="住户", autofit=False)
