"""Raw files as the county and the platform would hand them over: a roster of shops and the export of all orders."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.simulate.months import YEAR
from evalkit.simulate.office import write_prices, write_truth
from evalkit.simulate.suqian_live.draw import Drawn, draw
from evalkit.simulate.suqian_live.scenario import Scenario, read_scenario
from evalkit.simulate.suqian_live.truth import truth

SHOPFRONT, LIVE = "网店", "直播"
STANDS, BACK, CANCELLED = "已完成", "已退货", "已取消"
DAYS = 28
"""Orders lie on the first so many days of a month."""


def write_programme(out: Path) -> list[Path]:
    """Draw the scenario and write its raw files into a folder; always the same bytes."""
    scenario = read_scenario()
    drawn = draw(scenario)
    out.mkdir(parents=True, exist_ok=True)
    years = (scenario.months // YEAR).tolist()
    prices = {y: 100 * p for y, p in zip(years, scenario.prices.tolist(), strict=True)}
    return [
        _roster(scenario, drawn, out),
        write_prices("Jiangsu", prices, out),
        write_truth(truth(scenario, drawn), out),
        _orders(scenario, drawn, out),
    ]


def _roster(scenario: Scenario, drawn: Drawn, out: Path) -> Path:
    start = f"{scenario.start // YEAR}年{scenario.start % YEAR + 1}月"
    rows = drawn.shops.select(
        pl.col("shop").alias("店铺编号"),
        pl.format("SL{}", (pl.col("village") + 1).cast(pl.String).str.zfill(2)).alias("村编号"),
        pl.format("示例{}村", pl.col("village") + 1).alias("村名"),
        pl.when(pl.col("pilot") == 1).then(pl.lit(start)).otherwise(pl.lit("")).alias("村播间开播月份"),
    )
    path = out / "shops.csv"
    path.write_bytes(rows.write_csv().encode("gb18030"))
    return path


def _orders(scenario: Scenario, drawn: Drawn, out: Path) -> Path:
    """Write the platform's export of orders, uncompressed: the bytes then depend on no other program's version."""
    path = out / "orders.parquet"
    order_export(scenario, drawn, np.random.default_rng(scenario.seed + 1)).write_parquet(
        path, compression="uncompressed"
    )
    return path


def order_export(scenario: Scenario, drawn: Drawn, rng: np.random.Generator) -> pl.DataFrame:
    """Return the export: an order a row, by day, with cancelled and foreign orders, and some rows twice."""
    o, n = scenario.orders, drawn.orders.height
    cancelled = rng.choice(n, int(n * o["cancelled"]), replace=False)
    row = np.concatenate([np.arange(n), cancelled])
    status = np.where(rng.random(len(row)) < o["returned"], BACK, STANDS)
    status[n:] = CANCELLED
    month = drawn.orders["month"].to_numpy()[row]
    shop = drawn.shops["shop"].gather(drawn.orders["shop"].gather(row)).to_numpy().astype(object)
    foreign = n + rng.choice(len(cancelled), int(o["strangers"]), replace=False)
    shop[foreign], status[foreign] = "9901", STANDS
    days = [date(m // YEAR, m % YEAR + 1, 1) for m in scenario.months[month].tolist()]
    table = pl.DataFrame(
        {
            "店铺编号": shop.tolist(),
            "下单日期": days,
            "day": rng.integers(0, DAYS, size=len(row)),
            "渠道": np.where(rng.random(len(row)) < o["live"], LIVE, SHOPFRONT),
            "订单状态": status,
            "订单金额（元）": np.round(drawn.orders["amount"].to_numpy()[row] * scenario.prices[month], 2),
        }
    ).with_columns(pl.col("下单日期") + pl.duration(days="day"))
    sorted_ = table.drop("day").sort("下单日期", "店铺编号", "订单金额（元）", "订单状态").with_row_index("n", 1)
    named = sorted_.select(pl.format("L{}", pl.col("n").cast(pl.String).str.zfill(6)).alias("订单号"), pl.exclude("n"))
    twice = np.sort(rng.choice(named.height, int(o["twice"]), replace=False))
    return pl.concat([named, named[twice]])
