"""Sixty runs whose processes are killed twenty times: nothing lost, nothing half-written, nothing stored done again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from evalkit.batch import journal
from evalkit.batch.machine import family
from tests.batch.conftest import Project, notebook

KILLS, OF_PARENTS = 20, 4
LONGEST = 400
"""Seconds after which the test gives up."""
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
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found and killed as on Linux")


@pytest.fixture(scope="module")
def folder(project: Project) -> Iterator[Path]:
    folder = project({})
    for name, (declared, first) in DECLARED.items():
        notebook(folder / "notebooks", name, f"{first}\n{CODE.strip()}", declared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STARTED", str(folder / "started"))
        yield folder


def batch(out: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "evalkit", "run", "--out", out, "--workers", "2"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def findings(out: Path) -> dict[str, bytes]:
    return {f.relative_to(out).as_posix(): f.read_bytes() for f in out.rglob("*/*.json") if f.name != "run.json"}


def started(folder: Path) -> list[str]:
    return (folder / "started").read_text(encoding="utf-8").split() if (folder / "started").is_file() else []


def stored(out: Path) -> set[str]:
    """Names of the runs that the journal holds as done."""
    rows = [row for row in journal.read(out).values() if row["state"] == "done"]
    return {r["notebook"] + r["parameters"].get("indicator", r["parameters"].get("village", "")) for r in rows}


def victim(run: subprocess.Popen, parents_left: int, dice: random.Random) -> int | None:
    """A child where there is one, else none; from time to time the batch itself, or the process that forks."""
    processes = family(run.pid)
    if len(processes) < 3:
        return None
    of_parents = parents_left > 0 and dice.random() < 0.3
    return dice.choice(processes[:2]) if of_parents else dice.choice(processes[2:])


def test_killed_batches_end_as_a_quiet_one(folder: Path):
    assert batch("quiet").wait(LONGEST) == 0
    quiet = findings(folder / "quiet")
    assert len(quiet) == 64
    (folder / "started").unlink()

    dice, out, killed, of_parents, again = random.Random(20), folder / "chaos", 0, 0, []
    deadline = time.monotonic() + LONGEST
    while True:
        assert time.monotonic() < deadline
        before, n_started = stored(out), len(started(folder))
        run = batch("chaos")
        while run.poll() is None:
            time.sleep(dice.uniform(0.02, 0.2))
            pid = victim(run, OF_PARENTS - of_parents, dice) if killed < KILLS else None
            if pid is not None:
                of_parents += pid in family(run.pid)[:2]
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
        again += [name for name in started(folder)[n_started:] if name in before]
        if run.returncode == 0:
            break

    assert killed == KILLS
    assert of_parents == OF_PARENTS
    assert findings(out) == quiet
    assert again == []
    assert list(out.rglob(".*.tmp")) == []
    assert {f.name for f in (out / journal.FOLDER).iterdir()} == {journal.NAME, journal.LOCK, journal.LOGS}
