"""Do the plans find what was built in? Every simulated programme redrawn 2,000 times, with and without what breaks it.

    .venv/bin/python benchmarks/recovery.py                  # all programmes, on all cores
    .venv/bin/python benchmarks/recovery.py suqian_post      # one of them; its rows in the table are replaced
    .venv/bin/python benchmarks/recovery.py --draws 40       # fewer draws; prints only

Each draw (`evalkit.simulate`, which shares no code with the estimators) gives the frame that intake would give, without
dirt, and what is true of it. It is estimated as programme.toml plans: panel, village sums, estimator, interval. "Built
in" is the mean difference of the pilot villages' own change from the truth: what before-and-after gets wrong.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import math
import platform
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

import evalkit
from evalkit import simulate
from evalkit.columns import EXPOSURE
from evalkit.errors import DataError, DesignError
from evalkit.estimators.registry import estimate_by_name

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "benchmarks" / "results" / "recovery.csv"
PAGE = ROOT / "benchmarks" / "results" / "recovery.md"
DRAWS = 2000
LEAST = 0.935
"""An interval fails where the upper 99 % bound of its coverage lies below this."""
WIDE = 2.576
"""Standard errors within which the mean error must lie where assumptions hold: 99 %."""
Row = dict[str, Any]


def one(name: str, holds: bool, seed: int) -> list[Row]:
    """Return a row for each primary indicator of one draw: its error, whether it is covered, and the naive error."""
    programme = evalkit.load(ROOT / "data_raw" / name)
    drawn = simulate.replicate(name, seed, holds=holds)
    plans = [p for p in programme.indicators if p.role == "primary" and p.name in drawn.truth]
    return [
        {"programme": name, "holds": holds, "indicator": plan.name, "estimator": plan.estimator}
        | _measured(drawn.frame, programme, plan.name, drawn.truth[plan.name], seed)
        for plan in plans
    ]


def _measured(frame: pl.DataFrame, programme: evalkit.Programme, indicator: str, truth: float, seed: int) -> Row:
    plan = programme.indicator(indicator)
    groups = (EXPOSURE,) if EXPOSURE in frame.columns else ()
    panel = evalkit.Panel.from_frame(frame, design=programme.design_for(plan), outcome=indicator, covariates=groups)
    moments = evalkit.Moments.from_panel(panel)
    try:
        row = (
            evalkit.infer(estimate_by_name(plan.estimator, moments, panel), plan.inference, seed=seed)
            .tidy()
            .row(0, named=True)
        )
    except (DataError, DesignError) as refused:
        return {"error": math.nan, "covers": None, "naive": math.nan, "refused": str(refused)}
    low, high = row["conf_low"], row["conf_high"]
    return {
        "error": row["estimate"] - truth,
        "covers": None if low is None else low <= truth <= high,
        "naive": _naive(moments) - truth,
        "refused": "",
    }


def _naive(moments: evalkit.Moments) -> float:
    if moments.design.time is None:
        return math.nan
    try:
        return float(evalkit.pre_post(moments).values[0])
    except DesignError:
        return math.nan


def summary(rows: list[Row]) -> pl.DataFrame:
    """Return one row an indicator and kind of draw."""
    from scipy.special import betaincinv

    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("error", "naive").fill_nan(None))
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
    )
    upper = [
        None if n == 0 else 1.0 if h == n else float(betaincinv(h + 1, n - h, 0.99))
        for h, n in table.select("hits", "intervals").iter_rows()
    ]
    return table.with_columns((pl.col("hits") / pl.col("intervals")).alias("coverage"), pl.Series("upper_bound", upper))


def page(table: pl.DataFrame) -> str:
    """Return the committed page."""
    lines = [
        "# What the plans recover\n",
        f"Command: `.venv/bin/python benchmarks/recovery.py`. Machine: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, evalkit {version('evalkit')}.\n",
        "All data are simulated. Errors in the indicator's unit. × marks, where assumptions hold, a mean error beyond "
        f"{WIDE} of its standard errors, or a coverage whose upper 99 % bound lies below {LEAST:.1%}. Where a scenario "
        "breaks an assumption, error and coverage show what the page has to warn of.\n",
        "| programme | indicator | estimator | assumptions | draws | mean error (s.e.) | coverage "
        "| naive error (s.e.) |",
        "|---" * 8 + "|",
    ]
    return "\n".join([*lines, *(_line(r) for r in table.iter_rows(named=True))]) + "\n"


def _line(r: Row) -> str:
    off = r["holds"] and r["bias"] is not None and abs(r["bias"]) > WIDE * r["bias_se"]
    low = r["holds"] and r["upper_bound"] is not None and r["upper_bound"] < LEAST
    coverage = "no interval" if not r["intervals"] else f"{r['coverage']:.1%}{' ×' if low else ''}"
    draws = f"{r['draws']}" + (f", {r['refused']} refused" if r["refused"] else "")
    kind = "hold" if r["holds"] else "broken"
    naive = "–" if r["naive"] is None else f"{r['naive']:.4g} ({r['naive_se']:.2g})"
    bias = "–" if r["bias"] is None else f"{r['bias']:.3g} ({r['bias_se']:.2g}){' ×' if off else ''}"
    return (
        f"| {r['programme']} | {r['indicator']} | {r['estimator']} | {kind} | {draws} | {bias} | {coverage} | {naive} |"
    )


def breaks(name: str) -> bool:
    """Whether the scenario breaks an assumption: its draws then differ from those in which all hold."""
    with_it, without = (simulate.replicate(name, 0, holds=holds).frame for holds in (False, True))
    return not with_it.equals(without)


def draws_of(name: str, draws: int) -> Iterator[list[Row]]:
    """Yield the rows of each draw, on all cores."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for holds in (True, False) if breaks(name) else (True,):
            yield from pool.map(partial(one, name, holds), range(draws), chunksize=10)


def main() -> None:
    """Run the study, print as it goes, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programmes", nargs="*", metavar="PROGRAMME", help=", ".join(simulate.scenarios()))
    parser.add_argument("--draws", type=int, default=DRAWS, help="other numbers than %(default)s are printed only")
    given = parser.parse_args()
    start, tables = time.perf_counter(), []
    for name in given.programmes or simulate.scenarios():
        tables.append(summary([row for rows in draws_of(name, given.draws) for row in rows]))
        print(
            f"{time.perf_counter() - start:6.0f} s", *map(_line, tables[-1].iter_rows(named=True)), sep="\n", flush=True
        )
    if given.draws == DRAWS:
        write(pl.concat(tables, how="vertical_relaxed"))


def write(table: pl.DataFrame) -> None:
    """Write the tables, with the rows of programmes that were not run as they were."""
    if TABLE.is_file():
        before = pl.read_csv(TABLE).filter(~pl.col("programme").is_in(table["programme"].unique().to_list()))
        table = pl.concat([before, table], how="vertical_relaxed")
    table = table.sort("programme", maintain_order=True)
    table.write_csv(TABLE, float_precision=6)
    PAGE.write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
