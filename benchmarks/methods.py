"""What stands behind an estimate, beside peers: decomposition, weights, dose groups, clustering by two, a curve.

    .venv/bin/python benchmarks/methods.py    # 4 k and 0.3 M rows, some minutes

Every measurement is a process of its own: it answers once from a small file (imports and compilation are not counted),
then three times from the file of the panel, and reports the median of the processor seconds, the largest memory of the
process, and its number; it may take 120 processor seconds and 8 GB in all. Processor seconds are what all threads used;
linear algebra has one thread on both sides, since threads that wait for one another count as work on a busy machine.
The curve has no peer that exchanges villages: one regression under one assignment is set beside one place of the curve.
It writes benchmarks/results/methods.md; peers that are not installed are named and left out.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

RESULT = Path(__file__).parent / "results" / "methods.md"
SIZES = {"4 k": (20, 10, 20), "0.3 M": (200, 75, 20)}
MODULES = {"pyfixest": "pyfixest", "diff-diff": "diff_diff", "evalkit": "evalkit"}

TIMED = """
import json, resource, sys, time, warnings
resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
warnings.simplefilter("ignore")
small, large = sys.argv[1:3]
def report(call, each=1):
    call(small)
    spent = []
    for _ in range(3):
        start = time.process_time()
        value = call(large)
        spent.append((time.process_time() - start) / each)
    with open("/proc/self/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    print(json.dumps([sorted(spent)[1], peak / 1e6, float(value)]))
"""
EVALKIT = """
import evalkit, polars as pl
from evalkit.diagnostics import DataChoice, curve_of, round_choices
design = evalkit.Design(unit="unit", cluster="village", time="time", first_treated="first")
def moments(file): return evalkit.Moments.from_frame(pl.scan_parquet(file), design=design, outcomes=["y"])
"""
DIFF_DIFF = "import diff_diff, pandas as pd\n"
PYFIXEST = "import pandas as pd, pyfixest as pf\n"
DOSED = """
name = pl.col("village").cast(str)
def dosed(file):
    dose = dict(pl.read_parquet(file).filter(pl.col("dose") > 0).select(name, "dose").iter_rows())
    once = evalkit.Design(unit="unit", cluster="village", time="time", first_treated="once", comparison="never")
    sums = evalkit.Moments.from_frame(pl.scan_parquet(file), design=once, outcomes=["y"])
    return evalkit.by_dose(sums, dose, [2])
report(lambda file: evalkit.infer(dosed(file), "crv1").row("dose=1")["estimate"])
"""
PEER_DOSED = (
    'lambda file: diff_diff.ContinuousDiD(treatment_type="discrete").fit(pd.read_parquet(file), outcome="y", '
    'unit="unit", time="time", first_treat="once", dose="dose").dose_response_att.effects[0]'
)
CURVE = """
def curve(file):
    return curve_of([DataChoice("planned", "planned", name, m) for name, m in round_choices(moments(file))], draws=199)
places = curve(large).rows.height * 200
report(lambda file: curve(file).median, places)
"""
BACON = (
    'lambda file: diff_diff.BaconDecomposition().fit(pd.read_parquet(file), "y", "unit", "time", "first").twfe_estimate'
)
WEIGHTS = 'lambda file: diff_diff.twowayfeweights(pd.read_parquet(file), "y", "unit", "time", "treated").sigma_fe'
TWO_WAY = (
    'lambda file: pf.feols("y ~ treated | unit + time", pd.read_parquet(file), vcov={"CRV1": "village+time"}, '
    'copy_data=False, store_data=False).se()["treated"]'
)
ONE_FIT = (
    'lambda file: pf.feols("y ~ treated | unit + time", pd.read_parquet(file), vcov={"CRV1": "village"}, '
    'copy_data=False, store_data=False).coef()["treated"]'
)
TASKS = (
    (
        "goodman_bacon (coefficient)",
        "report(lambda file: evalkit.goodman_bacon(moments(file)).estimate)",
        "diff-diff",
        BACON,
    ),
    (
        "twoway_weights (spread for a mean of 0)",
        "report(lambda file: evalkit.twoway_weights(moments(file)).spread_for_zero)",
        "diff-diff",
        WEIGHTS,
    ),
    ("by_dose (level of the first dose group)", DOSED, "diff-diff", PEER_DOSED),
    (
        "did, two_way (std. error)",
        'report(lambda file: evalkit.infer(evalkit.did(moments(file)), "two_way").row("att")["std_error"])',
        "pyfixest",
        TWO_WAY,
    ),
    ("specification_curve, a place under one assignment (median; coefficient)", CURVE, "pyfixest", ONE_FIT),
)
SETUP = {"diff-diff": DIFF_DIFF, "pyfixest": PYFIXEST}


def panel(villages: int, households: int, rounds: int) -> pl.DataFrame:
    """Return a balanced panel: of four villages two never start, two in rounds 9 and 14."""
    rng = np.random.default_rng(7)
    n = villages * households
    unit, time = np.repeat(np.arange(n), rounds), np.tile(np.arange(1, rounds + 1), n)
    village = unit // households
    first = np.array([0, 0, 9, 14])[village % 4]
    treated = ((first > 0) & (time >= first)).astype(np.int64)
    y = rng.normal(size=n)[unit] + 0.3 * rng.normal(size=(villages, rounds + 1))[village, time]
    y += 0.1 * treated + rng.normal(size=len(unit))
    keys = {"unit": unit, "village": village, "time": time, "first": first, "treated": treated}
    dose = np.where(first > 0, 1.0 + (village // 4) % 2, 0.0)
    return pl.DataFrame({**keys, "once": np.where(first > 0, 9, 0), "dose": dose, "y": y})


def measure(code: str, files: list[Path]) -> list[float] | str:
    """Return processor seconds, gigabytes and the number from one process; or why it failed."""
    command = [sys.executable, "-W", "ignore", "-c", TIMED + code, *map(str, files)]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}"])[-1][:80]
    return list(map(float, json.loads(done.stdout.splitlines()[-1])))


def compare(size: str, files: list[Path]) -> list[str]:
    """Measure all tasks at one size."""
    lines = []
    for name, own, peer, call in TASKS:
        ours = measure(EVALKIT + own, files)
        calls = {"evalkit": ours}
        if find_spec(MODULES[peer]):
            calls[peer] = measure(SETUP[peer] + f"report({call})", files)
        else:
            calls[peer] = "not installed"
        lines += told(size, name, calls)
    return lines


def told(size: str, name: str, calls: dict[str, list[float] | str]) -> list[str]:
    """Return and print the rows of a task."""
    lines, ours = [], calls["evalkit"]
    for library, found in calls.items():
        if isinstance(found, str) or isinstance(ours, str):
            lines.append(f"| {size} | {name} | {library} | {found} | | | |")
        else:
            spent, peak, value = found
            times = spent / ours[0]
            ratio = f"{times:.1f}" if times >= 0.95 else f"{times:.2g}"
            lines.append(f"| {size} | {name} | {library} | {spent:.3g} | {ratio} | {peak:.2g} | {value:.6g} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure, print and write the table."""
    lines = []
    for size, shape in SIZES.items():
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name) / "small.parquet", Path(name) / "large.parquet"]
            panel(8, 3, 20).write_parquet(files[0])
            panel(*shape).write_parquet(files[1])
            lines += compare(size, files)
    names = ("evalkit", "polars", "numpy", "pyfixest", "diff-diff")
    versions = ", ".join(f"{p} {version(p)}" for p in names if find_spec(p.replace("-", "_")))
    head = "| rows | what (number) | library | processor seconds | × evalkit | peak memory, GB | number |"
    text = [
        "# What stands behind an estimate, beside peers",
        "",
        "Command: `.venv/bin/python benchmarks/methods.py`. From a file to the number, in a process of its own that "
        "has answered from a small file before; median of three, in seconds of all threads, linear algebra in one. A "
        "place of the specification curve is one way to compute the effect under one assignment, with its t: the whole "
        "curve over their number.",
        f"Python {platform.python_version()}; {versions}.",
        "",
        head,
        "|---" * 7 + "|",
        *lines,
        "",
    ]
    RESULT.write_text("\n".join(text), encoding="utf-8")


if __name__ == "__main__":
    main()
