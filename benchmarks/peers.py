"""evalkit beside the fastest peer, file to estimate with standard errors by village: seconds and peak memory.

    .venv/bin/python benchmarks/peers.py            # 4 k and 0.3 M rows, about three minutes
    .venv/bin/python benchmarks/peers.py --large    # also 9 M rows, about half an hour; needs 16 GB

Every measurement is a process of its own: it answers once from a file of 500 rows (imports and compilation are not
counted), then a few times from the file of the panel, and reports the median of the seconds, the largest memory of the
process, and its number. A
second table has what each village-level method takes once the pass over the rows is made. Peers that are not installed
are named and left out. It writes benchmarks/results/peers.md.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

RESULT = Path(__file__).parent / "results" / "peers.md"
SIZES = {"4 k": (40, 18, 6), "0.3 M": (400, 120, 7), "9 M": (2000, 715, 7)}
RUNS = {"4 k": 5, "0.3 M": 3, "9 M": 1}
LIMIT_SECONDS, LIMIT_BYTES = 900, 16 * 2**30
TIMES_FASTER, SHARE_OF_MEMORY, ANSWER_SECONDS = 10, 1 / 3, 0.1
"""What is aimed at: the first two at 9 M rows end to end, the third for each method after the pass, at every size."""
MODULES = {"pyfixest": "pyfixest", "diff-diff": "diff_diff", "evalkit": "evalkit"}

TIMED = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
small, large = sys.argv[1:3]
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), int(sys.argv[3])))
def report(call):
    call(small)
    spent = []
    for _ in range(int(sys.argv[4])):
        start, worked = time.perf_counter(), time.process_time()
        value, error = call(large)
        spent.append([time.perf_counter() - start, time.process_time() - worked])
    medians = [sorted(column)[len(spent) // 2] for column in zip(*spent)]
    with open("/proc/self/status") as file:  # getrusage would count the process that made the panel
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    print(json.dumps([*medians, peak / 1e6, float(value), float(error)]))
"""
EVALKIT = """
import evalkit, polars as pl
def moments(file, outcome="y", first="first"):
    design = evalkit.Design(unit="unit", cluster="village", time="time", first_treated=first)
    return evalkit.Moments.from_frame(pl.scan_parquet(file), design=design, outcomes=[outcome])
def by(name, term="att", **columns):
    def call(file):
        row = evalkit.infer(getattr(evalkit, name)(moments(file, **columns)), "crv1").row(term)
        return row["estimate"], row["std_error"]
    report(call)
"""
PYFIXEST = """
import numpy as np, pandas as pd, pyfixest as pf
def by(formula, term, fit=pf.feols, read=lambda b, se: (b, se)):
    def call(file):
        found = fit(formula, pd.read_parquet(file), vcov={"CRV1": "village"}, copy_data=False, store_data=False)
        return read(found.coef()[term], found.se()[term])
    report(call)
PROPORTIONAL = lambda b, se: (np.expm1(b), se * np.exp(b))
"""
DIFF_DIFF = """
import diff_diff, pandas as pd
def by(name, read, options={}, **columns):
    def call(file):
        model = getattr(diff_diff, name)(cluster="village", **options)
        return read(model.fit(pd.read_parquet(file), outcome="y", **columns))
    report(call)
"""


@dataclass(frozen=True)
class Task:
    """An estimate, and how each library makes it; `first` says which column holds the first treated round."""

    name: str
    evalkit: str
    pyfixest: str = ""
    diff_diff: str = ""


