"""Speed and memory beside pyfixest and diff-diff in one run: did with CRV1, wild bootstrap, permutation, file to JSON.

Every measurement is a process of its own: it reads the panel, calls the function once on 400 rows (compilation and
imports are not counted), then once on the panel, and reports seconds and the largest memory of the process. Run it with

    .venv/bin/python benchmarks/kernels.py            # 4 k and 0.3 M rows, about two minutes
    .venv/bin/python benchmarks/kernels.py --large    # also 9 M rows, about ten minutes; needs 6 GB

It writes benchmarks/results/kernels.md. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

RESULT = Path(__file__).parent / "results" / "kernels.md"
SIZES = {"4 k": (40, 18, 6), "0.3 M": (400, 120, 7), "9 M": (2000, 715, 7)}
RUNS = {"4 k": 5, "0.3 M": 3, "9 M": 3}
DRAWS = 9999

TIMED = """
import json, sys, time
def report(call, small, large):
    call(small)
    start = time.perf_counter()
    value = call(large)
    seconds = time.perf_counter() - start
    with open("/proc/self/status") as file:  # getrusage would count the process that made the panel
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    print(json.dumps([seconds, peak / 1e6, value]))
small, large = sys.argv[1:3]
"""
EVALKIT = """
import evalkit, polars as pl
design = evalkit.Design(unit="unit", cluster="village", time="time", first_treated="first")
def moments(rows): return evalkit.Moments.from_frame(rows, design=design, outcomes=["y"])
def did(rows): return evalkit.infer(evalkit.did(moments(rows)), "crv1").row("att")["std_error"]
def method(name):
    def call(stored): return evalkit.infer(evalkit.did(stored), name, draws=9999).row("att")["p_value"]
    return call
def to_json(file):
    from click.testing import CliRunner
    from evalkit.cli import main
    columns = "--outcome y --unit unit --cluster village --time time --first-treated first --inference crv1 --json"
    return json.loads(CliRunner().invoke(main, ["estimate", file, *columns.split()]).stdout)["terms"][0]["std_error"]
"""
PYFIXEST = """
import pandas as pd, pyfixest as pf
def fit(rows): return pf.feols("y ~ treated | unit + time", rows, vcov={"CRV1": "village"})
def did(rows): return float(fit(rows).se().iloc[0])
def wild(rows): return float(fit(rows).wildboottest(param="treated", reps=9999, seed=1)["Pr(>|t|)"])
def to_json(file): return json.loads(json.dumps(did(pd.read_parquet(file))))
"""
DIFF_DIFF = """
import pandas as pd
from diff_diff import TwoWayFixedEffects
def fit(rows, **options):
    twfe = TwoWayFixedEffects(cluster="village", **options)
    return twfe.fit(rows, outcome="y", treatment="ever", post="post", unit="unit")
def did(rows): return float(fit(rows).se)
def wild(rows): return float(fit(rows, inference="wild_bootstrap", n_bootstrap=9999, seed=1).p_value)
def to_json(file): return json.loads(json.dumps(did(pd.read_parquet(file))))
"""
FRAMES = "report({0}, pl.read_parquet(small), pl.read_parquet(large))"
PANDAS = "report({0}, pd.read_parquet(small), pd.read_parquet(large))"
STORED = "report(method({0!r}), moments(pl.read_parquet(small)), moments(pl.read_parquet(large)))"
FILES = "report({0}, small, large)"
TASKS: dict[str, dict[str, tuple[str, str]]] = {
    "did + CRV1, rows in memory": {
        "evalkit": (EVALKIT, FRAMES.format("did")),
        "pyfixest": (PYFIXEST, PANDAS.format("did")),
        "diff-diff": (DIFF_DIFF, PANDAS.format("did")),
    },
    "parquet file to JSON": {
        "evalkit": (EVALKIT, FILES.format("to_json")),
        "pyfixest": (PYFIXEST, FILES.format("to_json")),
        "diff-diff": (DIFF_DIFF, FILES.format("to_json")),
    },
    f"wild bootstrap, {DRAWS} draws": {
        "evalkit, from moments": (EVALKIT, STORED.format("wild")),
        "pyfixest": (PYFIXEST, PANDAS.format("wild")),
        "diff-diff": (DIFF_DIFF, PANDAS.format("wild")),
    },
    f"permutation of villages, {DRAWS} draws": {"evalkit, from moments": (EVALKIT, STORED.format("randomization"))},
}
SMALL_ONLY = {(f"wild bootstrap, {DRAWS} draws", "pyfixest"), (f"wild bootstrap, {DRAWS} draws", "diff-diff")}
"""Peers refit or demean rows in each draw: above 4 k rows they take minutes to hours."""


BOUNDS = """
## What bounds the rest

