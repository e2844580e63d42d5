"""Many notebooks: `evalkit run` beside papermill and nbconvert, on the project's own findings and on 200 runs of them.

    python benchmarks/batch.py            the plan as it is, and 200 runs; about four minutes on a quiet machine
    python benchmarks/batch.py --large    1,000 runs as well; about six

What others need for one notebook is measured on a sample spread over the plan, and multiplied: they start each notebook
anew, so that cost grows with their number. evalkit is measured as a whole, from a new process, start-up included; no
finding is stored before. Where there are more runs than the plan has, each further round has a seed of its own, so that
its findings are computed anew, too. Village means and panels are in the cache for all. It says of each aim whether it
was reached, and writes benchmarks/results/batch.md.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

from evalkit.batch import Plan, Request, Settings, make_plan, run_batch
from evalkit.batch.kernel import environment
from evalkit.batch.machine import family
from evalkit.batch.parameters import declared_in
from evalkit.batch.plan import Run
from evalkit.batch.run import in_turn

RESULT = Path(__file__).parent / "results" / "batch.md"
ROOT = Path(__file__).parent.parent
SAMPLES = {"cli": 5, "api": 10, "pool": 20}
SCALES, LARGE = (200,), 1_000
POOL = 2
ALONE = "--alone"
AIMS = {"cli": 30, "api": 10, "pool": 10}
"""How many times as long others are to take."""
OWN_COMPUTE, LINEAR, MEMORY = 3.0, 1.1, 1.1
"""At most: wall over the cells' own compute, 1,000 runs over what the plan's runs lead to expect, and their memory."""


def scaled(plan: Plan, n: int) -> Plan:
    """Return a plan of n runs: the whole plan again and again, then a part spread over it; each has its own page."""
    rounds, rest = divmod(n, len(plan.runs))
    runs = [again(run, i) for i in range(rounds) for run in plan.runs]
    return Plan((*runs, *(again(run, rounds) for run in spread(plan.runs, rest))), frozenset())


def again(run: Run, i: int) -> Run:
    """Return a run of a further round: on a page of its own, with a seed of its own where its notebook takes one."""
    seed = {"seed": i + 1} if "seed" in declared_in(run.file) else {}
    return replace(run, page=f"{i:02d}/{run.page}", parameters={**run.parameters, **seed})


def spread(runs: Sequence[Run], n: int) -> list[Run]:
    """Return n runs at even distances, so that every kind of notebook has its share."""
    return [runs[int((i + 0.5) * len(runs) / n)] for i in range(n)]


def arguments(run: Run) -> list[str]:
    """Return parameters as text: with -p papermill takes the village 048 for a number."""
    return [part for name, value in run.parameters.items() for part in ("-r", name, str(value))]


def by_command_line(runs: Sequence[Run], out: Path) -> None:
    """Execute with papermill's command, export with nbconvert's, one after the other."""
    tools = Path(sys.executable).parent
    for run in runs:
        executed = out / "executed.ipynb"
        command = [tools / "papermill", "--no-progress-bar", "-k", "python3", run.file, executed, *arguments(run)]
        quiet(command, run.file.parent)
        quiet([tools / "jupyter", "nbconvert", "--to", "html", "--log-level", "ERROR", executed], out)


def quiet(command: Sequence[str | Path], folder: Path) -> None:
    subprocess.run(
        [str(c) for c in command], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def by_api(run: Run) -> int:
    """Execute with papermill's API, export with an exporter that is kept; return the page's length."""
    import nbformat
    import papermill

    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.ipynb"
        papermill.execute_notebook(
            run.file, executed, dict(run.parameters), kernel_name="python3", progress_bar=False, cwd=run.file.parent
        )
        return len(exporter().from_notebook_node(nbformat.read(executed, 4))[0])


_KEPT: list = []


def exporter():
    if not _KEPT:
        from nbconvert.exporters import HTMLExporter

        _KEPT.append(HTMLExporter())
    return _KEPT[0]


def in_pool(runs: Sequence[Run]) -> None:
    """Execute through papermill's API in two spawned processes; their start-up is in the time, as in use."""
    with ProcessPoolExecutor(POOL, mp_context=get_context("spawn")) as pool:
        list(pool.map(by_api, runs))