STAGGERED = 'unit="unit", time="time", first_treat="first"'
TASKS = (
    Task(
        "did",
        'by("did", first="start")',
        'by("y ~ treated | unit + time", "treated")',
        'by("TwoWayFixedEffects", lambda f: (f.att, f.se), treatment="ever", post="post", unit="unit")',
    ),
    Task(
        "event_study (event time 0)",
        'by("event_study", "event_time=0", first="start")',
        'by("y ~ i(time, ever, ref=3) | unit + time", "time::4:ever")',
        'by("MultiPeriodDiD", lambda f: (f.period_effects[4].effect, f.period_effects[4].se), '
        'treatment="ever", time="time", reference_period=3, unit="unit", absorb=["unit"])',
    ),
    Task(
        "group_time (simple average)",
        'by("group_time")',
        diff_diff='by("CallawaySantAnna", lambda f: (f.overall_att, f.overall_se), '
        f'{{"control_group": "not_yet_treated", "allow_unbalanced_panel": False}}, {STAGGERED})',
    ),
    Task(
        "imputation",
        'by("imputation")',
        diff_diff=f'by("ImputationDiD", lambda f: (f.overall_att, f.overall_se), {STAGGERED})',
    ),
    Task(
        "sun_abraham",
        'by("sun_abraham")',
        diff_diff=f'by("SunAbraham", lambda f: (f.overall_att, f.overall_se), {STAGGERED})',
    ),
    Task(
        "ppml",
        'by("ppml", outcome="count", first="start")',
        'by("count ~ treated | unit + time", "treated", pf.fepois, PROPORTIONAL)',
    ),
)
AFTER = """
import json, sys, time, warnings
import evalkit, polars as pl
warnings.simplefilter("ignore")
staggered, single, count = (evalkit.Moments.read(file) for file in sys.argv[1:4])
def one(stored, name, method):
    at = [(time.perf_counter(), time.process_time())]
    estimate = getattr(evalkit, name)(stored)
    at.append((time.perf_counter(), time.process_time()))
    evalkit.infer(estimate, method)
    at.append((time.perf_counter(), time.process_time()))
    return [after[k] - before[k] for before, after in zip(at, at[1:]) for k in (0, 1)]
def median(stored, name, method):
    one(stored, name, method)
    found = [one(stored, name, method) for _ in range(3)]
    return [sorted(column)[1] for column in zip(*found)]
plan = [(single, "did", m) for m in ("auto", "crv1", "crv2", "crv3", "wild", "randomization")]
plan += [(single, "event_study", "auto"), (single, "pre_post", "auto"), (count, "ppml", "crv1")]
plan += [(staggered, n, "auto") for n in ("event_study", "group_time", "imputation", "sun_abraham")]
print(json.dumps([[n, m, "one start" if s is not staggered else "two starts", *median(s, n, m)] for s, n, m in plan]))
"""


def panel(villages: int, households: int, rounds: int) -> pl.DataFrame:
    """Return an unbalanced panel: of four villages two never start, two in rounds 3 and 5; a tenth is missing.

    ``start``, ``ever``, ``post`` and ``treated`` are those of a programme that starts in round 4 in both.
    """
    rng = np.random.default_rng(7)
    n = villages * households
    unit, time = np.repeat(np.arange(n), rounds), np.tile(np.arange(1, rounds + 1), n)
    village = unit // households
    first = np.array([0, 0, 3, 5])[village % 4]
    ever, post = (first > 0).astype(np.int64), (time >= 4).astype(np.int64)
    y = rng.normal(size=n)[unit] + 0.3 * rng.normal(size=(villages, rounds + 1))[village, time]
    y += 0.1 * ever * post + rng.normal(size=len(unit))
    keys = {"unit": unit, "village": village, "time": time, "first": first, "start": 4 * ever}
    table = pl.DataFrame({**keys, "ever": ever, "post": post, "treated": ever * post, "y": y})
    table = table.with_columns(pl.Series("count", rng.poisson(np.exp(0.5 * y))))
    return table.filter(pl.Series(rng.random(len(unit)) > 0.1))


