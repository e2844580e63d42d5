"""Killing: batches whose processes are killed again and again end as a quiet one; many children, none hangs.

    python benchmarks/chaos.py               500 kills and 300 children; about twenty minutes on a quiet machine
    python benchmarks/chaos.py --kills 50    fewer kills

Small notebooks of about 0.2 s over one real programme, 64 runs a batch. SIGKILL goes to workers, and one time in ten
to the command or to the process that forks; the same command is then given again until a batch ends well. A round ends
there, and the next begins with an empty folder. It writes benchmarks/results/chaos.md.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from evalkit.batch import Request, Settings, journal, make_plan, run_batch
from evalkit.batch.machine import family

RESULT = Path(__file__).parent / "results" / "chaos.md"
ROOT = Path(__file__).parent.parent
PROGRAMME = ROOT / "data_raw" / "moz_savings"
KILLS, CHILDREN, ROUND = 500, 300, 100
"""Kills and children of the study, and kills after which a batch is left to end."""
OF_PARENTS = 0.1
"""Share of kills that go to the command or to the process that forks."""
LONGEST = 1200
"""Seconds after which a round is given up."""
CODE = """
import os, time
from evalkit.report.block import FINDING_MIME, Block
with open(os.environ["STARTED"], "a") as started:
    started.write(f"{NAME}\\n")