def cells_alone(runs: Sequence[Run], folder: Path) -> float:
    """Return the seconds of the cells themselves: one after the other in one warm process, nothing exported.

    Findings are shared between notebooks as in a batch: what counts is only what has to be computed.
    """
    import nbformat

    from evalkit import evaluated
    from evalkit.batch.cell import execute_cell
    from evalkit.batch.shell import notebook_shell
    from evalkit.batch.warm import warm

    warm()
    times = []
    for place, run in enumerate([runs[0], *runs]):
        os.environ[evaluated.FOLDER] = str(folder / ("shared" if place else "first"))
        cells = nbformat.read(run.file, 4).cells
        given = nbformat.v4.new_code_cell("\n".join(f"{k} = {v!r}" for k, v in run.parameters.items()))
        with notebook_shell() as shell:
            start = time.perf_counter()
            went_well = [execute_cell(shell, cell) for cell in (cells[0], given, *cells[1:])]
            times.append(time.perf_counter() - start)
        assert all(went_well)
    return sum(times[1:])  # the first one only warms what no import does


def processor_seconds() -> float:
    """Return the processor time of this process and of all that have ended below it."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


class ForkingProcess(Thread):
    """Watches how much memory the process that forks holds, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.largest = 0.0
        self.ended = Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            for pid in family(os.getpid())[1:]:
                try:
                    if "evalkit.batch.fork_parent" in Path(f"/proc/{pid}/cmdline").read_text():
                        status = Path(f"/proc/{pid}/status").read_text()
                        self.largest = max(self.largest, int(status.split("VmHWM:")[1].split()[0]) / 1024)
                        break  # those below it were forked from it
                except (OSError, IndexError):  # it has ended meanwhile
                    continue


def whole_batch(plan: Plan, folder: Path) -> dict:
    """Carry out a plan; return how many runs failed and the most memory of the process that forks."""
    watch = ForkingProcess()
    watch.start()
    result = run_batch(plan, Settings(folder, fresh=True))
    watch.ended.set()
    return {"failed": result.failed, "forking": watch.largest}


def alone(what: str, n: int) -> dict:
    """Measure one thing in this new process."""
    os.environ.update(environment(POOL), EVALKIT_DATA=str(ROOT / "data_raw"))
    plan = make_plan(Request())
    n = n or len(plan.runs)
    with tempfile.TemporaryDirectory() as name:
        folder, runs = Path(name), spread(plan.runs, min(n, len(plan.runs)))
        ways: dict[str, Callable[[], object]] = {
            "cli": lambda: by_command_line(runs, folder),
            "api": lambda: [by_api(run) for run in runs],
            "pool": lambda: in_pool(runs),
            "cells": lambda: cells_alone(in_turn(runs), folder),
            "evalkit": lambda: whole_batch(scaled(plan, n), folder),
        }
        start, used = time.perf_counter(), processor_seconds()
        result = ways[what]()
        seconds = result if what == "cells" else time.perf_counter() - start
        used = processor_seconds() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = result if isinstance(result, dict) else {"failed": 0, "forking": 0.0}
    return {"what": what, "n": n, "seconds": seconds, "memory": memory, "cpu": used, **told}


