"""Orders and shops behind the online sales: how many there are, and the platform's export of every order."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from evalkit.simulate.suqian_ecommerce.scenario import Scenario

UNEVEN = (0.5, 1.5)
"""Orders of a household in a year differ in value by up to this, relative to their mean: an assumption."""
SHOPFRONT, LIVE = "网店", "直播"
STANDS, BACK, CANCELLED = "已完成", "已退货", "已取消"


def orders(sales: pl.Expr) -> pl.Expr:
    """Return how many orders a household has a year, for its online sales in constant yuan."""
    return (sales / pl.col("order_value")).round(0)


def has_shop(sales: pl.Expr) -> pl.Expr:
    """Return whether a household has a shop of its own, 0 or 1."""
    return (sales > pl.col("shop_bar")).cast(pl.Float64)


def order_export(scenario: Scenario, rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return the export: an order a row, in the order of days, with cancelled orders and some rows twice."""
    trade, year = scenario.trade, rows["year"].to_numpy()
    price = np.round((1 + scenario.inflation) ** (year - scenario.years[0]), 4)
    n = rows.select(orders(pl.col("sales")))["sales"].to_numpy().astype(np.int64)
    stands = np.repeat(np.arange(rows.height), n)
    share = rng.uniform(*UNEVEN, size=len(stands))
    amount = (rows["sales"].to_numpy() * price)[stands] * share / np.bincount(stands, share, rows.height)[stands]
    never = np.repeat(np.arange(rows.height), rng.binomial(n, trade["cancelled"]))
    who = np.concatenate([stands, never])
    amount = np.concatenate([amount, (rows["order_value"].to_numpy() * price)[never]])
    status = np.where(rng.random(len(who)) < trade["returned"], BACK, STANDS)
    status[len(stands) :] = CANCELLED
    day = rng.integers(1, 366, size=len(who))
    table = pl.DataFrame(
        {
            "户编号": rows["household"].gather(who),
            "下单日期": [date(y, 1, 1) for y in year[who].tolist()],
            "day": day - 1,
            "渠道": np.where(rng.random(len(who)) < trade["live"], LIVE, SHOPFRONT),
            "订单状态": status,
            "订单金额（元）": np.round(amount, 2),
        }
    ).with_columns(pl.col("下单日期") + pl.duration(days="day"))
    sorted_ = table.drop("day").sort("下单日期", "户编号", "订单金额（元）").with_row_index("n", 1)
    named = sorted_.select(pl.format("D{}", pl.col("n").cast(pl.String).str.zfill(6)).alias("订单号"), pl.exclude("n"))
    twice = np.sort(rng.choice(named.height, int(trade["twice"]), replace=False))
    return pl.concat([named, named[twice]])