time.sleep(0.15)
%%
Block("<p>made</p>", {FINDING_MIME: {"name": NAME, "value": sum(ord(c) for c in NAME) / 7}})
"""
DECLARED = {
    "one": ('programme: str = "x"\nindicator: str = "y"', 'NAME = "one" + indicator'),
    "two": ('programme: str = "x"\nindicator: str = "y"', 'NAME = "two" + indicator'),
    "village": ('programme: str = "x"\nvillage: str = "y"', 'NAME = "village" + village'),
}
WORK = """
import polars as pl, statsmodels.api as sm, plotly.graph_objects as go
frame = pl.DataFrame({"g": [1, 2] * 500, "y": range(1000)}).group_by("g").agg(pl.col("y").mean()).sort("g")
fit = sm.OLS(frame["y"].to_numpy(), sm.add_constant(frame["g"].to_numpy())).fit()
%%
go.Figure(go.Scatter(x=[1, 2], y=fit.fittedvalues)).show()
"""


@dataclass(frozen=True, slots=True)
class Killed:
    """What was killed until a batch ended well, and the names of runs that were started again though stored."""

    kills: int
    of_parents: int
    batches: int
    again: tuple[str, ...]


def notebook(folder: Path, name: str, code: str, declared: str) -> None:
    """Write a notebook; `%%` on a line of its own begins a further cell."""
    first = new_code_cell(declared, metadata={"tags": ["parameters"]})
    cells = [new_code_cell(part.strip()) for part in code.split("\n%%\n")]
    nbformat.write(new_notebook(cells=[first, *cells]), folder / f"{name}.ipynb")


def write_notebooks(folder: Path) -> None:
    """Write the three kinds of notebooks whose processes are killed."""
    for name, (declared, first) in DECLARED.items():
        notebook(folder, name, f"{first}\n{CODE.strip()}", declared)


def batch(out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "evalkit", "run", "--out", str(out), "--workers", "2"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def findings(out: Path) -> dict[str, bytes]:
    return {f.relative_to(out).as_posix(): f.read_bytes() for f in out.rglob("*/*.json") if f.name != "run.json"}


def started(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").split() if log.is_file() else []


def stored(out: Path) -> set[str]:
    """Names of the runs that the journal holds as done."""
    rows = [row for row in journal.read(out).values() if row["state"] == "done"]
    return {r["notebook"] + r["parameters"].get("indicator", r["parameters"].get("village", "")) for r in rows}


def victim(run: subprocess.Popen[bytes], share: float, dice: random.Random) -> int | None:
    """A child where there is one, else none; with a probability the batch itself, or the process that forks."""
    processes = family(run.pid)
    if len(processes) < 3:
        return None
    return dice.choice(processes[:2]) if dice.random() < share else dice.choice(processes[2:])


def killed_until_done(out: Path, log: Path, kills: int, of_parents: int, dice: random.Random) -> Killed:
    """Give the same command again and again while its processes are killed, until it ends well."""
    killed, parents, batches, again = 0, 0, 0, list[str]()
    deadline = time.monotonic() + LONGEST
    while True:
        before, n_started = stored(out), len(started(log))
        run, batches = batch(out), batches + 1
        while run.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {killed} kills a batch has not ended")
            time.sleep(dice.uniform(0.02, 0.2))
            missing = of_parents - parents
            share = 1.0 if missing >= kills - killed else OF_PARENTS if missing else 0.0
            pid = victim(run, share, dice) if killed < kills else None
            if pid is not None:
                is_parent = pid in family(run.pid)[:2]
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed, parents = killed + 1, parents + is_parent
        again += [name for name in started(log)[n_started:] if name in before]
        if run.returncode == 0:
            return Killed(killed, parents, batches, tuple(again))


def left_over(out: Path) -> list[str]:
    """Return temporary files, and what stands beside journal, lock and logs."""
    kept = {journal.NAME, journal.LOCK, journal.LOGS}
    return [str(f) for f in out.rglob(".*.tmp")] + [
        f.name for f in (out / journal.FOLDER).iterdir() if f.name not in kept
    ]


def study(folder: Path, kills: int) -> tuple[list[Killed], int]:
    """Return what each round came to, and the number of findings that each has been compared with."""
    write_notebooks(folder / "notebooks")
    assert batch(folder / "quiet").wait() == 0
    quiet, dice, rounds = findings(folder / "quiet"), random.Random(1), list[Killed]()
    while sum(r.kills for r in rounds) < kills:
        out, left = folder / f"round{len(rounds)}", kills - sum(r.kills for r in rounds)
        found = killed_until_done(out, folder / "started", min(ROUND, left), round(min(ROUND, left) * OF_PARENTS), dice)
        assert findings(out) == quiet, "a finding is missing or differs"
        assert found.again == (), f"computed again though stored: {found.again}"
        assert left_over(out) == [], left_over(out)
        rounds.append(found)
        print(found, file=sys.stderr)
    return rounds, len(quiet)


def children(folder: Path, n: int) -> tuple[int, float]:
    """Run n notebooks with polars, statsmodels and plotly; return how many figures there are, and the seconds."""
    for file in (folder / "notebooks").glob("*.ipynb"):
        file.unlink()
    for i in range(n):
        notebook(folder / "notebooks", f"work_{i:03d}", WORK, 'programme: str = "moz_savings"')
    start = time.monotonic()
    result = run_batch(make_plan(Request(audience="internal")), Settings(folder / "children", seconds=120))
    assert (result.done, result.failed) == (n, 0), result
    texts = [f.read_text(encoding="utf-8") for f in (folder / "children").rglob("work_*.ipynb")]
    return sum("application/vnd.plotly.v1+json" in text for text in texts), time.monotonic() - start


def report(rounds: list[Killed], n_findings: int, figures: int, n_children: int) -> str:
    kills, parents = sum(r.kills for r in rounds), sum(r.of_parents for r in rounds)
    return f"""# Killed processes

`python benchmarks/chaos.py --kills {kills}`: SIGKILL to processes of batches of {n_findings} runs, two at a time.

| | |
|---|---|
| kills | {kills}, {parents} of them of the command or of the process that forks |
| commands given until all batches had ended well | {sum(r.batches for r in rounds)}, for {len(rounds)} batches |
| findings that differ from those of a quiet batch, or are missing | 0 of {len(rounds) * n_findings} |
| runs computed again once stored | 0 |
| temporary files left | 0 |
| notebooks with polars, statsmodels and plotly in forked children | {n_children}; none hung, {figures} figures |

The command stops with an error where one of the zeros is none.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=KILLS)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory(prefix="evalkit-chaos-") as name:
        folder = Path(name)
        shutil.copytree(PROGRAMME, folder / "data_raw" / PROGRAMME.name)
        (folder / "notebooks").mkdir()
        os.chdir(folder)
        os.environ.update(STARTED=str(folder / "started"), PYTHONPATH=str(ROOT))
        rounds, n_findings = study(folder, kills)
        figures, _ = children(folder, CHILDREN)
    assert figures == CHILDREN
    RESULT.write_text(report(rounds, n_findings, figures, CHILDREN), encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
