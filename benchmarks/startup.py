"""Fresh process to the first difference-in-differences on a small file (4,284 rows, 40 villages), peers beside it.

Each library gets its own new Python process, several times; the median counts. Run it with
`make bench` or `.venv/bin/python benchmarks/startup.py`; it writes benchmarks/results/startup.md.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

RESULT = Path(__file__).parent / "results" / "startup.md"
RUNS = 5
N_ROWS, N_VILLAGES, N_HOUSEHOLDS, N_ROUNDS = 4_284, 40, 20, 6
START, MOST_SECONDS = 4, 1.5

EVALKIT = """
import evalkit, polars as pl
design = evalkit.Design(unit="unit", cluster="village", time="time", first_treated="first_treated")
moments = evalkit.Moments.from_frame(pl.scan_csv({file!r}), design=design, outcomes=["y"])
row = evalkit.infer(evalkit.did(moments), method="crv1").row("att")
print(row["estimate"], row["std_error"])
"""
PYFIXEST = """
import pyfixest as pf, pandas as pd
fit = pf.feols("y ~ treated | unit + time", pd.read_csv({file!r}), vcov={{"CRV1": "village"}})
print(fit.coef().iloc[0], fit.se().iloc[0])
"""
DIFF_DIFF = """
import pandas as pd
from diff_diff import TwoWayFixedEffects
fit = TwoWayFixedEffects(cluster="village").fit(
    pd.read_csv({file!r}), outcome="y", treatment="ever", post="post", unit="unit")
print(fit.att, fit.se)
"""
SCRIPTS = {"evalkit": ("evalkit", EVALKIT), "pyfixest": ("pyfixest", PYFIXEST), "diff-diff": ("diff_diff", DIFF_DIFF)}


def small_panel() -> pl.DataFrame:
    """Return an unbalanced panel: half of the villages start in round 4, one tenth of the rows is missing."""
    rng = np.random.default_rng(1)
    unit = np.repeat(np.arange(N_VILLAGES * N_HOUSEHOLDS), N_ROUNDS)
    village, time_ = unit // N_HOUSEHOLDS, np.tile(np.arange(1, N_ROUNDS + 1), N_VILLAGES * N_HOUSEHOLDS)
    ever = village % 2
    treated = ever * (time_ >= START)
    shock = rng.normal(size=(N_VILLAGES, N_ROUNDS + 1))[village, time_]
    y = rng.normal(size=N_VILLAGES * N_HOUSEHOLDS)[unit] + shock + 0.5 * treated + rng.normal(size=len(unit))
    post = (time_ >= START).astype(np.int64)
    columns = {"unit": unit, "village": village, "time": time_, "ever": ever, "post": post, "treated": treated, "y": y}
    frame = pl.DataFrame({**columns, "first_treated": START * ever})
    return frame[np.sort(rng.permutation(frame.height)[:N_ROWS])]


def run(script: str) -> tuple[float, str]:
    """Return seconds and printed numbers of one new process."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True, cwd=RESULT.parent
    )
    return time.perf_counter() - started, done.stdout.split("\n")[0].strip()


def measure(file: Path) -> list[tuple[str, float, float, float, str]]:
    """Return name, median, least and most seconds, and the numbers found, after one run that warms the disk."""
    rows = []
    for name, (package, script) in SCRIPTS.items():
        if find_spec(package) is None:
            print(f"{name}: not installed, left out")
            continue
        filled = script.format(file=str(file))
        run(filled)
        seconds, numbers = zip(*(run(filled) for _ in range(RUNS)), strict=True)
        rows.append((name, statistics.median(seconds), min(seconds), max(seconds), numbers[0]))
        print(f"{name:10} {rows[-1][1]:6.2f} s  ({rows[-1][2]:.2f} to {rows[-1][3]:.2f})  {rows[-1][4]}")
    return rows


def machine() -> str:
    """Return cores, memory and Python, no names and no paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def report(rows: list[tuple[str, float, float, float, str]]) -> str:
    """Return the table as Markdown."""
    own = rows[0][1]
    lines = [
        "# From a new process to the first estimate",
        "",
        f"`python benchmarks/startup.py` on {machine()}, warm disk. Median of {RUNS} new processes: import,",
        f"read a csv file of {N_ROWS:,} rows ({N_VILLAGES} villages), difference-in-differences",
        "with household effects, CRV1 by village.",
        "",
        "| library | s, median | least to most | × evalkit | estimate, standard error |",
        "|---|---|---|---|---|",
    ]
    for name, median, least, most, numbers in rows:
        estimate, error = (f"{float(n):.6f}" for n in numbers.split())
        cells = (f"{name} {version(name)}", f"{median:.2f}", f"{least:.2f} to {most:.2f}", f"{median / own:.1f}")
        lines.append(f"| {' | '.join(cells)} | {estimate} ({error}) |")
    lines += [
        "",
        "diff-diff knows before and after here, the others each round: its estimate differs a little by design.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, write the table, and fail where evalkit takes longer than it may."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.csv"
        small_panel().write_csv(file)
        rows = measure(file)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(report(rows), encoding="utf-8")
    print(f"evalkit takes {rows[0][1]:.2f} s (allowed: {MOST_SECONDS} s); table: benchmarks/results/{RESULT.name}")
    return int(rows[0][1] > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
