"""Raw files as the regional post would hand them over: two forms of one report, months in two ways, the usual dirt."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.ningxia_post.draw import Drawn, draw
from evalkit.simulate.ningxia_post.scenario import Scenario, read_scenario
from evalkit.simulate.ningxia_post.truth import truth
from evalkit.simulate.office import write_prices, write_truth

NEW_FORM = 2018
"""From this year on the report is a workbook with other headers, months as 2018-03, and growers' sales in 百元."""
HUNDRED = 100
TITLE = "客户月报（模拟数据）"


def write_programme(out: Path) -> list[Path]:
    """Draw the scenario and write its raw files into a folder; always the same bytes."""
    scenario = read_scenario()
    drawn = draw(scenario)
    rng = np.random.default_rng(scenario.seed + 1)
    out.mkdir(parents=True, exist_ok=True)
    rows = _dirty(scenario, drawn.rows, rng)
    years = sorted({m // 12 for m in scenario.months})
    prices = write_prices("Ningxia", {y: 100 * _price(scenario, y) for y in years}, out)
    written = [_roster(drawn, out), prices, write_truth(truth(drawn, scenario.seed), out)]
    return [*written, *(_report(rows.filter(pl.col("month") // 12 == year), year, out) for year in years)]


def _roster(drawn: Drawn, out: Path) -> Path:
    place, is_town = pl.col("place"), pl.col("side") == "township"
    start = pl.format("{}年{}月", pl.col("start") // 12, pl.col("start") % 12 + 1)
    rows = drawn.places.select(
        place.alias("编号"),
        pl.when(is_town).then(pl.format("示例乡镇{}", place)).otherwise(pl.format("示例社区{}", place)).alias("名称"),
        pl.when(is_town).then(pl.lit("产地乡镇")).otherwise(pl.lit("城市社区")).alias("类别"),
        start.fill_null("").alias("开始月份"),
    )
    path = out / "places.csv"
    path.write_bytes(rows.write_csv().encode("gb18030"))
    return path


def _price(scenario: Scenario, year: int) -> float:
    return round((1 + scenario.inflation) ** (year - scenario.first // 12), 4)


def _dirty(scenario: Scenario, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Put amounts into current yuan, leave some out, type some in fen, and enter some rows twice."""
    prices = {y: _price(scenario, y) for y in {m // 12 for m in scenario.months}}
    factor = (pl.col("month") // 12).replace_strict(prices, return_dtype=pl.Float64)
    table = rows.with_columns(
        (pl.col("purchases", "sales") * factor).round(1),
        pl.col("parcels", "payments", "orders").round(0).cast(pl.Int64),
        (pl.col("share") * 100).round(1),
        pl.col("account").cast(pl.Int64),
    )
    bought = np.flatnonzero(table["purchases"].is_not_null().to_numpy())
    slips = pl.Series(np.isin(np.arange(table.height), rng.choice(bought, int(scenario.dirt["in_fen"]), replace=False)))
    typed = pl.when(slips).then(pl.col("purchases") * HUNDRED).otherwise(pl.col("purchases"))
    blank = {
        c: pl.Series(rng.random(table.height) < scenario.dirt["missing"]) for c in ("purchases", "parcels", "sales")
    }
    table = table.with_columns(typed.alias("purchases"))
    table = table.with_columns(pl.when(b).then(None).otherwise(pl.col(c)).alias(c) for c, b in blank.items())
    twice = np.sort(rng.choice(table.height, int(scenario.dirt["duplicates"]), replace=False))
    return pl.concat([table, table[twice]])


def _report(rows: pl.DataFrame, year: int, out: Path) -> Path:
    number = pl.col("month") % 12 + 1
    if year < NEW_FORM:
        table = rows.select(
            pl.col("person").alias("客户号"),
            pl.col("place").alias("网点所在地编号"),
            pl.format("{}年{}月", pl.col("month") // 12, number).alias("月份"),
            pl.col("purchases").alias("产地农产品购买额（元）"),
            pl.col("parcels").alias("包裹（件）"),
            pl.col("account").alias("邮储账户"),
            pl.col("payments").alias("缴费、订阅（笔）"),
            pl.col("orders").alias("产地农产品订单（单）"),
            pl.col("share").alias("产地农产品占购买额（%）"),
            pl.col("sales").alias("农户经邮政销售额（元）"),
        )
        path = out / f"customers_{year}.csv"
        path.write_bytes(table.write_csv().encode("gb18030"))
        return path
    table = rows.select(
        pl.col("person").alias("客户编号"),
        pl.col("place").alias("社区或乡镇"),
        pl.format("{}-{}", pl.col("month") // 12, number.cast(pl.String).str.zfill(2)).alias("统计月份"),
        pl.col("purchases").alias("购买产地农产品(元)"),
        pl.col("parcels").alias("收寄包裹(件)"),
        pl.col("account").alias("有无账户(1/0)"),
        pl.col("payments").alias("代缴及订阅(笔)"),
        pl.col("orders").alias("产地农产品订单数(单)"),
        pl.col("share").alias("产地占比(%)"),
        (pl.col("sales") / HUNDRED).round(3).alias("农户邮政渠道销售额(百元)"),
    )
    path = out / f"customers_{year}.xlsx"
    _workbook(path, table)
    return path


def _workbook(path: Path, table: pl.DataFrame) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": dt.datetime(2019, 7, 1, tzinfo=dt.UTC), "comments": TITLE})
        sheet = book.add_worksheet("月报")
        sheet.write(0, 0, TITLE)
        table.write_excel(book, worksheet=sheet, position="A3", autofit=False)
