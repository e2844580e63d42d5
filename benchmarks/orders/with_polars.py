"""Plain polars, streaming: numbers that occur twice are found first, and looked at apart."""

import sys
from datetime import date
from pathlib import Path

import polars as pl
from common import files, report


def sums(folder: Path) -> dict[str, float]:
    pattern, kind = files(folder)
    rows = pl.scan_parquet(pattern) if kind == "parquet" else pl.scan_csv(pattern, try_parse_dates=True)
    known = pl.read_csv(folder / "units.csv").select("household_id")
    rows = rows.filter(pl.col("order_date").is_between(date(2012, 1, 1), date(2017, 12, 31)))
    ids = rows.select("order_id").collect(engine="streaming")["order_id"].sort()
    twice = ids.filter(ids == ids.shift(1)).unique().implode()
    single = rows.filter(~pl.col("order_id").is_in(twice))
    doubled = rows.filter(pl.col("order_id").is_in(twice)).unique()
    doubled = doubled.filter(pl.len().over("order_id") == 1)
    sold = pl.col("status") != "交易关闭"
    fen = (pl.col("amount") * 100).round().cast(pl.Int64)
    gross = pl.when(sold).then(fen).otherwise(0)
    returned = pl.when(pl.col("status") == "退货").then(fen).otherwise(0)
    online = pl.col("channel") != "线下"
    made = (
        pl.concat([single, doubled])
        .group_by("household_id", pl.col("order_date").dt.year().alias("year"))
        .agg(
            gross.sum().alias("sales_gross_yuan"),
            returned.sum().alias("sales_returned_yuan"),
            (gross - returned).sum().alias("sales_net_yuan"),
            pl.when(online).then(gross).otherwise(0).sum().alias("sales_online_yuan"),
            pl.when(online).then(gross - returned).otherwise(0).sum().alias("sales_online_net_yuan"),
            pl.when(pl.col("channel") == "直播").then(gross).otherwise(0).sum().alias("sales_live_yuan"),
            sold.sum().alias("orders"),
            (sold & online).sum().alias("orders_online"),
            (pl.col("status") == "退货").sum().alias("orders_returned"),
            (~sold).sum().alias("orders_cancelled"),
        )
        .join(known.lazy(), on="household_id", how="semi")
        .collect(engine="streaming")
    )
    total = made.drop("household_id", "year").sum().row(0, named=True)
    return {**{n: v / (100 if n.endswith("_yuan") else 1) for n, v in total.items()}, "n": made.height}


if __name__ == "__main__":
    report(lambda: sums(Path(sys.argv[1])))