def measured(what: str, n: int) -> dict:
    # -P: `coverage`, which libraries import, is then the library and not coverage.py of this folder
    command = [sys.executable, "-P", __file__, ALONE, what, str(n)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["failed"] == 0, found
    print(
        f"{what} {found['n']}: {found['seconds']:.1f} s, {found['cpu']:.1f} s CPU, load {os.getloadavg()[0]:.1f}",
        file=sys.stderr,
    )
    return found


def table(rows: Sequence[dict], scales: Sequence[dict], load: tuple[float, float]) -> str:
    each = {row["what"]: row["seconds"] / row["n"] for row in rows}
    names = {
        "cli": "papermill and nbconvert, command lines",
        "api": "papermill's API and an exporter that is kept",
        "pool": f"the same in {POOL} spawned processes",
    }
    head = "".join(f" {s['n']} runs, s | × evalkit |" for s in scales)
    lines = [
        f"| way | measured on | s a notebook | CPU s a notebook |{head}",
        "|---|---|---|---|" + "---|---|" * len(scales),
    ]
    for row in (r for r in rows if r["what"] in names):
        cost = each[row["what"]]
        cells = "".join(f" {cost * s['n']:.0f} | {cost * s['n'] / s['seconds']:.1f} |" for s in scales)
        lines.append(f"| {names[row['what']]} | {row['n']} | {cost:.2f} | {row['cpu'] / row['n']:.2f} |{cells}")
    plan = scales[0]
    own = "".join(f" {s['seconds']:.1f} | 1 |" for s in scales)
    per_run = f"{plan['seconds'] / plan['n']:.3f} | {plan['cpu'] / plan['n']:.3f}"
    lines.append(f"| evalkit {version('evalkit')}, pages included | all | {per_run} |{own}")
    cores = len(os.sched_getaffinity(0))
    memory = "; ".join(f"{s['n']} runs: {s['memory']:.0f} and {s['forking']:.0f} MB" for s in scales)
    noise = (
        " The machine was not quiet: read the column of CPU seconds, which others' work changes little."
        if max(load) > cores + 1.5
        else ""
    )
    return f"""# Many notebooks

`python benchmarks/batch.py` on {cores} cores, {platform.system()}, Python {platform.python_version()}, papermill
{version("papermill")}, nbconvert {version("nbconvert")}. The notebooks of `make findings` with their real parameters;
larger numbers are the same runs again, each with a page and a seed of its own. Others are measured on a sample and
multiplied. Load of the machine before and after: {load[0]:.1f}, {load[1]:.1f}.{noise}

{chr(10).join(lines)}

The cells alone, one after the other in one warm process, each finding computed once: {each["cells"]:.3f} s a notebook.
Memory of the command and of the process that forks: {memory}.

| aim | measured | |
|---|---|---|
{chr(10).join(aims(each, scales, cores))}
"""


def aims(each: dict[str, float], scales: Sequence[dict], cores: int) -> list[str]:
    """Return a line for each aim of the batch: what it asks for, what was measured, and whether that is enough."""
    plan = scales[0]
    per_run = plan["seconds"] / plan["n"]
    found = [(f"{name}: at least {least} × evalkit", each[name] / per_run, least) for name, least in AIMS.items()]
    lines = [f"| {aim} | {value:.1f} | {told(value >= least)} |" for aim, value, least in found]
    share = per_run * cores / each["cells"]
    own = f"wall at most {OWN_COMPUTE:g} × the cells' own compute / cores"
    lines.append(f"| {own} | {share:.2f} | {told(share <= OWN_COMPUTE)} |")
    large = [s for s in scales if s["n"] == LARGE]
    for s in large:
        linear = s["seconds"] / s["n"] / per_run
        lines.append(f"| {LARGE} runs within 10 % of linear | {linear:.2f} | {told(linear <= LINEAR)} |")
        for key, whose in {"forking": "the process that forks", "memory": "the command"}.items():
            grown = s[key] / plan[key]
            lines.append(
                f"| memory of {whose} at {LARGE} runs as at {plan['n']} | {grown:.2f} | {told(grown <= MEMORY)} |"
            )
    return lines if large else [*lines, f"| {LARGE} runs: linear, memory constant | | not measured (--large) |"]


def told(is_reached: bool) -> str:
    return "reached" if is_reached else "not reached"


def main() -> None:
    if ALONE in sys.argv:
        what, n = sys.argv[sys.argv.index(ALONE) + 1 :]
        print(json.dumps(alone(what, int(n))))
        return
    before = os.getloadavg()[0]
    scales = [*SCALES, *([LARGE] if "--large" in sys.argv else [])]
    measured("evalkit", 0)  # fills the cache
    rows = [measured(what, n) for what, n in {"cells": 0, **SAMPLES}.items()]
    RESULT.write_text(
        table(rows, [measured("evalkit", n) for n in (0, *scales)], (before, os.getloadavg()[0])), encoding="utf-8"
    )
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