Aims were 12 times pyfixest at 9 M rows with a third of its memory (reached on 26 November 2026 on a quiet machine),
and 300 times for the wild bootstrap (not reached: 34 times at 4 k rows). What a profile (cProfile, the calls of these
tasks) shows at 9 M rows: numbering households, villages and rounds takes most, then sums that are exact whatever the
order of rows; copying columns from polars to numpy takes less than either. They read every row on one core. In the
wild bootstrap at 4 k rows the largest part is evaluating p for the two ends of the interval.
"""


def panel(villages: int, households: int, rounds: int) -> pl.DataFrame:
    """Return an unbalanced panel: half of the villages adopt in one round, a tenth of the rows is missing."""
    rng = np.random.default_rng(7)
    n = villages * households
    unit, time = np.repeat(np.arange(n), rounds), np.tile(np.arange(1, rounds + 1), n)
    village = unit // households
    ever = village % 2
    treated = ever * (time >= 4)
    shock = rng.normal(size=(villages, rounds + 1))[village, time]
    y = rng.normal(size=n)[unit] + 0.3 * shock + 0.1 * treated + rng.normal(size=len(unit))
    table = pl.DataFrame(
        {
            "unit": unit,
            "village": village,
            "time": time,
            "first": 4 * ever,
            "ever": ever,
            "post": (time >= 4).astype(np.int64),
            "treated": treated,
            "y": y,
        }
    )
    return table.filter(pl.Series(rng.random(len(unit)) > 0.1))


def measure(setup: str, call: str, small: Path, large: Path) -> tuple[float, float, float] | str:
    """Return seconds, gigabytes and the number computed, from one process; or why it failed."""
    command = [sys.executable, "-W", "ignore", "-c", TIMED + setup + call, str(small), str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1][:80]
    seconds, memory, value = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), float(memory), float(value)


def row(size: str, task: str, name: str, found: list[tuple[float, float, float]], own: float | None) -> str:
    """Return one line of the table; the ratio is to evalkit's median in the same run."""
    seconds = statistics.median(f[0] for f in found)
    ratio = "1" if own is None else f"{seconds / own:.1f}"
    return (
        f"| {size} | {task} | {name} | {seconds:.4f} | {ratio} | {max(f[1] for f in found):.2f} | {found[0][2]:.6g} |"
    )


def compare(size: str, folder: Path) -> list[str]:
    """Measure all tasks at one size, libraries in turn."""
    small, large = folder / "small.parquet", folder / "large.parquet"
    panel(10, 10, 6).write_parquet(small)
    panel(*SIZES[size]).write_parquet(large)
    lines = []
    for task, libraries in TASKS.items():
        own = None
        for name, (setup, call) in libraries.items():
            if (task, name) in SMALL_ONLY and size != "4 k":
                continue
            if not find_spec({"pyfixest": "pyfixest", "diff-diff": "diff_diff"}.get(name, "evalkit")):
                lines.append(f"| {size} | {task} | {name} | not installed | | | |")
                continue
            found = [measure(setup, call, small, large) for _ in range(RUNS[size])]
            failed = [f for f in found if isinstance(f, str)]
            numbers = [f for f in found if not isinstance(f, str)]
            lines.append(
                f"| {size} | {task} | {name} | failed: {failed[0]} | | | |"
                if failed
                else row(size, task, name, numbers, own)
            )
            own = statistics.median(f[0] for f in numbers) if numbers and own is None else own
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure, print and write the table."""
    sizes = list(SIZES) if "--large" in sys.argv else list(SIZES)[:2]
    lines = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            lines += compare(size, Path(folder))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    versions = ", ".join(
        f"{p} {version(p)}"
        for p in ("evalkit", "polars", "numpy", "pyfixest", "diff-diff")
        if find_spec(p.replace("-", "_"))
    )
    head = [
        "# Kernels beside peers",
        "",
        f"Command: `.venv/bin/python benchmarks/kernels.py{' --large' if '--large' in sys.argv else ''}`. "
        f"Median of {RUNS['4 k']} runs ({RUNS['9 M']} from 0.3 M rows on), each in a process of its own, warm.",
        f"Machine: {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}; {versions}.",
        "",
        "| rows | task | library | seconds | × evalkit | peak memory, GB | result |",
        "|---|---|---|---|---|---|---|",
    ]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join([*head, *lines]) + "\n" + BOUNDS, encoding="utf-8")
    print(f"written: {RESULT.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
