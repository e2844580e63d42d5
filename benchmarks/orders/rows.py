"""Orders for benchmarks/ledgers.py: simulated, seeded, written in parts into a folder outside the repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

YEARS = (2012, 2017)
HOUSEHOLDS = 200_000
COPIES = 2e-4
"""Share of rows that stand there a second time; one in four of these with another amount."""
CHANNELS = pl.Series(["线下", "线上", "直播"])
STATUSES = pl.Series(["交易成功", "退货", "交易关闭"])


def part(number: int, rows: int, seed: int) -> pl.DataFrame:
    """Return one part: orders of households, half of them by a tenth of the households, some copied."""
    rng = np.random.default_rng([seed, number])
    who = (HOUSEHOLDS * 1.01 * rng.random(rows) ** 3).astype(np.int64)
    day = rng.integers(0, 6 * 365, rows)
    fen = np.round(np.exp(rng.normal(8.5, 1.2, rows))).astype(np.int64) + 1
    frame = pl.DataFrame(
        {
            "order_id": np.arange(rows) + number * rows + 10**12,
            "household_id": who,
            "order_date": day,
            "amount": fen / 100,
            "channel": CHANNELS.gather(rng.choice(3, rows, p=[0.5, 0.4, 0.1])),
            "status": STATUSES.gather(rng.choice(3, rows, p=[0.9, 0.06, 0.04])),
        }
    ).with_columns(
        pl.format("H{}", pl.col("household_id").cast(pl.String).str.zfill(6)).alias("household_id"),
        (pl.date(YEARS[0], 1, 1) + pl.duration(days="order_date")).alias("order_date"),
    )
    again = frame.head(int(rows * COPIES)).with_row_index("_n")
    changed = pl.when(pl.col("_n") % 4 == 0).then(pl.col("amount") + 1).otherwise("amount")
    return pl.concat([frame, again.with_columns(changed.alias("amount")).drop("_n")])


def make(folder: Path, rows: int, parts: int, seed: int, kind: str) -> Path:
    """Write the orders, and the roster of known households; a folder that is complete is left as it is."""
    target = folder / f"{kind}_{rows}_{parts}_{seed}"
    if (target / "units.csv").is_file():
        return target
    (target / "orders").mkdir(parents=True, exist_ok=True)
    for number in range(parts):
        frame = part(number, rows // parts, seed)
        path = target / "orders" / f"part_{number:03}.{kind}"
        frame.write_parquet(path) if kind == "parquet" else frame.write_csv(path)
    ids = pl.DataFrame({"n": range(HOUSEHOLDS)}).select(
        pl.format("H{}", pl.col("n").cast(pl.String).str.zfill(6)).alias("household_id"),
        pl.format("V{}", pl.col("n") // 100).alias("village_id"),
        pl.when(pl.col("n") // 100 % 2 == 0).then(2015).alias("adoption_year"),
    )
    ids.write_csv(target / "units.csv")
    return target
