"""From the rows of draws to the tables of docs/recovery.md."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

import polars as pl

LEAST = 0.935
"""An interval fails where the upper 99 % bound of its coverage lies below this."""
WIDE = 2.576
"""Standard errors within which the mean error must lie where assumptions hold: 99 %."""
Row = dict[str, Any]


def summary(rows: list[Row]) -> pl.DataFrame:
    """Return one row an indicator and kind of draw."""
    from scipy.special import betaincinv

    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("error", "naive", "built_in").fill_nan(None)
    )
    keys = ["programme", "holds", "indicator", "estimator"]
    table = frame.group_by(keys, maintain_order=True).agg(
        pl.len().alias("draws"),
        (pl.col("refused") != "").sum().alias("refused"),
        pl.col("error").mean().alias("bias"),
        (pl.col("error").std() / pl.col("error").count().sqrt()).alias("bias_se"),
        pl.col("covers").sum().alias("hits"),
        pl.col("covers").count().alias("intervals"),
        pl.col("naive").mean().alias("naive"),
        (pl.col("naive").std() / pl.col("naive").count().sqrt()).alias("naive_se"),
        pl.col("built_in").mean(),
    )
    upper = [
        None if n == 0 else 1.0 if h == n else float(betaincinv(h + 1, n - h, 0.99))
        for h, n in table.select("hits", "intervals").iter_rows()
    ]
    return table.with_columns((pl.col("hits") / pl.col("intervals")).alias("coverage"), pl.Series("upper_bound", upper))


def page(table: pl.DataFrame) -> str:
    """Return the tables of the document."""
    lines = [
        f"Command: `.venv/bin/python benchmarks/recovery.py`. Machine: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, evalkit {version('evalkit')}.\n",
        f"Errors in the indicator's unit. × marks, where assumptions hold, a mean error beyond {WIDE} of its standard "
        f"errors, or a coverage whose upper 99 % bound lies below {LEAST:.1%}.\n",
    ]
    for holds, title in ((True, "## Where assumptions hold\n"), (False, "## Where the scenario breaks one\n")):
        lines += [
            title,
            "| programme, indicator | estimator | draws | mean error (s.e.) | coverage of 95 % | naive error (s.e.) "
            "| built in |",
            "|---" * 7 + "|",
            *(line(r) for r in table.filter(pl.col("holds") == holds).iter_rows(named=True)),
            "",
        ]
    return "\n".join(lines)


def line(r: Row) -> str:
    off = r["holds"] and r["bias"] is not None and abs(r["bias"]) > WIDE * r["bias_se"]
    low = r["holds"] and r["upper_bound"] is not None and r["upper_bound"] < LEAST
    coverage = "no interval" if not r["intervals"] else f"{r['coverage']:.1%}{' ×' if low else ''}"
    draws = f"{r['draws']:,}" + (f", {r['refused']} refused" if r["refused"] else "")
    naive = "–" if r["naive"] is None else f"{_short(r['naive'])} ({_short(r['naive_se'])})"
    built_in = "–" if r["built_in"] is None else _short(r["built_in"])
    bias = "–" if r["bias"] is None else f"{_short(r['bias'])} ({_short(r['bias_se'])}){' ×' if off else ''}"
    what = f"{r['programme']}, {r['indicator']}"
    return f"| {what} | {r['estimator']} | {draws} | {bias} | {coverage} | {naive} | {built_in} |"


def _short(value: float) -> str:
    """Return three digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
