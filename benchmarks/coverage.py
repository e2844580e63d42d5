"""Do the intervals cover with few villages? 60 designs, 5,000 draws each, every method, and two peers on eight designs.

    .venv/bin/python benchmarks/coverage.py            # about a quarter of an hour on one core
    .venv/bin/python benchmarks/coverage.py --quick    # 500 draws of every fifth design, prints only

Five hundred samples of villages and households, 10 outcomes for each. The draws (`intervals/draws.py`) share no code
with evalkit; `intervals/batch.py` computes every method for all outcomes of a sample at once and, for one outcome of
every second sample, compares with `evalkit.infer` on households: a difference above 1e-9 ends the run. It writes
benchmarks/results/coverage.md, the same tables into docs/coverage.md, and the numbers as coverage.csv.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from pathlib import Path

import polars as pl
from intervals import peers, study, table
from intervals.designs import designs

RESULTS = Path(__file__).parent / "results"
DOCUMENT = Path(__file__).parents[1] / "docs" / "coverage.md"


def main() -> None:
    """Run the study, print as it goes, write the table."""
    quick = "--quick" in sys.argv
    start = time.perf_counter()
    if quick:
        study.SAMPLES = 100
    rows = []
    for seed, one in enumerate(designs()):
        if quick and seed % 5:
            continue
        rows += study.run(one, seed)
        if one.name in peers.CHOSEN and not quick:
            rows += peers.run(one, seed, study.spread_of(one, seed))
        print(f"{time.perf_counter() - start:6.0f} s  {one.name}", flush=True)
        frame = pl.DataFrame(rows, infer_schema_length=None)
        frame.write_csv(RESULTS / "coverage.csv", float_precision=5) if not quick else None
    if quick:
        print(table.by_design(frame))
        return
    minutes = (time.perf_counter() - start) / 60
    text = table.page(pl.read_csv(RESULTS / "coverage.csv"), minutes)
    (RESULTS / "coverage.md").write_text(text, encoding="utf-8")
    DOCUMENT.write_text(table.shown(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    main()
