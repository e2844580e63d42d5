"""Many notebooks: `evalkit run` beside papermill and nbconvert, on the project's own findings and on 200 runs of them.

    python benchmarks/batch.py            the plan as it is, and 200 runs; about three minutes on a quiet machine
    python benchmarks/batch.py --large    1,000 runs as well

What others need for one notebook is measured on a sample spread over the plan, and multiplied: they start each notebook
anew, so that cost grows with their number. evalkit is measured as a whole, from a new process, start-up included.
Village means and panels are in the cache for all. It writes benchmarks/results/batch.md.
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

from evalkit.batch import Plan, Request, Settings, make_plan, run_batch
from evalkit.batch.kernel import environment
from evalkit.batch.plan import Run

RESULT = Path(__file__).parent / "results" / "batch.md"
ROOT = Path(__file__).parent.parent
SAMPLE_CLI, SAMPLE_API, SAMPLE_POOL, SAMPLE_CELLS = 3, 6, 12, 40
SCALES, LARGE = (200,), 1_000
POOL = 2
ALONE = "--alone"


def scaled(plan: Plan, n: int) -> Plan:
    """Return a plan of n runs: those of the plan again and again, each with a page of its own."""
    runs = [replace(run, page=f"{i:04d}/{run.page}") for i, run in enumerate(cycle(plan.runs, n))]
    return Plan(tuple(runs), frozenset())


def cycle(runs: Sequence[Run], n: int) -> list[Run]:
    return [runs[i % len(runs)] for i in range(n)]


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


def cells_alone(runs: Sequence[Run]) -> float:
    """Return the seconds of the cells themselves: one after the other in one warm process, nothing exported."""
    import nbformat

    from evalkit.batch.cell import execute_cell
    from evalkit.batch.shell import notebook_shell
    from evalkit.batch.warm import warm

    warm()
    times = []
    for run in [runs[0], *runs]:
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


def alone(what: str, n: int) -> dict:
    """Measure one thing in this new process."""
    os.environ.update(environment(POOL), EVALKIT_DATA=str(ROOT / "data_raw"))
    plan = make_plan(Request())
    with tempfile.TemporaryDirectory() as folder:
        runs = spread(plan.runs, min(n, len(plan.runs)))
        ways: dict[str, Callable[[], object]] = {
            "cli": lambda: by_command_line(runs, Path(folder)),
            "api": lambda: [by_api(run) for run in runs],
            "pool": lambda: in_pool(runs),
            "cells": lambda: cells_alone(runs),
            "evalkit": lambda: run_batch(scaled(plan, n or len(plan.runs)), Settings(Path(folder), fresh=True)),
        }
        start, used = time.perf_counter(), processor_seconds()
        result = ways[what]()
        seconds = result if what == "cells" else time.perf_counter() - start
        used = processor_seconds() - used
    n = n or len(plan.runs)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    failed = getattr(result, "failed", 0)
    return {"what": what, "n": n, "seconds": seconds, "memory": memory, "failed": failed, "cpu": used}


def measured(what: str, n: int) -> dict:
    command = [sys.executable, __file__, ALONE, what, str(n)]
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
        cells = "".join(f" {cost * s['n']:.0f} | {cost * s['n'] / s['seconds']:.0f} |" for s in scales)
        lines.append(f"| {names[row['what']]} | {row['n']} | {cost:.2f} | {row['cpu'] / row['n']:.2f} |{cells}")
    whole = scales[-1]["seconds"] / scales[-1]["n"]
    cpu = scales[-1]["cpu"] / scales[-1]["n"]
    own = "".join(f" {s['seconds']:.1f} | 1 |" for s in scales)
    lines.append(f"| evalkit {version('evalkit')}, pages included | all | {whole:.3f} | {cpu:.3f} |{own}")
    cores = len(os.sched_getaffinity(0))
    shares = "; ".join(f"{s['n']} runs: {s['seconds'] * cores / (each['cells'] * s['n']):.1f}" for s in scales)
    memory = ", ".join(f"{s['memory']:.0f} MB at {s['n']}" for s in scales)
    noise = (
        " The machine was not quiet: read the column of CPU seconds, which others' work changes little."
        if load[1] > cores + 1.5
        else ""
    )
    return f"""# Many notebooks

`python benchmarks/batch.py` on {cores} cores, {platform.system()}, Python {platform.python_version()}, papermill
{version("papermill")}, nbconvert {version("nbconvert")}. The notebooks of `make findings` with their real parameters;
larger numbers are the same runs again, each with a page of its own. Others are measured on a sample and multiplied.
Load of the machine before and after: {load[0]:.1f}, {load[1]:.1f}.{noise}

{chr(10).join(lines)}

The cells alone, one after the other in one warm process: {each["cells"]:.3f} s a notebook. Wall time of evalkit as a
multiple of that divided by {cores} cores: {shares}. Memory of the process that keeps order: {memory}.
"""


def main() -> None:
    if ALONE in sys.argv:
        what, n = sys.argv[sys.argv.index(ALONE) + 1 :]
        print(json.dumps(alone(what, int(n))))
        return
    before = os.getloadavg()[0]
    scales = [*SCALES, *([LARGE] if "--large" in sys.argv else [])]
    measured("evalkit", 0)  # fills the cache
    samples = {"cells": SAMPLE_CELLS, "cli": SAMPLE_CLI, "api": SAMPLE_API, "pool": SAMPLE_POOL}
    rows = [measured(what, n) for what, n in samples.items()]
    RESULT.write_text(
        table(rows, [measured("evalkit", n) for n in (0, *scales)], (before, os.getloadavg()[0])), encoding="utf-8"
    )
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
