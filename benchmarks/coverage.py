"""Do the intervals cover with few villages? 60 designs, 5,000 draws each, every method, and two peers on eight designs.

    .venv/bin/python benchmarks/coverage.py            # about a quarter of an hour on one core
    .venv/bin/python benchmarks/coverage.py --quick    # 500 draws of every fifth design, prints only
    .venv/bin/python benchmarks/coverage.py --methods conley_taber,ferman_pinto
                                                       # these methods that draw; the other rows stay as they are
    .venv/bin/python benchmarks/coverage.py --one-pilot
                                                       # the study of one pilot village, about a quarter of an hour

Five hundred samples of villages and households, 10 outcomes for each. The draws (`intervals/draws.py`) share no code
with evalkit; `intervals/batch.py` computes every method for all outcomes of a sample at once and, for one outcome of
every second sample, compares with `evalkit.infer` on households: a difference above 1e-9 ends the run. It writes
benchmarks/results/coverage.md, the same tables into docs/coverage.md, and the numbers as coverage.csv. The study of
one pilot village writes coverage_one_pilot.csv and .md, and its first table into docs/coverage.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import re
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
from intervals import lone, peers, study, table
from intervals.batch import DRAWING, measured
from intervals.designs import Study, alone, designs

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parents[1] / "docs" / "coverage.md"


def main() -> None:
    """Run the study, print as it goes, write the table."""
    parser = argparse.ArgumentParser(description="Coverage, length, size and power of intervals with few villages.")
    parser.add_argument("--quick", action="store_true", help="500 draws of every fifth design; prints only")
    parser.add_argument(
        "--methods", default="", help=f"of {', '.join(DRAWING)}: rows of these only, and what auto takes"
    )
    parser.add_argument("--one-pilot", action="store_true", help="the study of one pilot village, in more designs")
    asked = parser.parse_args()
    methods = tuple(filter(None, asked.methods.split(",")))
    if unknown := set(methods) - set(DRAWING):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(DRAWING)}")
    if asked.quick:
        quick(methods or tuple(DRAWING))
        return
    if asked.one_pilot:
        one_pilot()
        return
    start = time.perf_counter()
    asked_for = [(s, one) for s, one in enumerate(designs()) if not methods or measured(methods, one.pilot)]
    rows = [row for seed, one in asked_for for row in _design(one, seed, methods, start)]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    minutes = (time.perf_counter() - start) / 60
    if methods:
        frame, minutes = _beside_the_others(frame, methods), minutes + _minutes_before()
    frame.write_csv(RESULTS / "coverage.csv", float_precision=5)
    text = table.page(pl.read_csv(RESULTS / "coverage.csv"), minutes)
    (RESULTS / "coverage.md").write_text(text, encoding="utf-8")
    DOCUMENT.write_text(table.shown(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")


def quick(methods: tuple[str, ...]) -> None:
    """Print the table of every fifth design from a tenth of the draws."""
    study.SAMPLES = 100
    rows = [row for seed, one in enumerate(designs()) if seed % 5 == 0 for row in study.run(one, seed, methods)]
    print(table.by_design(pl.DataFrame(rows, infer_schema_length=None)))


def one_pilot() -> None:
    """Run the study of one pilot village and write its tables."""
    start, rows, studies = time.perf_counter(), [], alone()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for one, found in zip(studies, pool.map(lone.run, studies, count(lone.FIRST_SEED)), strict=True):
            rows += found
            print(f"{time.perf_counter() - start:6.0f} s  {one.name}", flush=True)
    pl.DataFrame(rows, infer_schema_length=None).write_csv(RESULTS / "coverage_one_pilot.csv", float_precision=5)
    frame = pl.read_csv(RESULTS / "coverage_one_pilot.csv", null_values="")
    text = lone.page(frame, (time.perf_counter() - start) / 60)
    (RESULTS / "coverage_one_pilot.md").write_text(text, encoding="utf-8")
    DOCUMENT.write_text(lone.shown(DOCUMENT.read_text(encoding="utf-8"), frame), encoding="utf-8")


def _design(one: Study, seed: int, methods: tuple[str, ...], start: float) -> list[dict[str, Any]]:
    rows = study.run(one, seed, methods or tuple(DRAWING))
    if one.name in peers.CHOSEN and not methods:
        rows += peers.run(one, seed, study.spread_of(one, seed))
    print(f"{time.perf_counter() - start:6.0f} s  {one.name}", flush=True)
    return rows


def _beside_the_others(new: pl.DataFrame, methods: tuple[str, ...]) -> pl.DataFrame:
    """Put the rows of these methods in the place of the stored ones; what auto takes is looked up anew."""
    stored = pl.read_csv(RESULTS / "coverage.csv").filter(~pl.col("method").is_in(methods))
    added = new.filter(pl.col("method").is_in(methods)).select(stored.columns)
    order = pl.col("design").replace_strict({d.name: i for i, d in enumerate(designs())}, return_dtype=pl.Int64)
    rows = pl.concat([stored, added], how="vertical_relaxed").sort(order, maintain_order=True)
    marks = dict(rows.filter("chosen").group_by("design").agg("method").iter_rows())
    for seed, one in enumerate(designs()):
        now, before = study.taken(one, seed), set(marks.get(one.name, []))
        marks[one.name] = list(before | now if before & now else now)
    chosen = [m in marks[d] for d, m in rows.select("design", "method").iter_rows()]
    return rows.with_columns(pl.Series("chosen", chosen))


def _minutes_before() -> float:
    """Return how long the run took that made the rows which stay."""
    found = re.search(r"(\d+) minutes on one core", (RESULTS / "coverage.md").read_text(encoding="utf-8"))
    return float(found[1]) if found else 0.0


if __name__ == "__main__":
    main()