def measure(setup: str, call: str, files: list[Path], runs: int) -> list[float] | str:
    """Return seconds, those of the cores, gigabytes, estimate and standard error from one process; or why it failed."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        TIMED + setup + call,
        *map(str, files),
        str(LIMIT_BYTES),
        str(runs),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"not done after {LIMIT_SECONDS} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}"])[-1][:80]
    return list(map(float, json.loads(done.stdout.splitlines()[-1])))


def compare(size: str, files: list[Path]) -> list[str]:
    """Measure all tasks at one size, libraries in turn; ratios are to evalkit's medians in the same run."""
    lines = []
    for task in TASKS:
        own: list[float] = []
        calls = {"evalkit": (EVALKIT, task.evalkit), "pyfixest": (PYFIXEST, task.pyfixest)}
        calls["diff-diff"] = (DIFF_DIFF, task.diff_diff)
        for library, (setup, call) in calls.items():
            if not call:
                continue
            installed = find_spec(MODULES[library]) is not None
            found = measure(setup, call, files, RUNS[size]) if installed else "not installed"
            if isinstance(found, str):
                lines.append(f"| {size} | {task.name} | {library} | {found} | | | | | | | |")
            else:
                spent, (estimate, error) = found[:3], found[3:]
                own = own or spent
                cells = [f"{s:.4g} | {s / o:.1f}" for s, o in zip(spent, own, strict=True)]
                numbers = f"{estimate:.6g} | {error:.5g}"
                lines.append(f"| {size} | {task.name} | {library} | {' | '.join(cells)} | {numbers} |")
            print(lines[-1], flush=True)
    return lines


def after(size: str, large: Path, folder: Path) -> list[str]:
    """Measure estimators and intervals from stored moments, in one process."""
    import evalkit

    files = []
    for name, first, outcome in (("staggered", "first", "y"), ("single", "start", "y"), ("count", "start", "count")):
        design = evalkit.Design(unit="unit", cluster="village", time="time", first_treated=first)
        moments = evalkit.Moments.from_frame(pl.scan_parquet(large), design=design, outcomes=[outcome])
        files.append(folder / f"{name}.moments.parquet")
        moments.write(files[-1])
    done = subprocess.run([sys.executable, "-c", AFTER, *map(str, files)], capture_output=True, text=True, check=True)
    return [
        f"| {size} | {name}, {starts} | {method} | " + " | ".join(f"{t:.4f}" for t in times) + " |"
        for name, method, starts, *times in json.loads(done.stdout.splitlines()[-1])
    ]


def head() -> list[str]:
    """Return the title, the command, the machine and what else it was doing."""
    large = " --large" if "--large" in sys.argv else ""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    names = ("evalkit", "polars", "numpy", "pyfixest", "diff-diff")
    versions = ", ".join(f"{p} {version(p)}" for p in names if find_spec(p.replace("-", "_")))
    runs = ", ".join(f"{n} at {size}" for size, n in RUNS.items())
    return [
        "# Estimators beside peers, file to estimate",
        "",
        f"Command: `.venv/bin/python benchmarks/peers.py{large}`. Each task in a process of its own that has answered "
        f"from a small file before; median of some calls ({runs} rows), peak memory of the process. Seconds of "
        "the cores are what all threads used together: they hardly move where the machine has other work.",
        f"Machine: {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}; {versions}; load of "
        f"the last minute at the start {os.getloadavg()[0]:.1f}.",
        "",
    ]


def main() -> None:
    """Measure, print and write the tables."""
    sizes = list(SIZES) if "--large" in sys.argv else list(SIZES)[:2]
    top, ends, answers = head(), [], []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            small, large = folder / "small.parquet", folder / "large.parquet"
            panel(20, 5, 6).write_parquet(small)
            panel(*SIZES[size]).write_parquet(large)
            ends += compare(size, [small, large])
            answers += after(size, large, folder)
            print("\n".join(answers[-13:]), flush=True)
    text = [
        *top,
        "| rows | estimate | library | seconds | × evalkit | seconds of the cores | × evalkit | peak memory, GB "
        "| × evalkit | estimate | std. error |",
        "|---" * 11 + "|",
        *ends,
        "",
        "## After the pass over the rows",
        "",
        "From stored moments, in one process, median of three calls; seconds for the estimate and for its interval "
        "(9,999 draws where the method draws).",
        "",
        "| rows | estimator | inference | estimate, s | of the cores | interval, s | of the cores |",
        "|---" * 7 + "|",
        *answers,
        "",
    ]
    before = RESULT.read_text(encoding="utf-8").split(BOUNDS)[1:] if RESULT.is_file() else []
    RESULT.write_text("\n".join(text) + "".join(BOUNDS + b for b in before), encoding="utf-8")
    print(f"written: {RESULT.relative_to(Path.cwd())}")


BOUNDS = "\n## What bounds the rest\n"
"""What is written below this line by hand stays."""

if __name__ == "__main__":
    main()
