"""Runs that never end, grow, crash or are killed: a page with the plain reason, and the others go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalkit.batch import Request, Result, Settings, journal, make_plan, pool, run_batch
from evalkit.batch.machine import family, held_bytes, memory_share, workers_for
from evalkit.batch.workers import Worker
from evalkit.errors import DataError, UsageError
from tests.batch.conftest import Project

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory and signals are Linux's")
NOTEBOOKS = {
    "good": "held = 1",
    "endless": "while True:\n    pass",
    "large": "import time\nheld = b'x' * (1 << 30)\ntime.sleep(60)",
    "crash": "import ctypes\nctypes.string_at(0)",
    "leaves": "import os\nos._exit(3)",
    "killed": "import os\nos.kill(os.getpid(), 9)",
}
REASONS = {
    "endless": "did not end within 6 seconds",
    "large": "took more than 0.9 GB of memory",
    "crash": "crashed (SIGSEGV)",
    "leaves": "crashed (exit status 3)",
    "killed": "ended from outside",
}


@pytest.fixture(scope="module")
def folder(project: Project) -> Path:
    return project(NOTEBOOKS)


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run_batch(make_plan(Request()), Settings(folder / "findings", 2, seconds=6, bytes=900_000_000))


@linux
@pytest.mark.parametrize("name", REASONS)
def test_a_page_says_why_the_process_went(result: Result, folder: Path, name: str):
    assert REASONS[name] in (folder / f"findings/moz_savings/{name}.html").read_text(encoding="utf-8")
    assert REASONS[name] in journal.read(folder / "findings")[f"moz_savings/{name}.html"]["error"]


@linux
def test_the_others_go_on(result: Result, folder: Path):
    assert (result.done, result.failed) == (1, 5)
    assert journal.read(folder / "findings")["moz_savings/good.html"]["state"] == "done"


@linux
def test_only_what_failed_is_tried_again(result: Result, folder: Path):
    before = (folder / "findings/moz_savings/good.html").stat().st_ino
    plan = make_plan(Request())
    few = type(plan)(tuple(r for r in plan.runs if r.notebook in ("good", "leaves")), frozenset())
    again = run_batch(few, Settings(folder / "findings", 1, only_failed=True, fresh=True))
    assert (again.done, again.failed) == (0, 1)
    assert (folder / "findings/moz_savings/good.html").stat().st_ino == before


@linux
def test_a_spawned_pool_keeps_the_same_limits(project: Project):
    folder = project({n: NOTEBOOKS[n] for n in ("good", "leaves", "endless")})
    result = run_batch(make_plan(Request()), Settings(folder / "findings", 2, seconds=12, fork=False))
    assert (result.done, result.failed) == (1, 2)
    assert "within 12 seconds" in (folder / "findings/moz_savings/endless.html").read_text(encoding="utf-8")


@linux
def test_ctrl_c_keeps_what_is_done_and_leaves_no_process(project: Project):
    folder = project(
        {"a_first": "held = 1", "b_second": "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"}
    )
    command = [sys.executable, "-m", "evalkit", "run", "--workers", "1"]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = folder / "notebooks/pid"
    deadline = time.monotonic() + 40
    while not (pid.is_file() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=20)
    assert run.returncode == 130
    assert "what is done is kept" in err
    assert "Traceback" not in err
    assert not Path(f"/proc/{pid.read_text()}").exists()
    manifest = json.loads((folder / "findings/run.json").read_text(encoding="utf-8"))
    assert [(r["notebook"], r["state"]) for r in manifest["runs"]] == [("a_first", "done")]
    assert "a_first" in (folder / "findings/index.html").read_text(encoding="utf-8")


def test_a_second_run_on_one_folder_says_so(project: Project):
    folder = project({"good": "held = 1"})
    plan = make_plan(Request())
    with journal.alone_in(folder / "findings"), pytest.raises(UsageError) as error:
        run_batch(plan, Settings(folder / "findings", 1))
    assert f"another run writes to this folder: process {os.getpid()} on" in str(error.value)
    assert run_batch(plan, Settings(folder / "findings", 1)).done == 1


def test_a_folder_that_cannot_be_made_is_told_plainly(project: Project):
    folder = project({"good": "held = 1"})
    (folder / "findings").write_text("a file", encoding="utf-8")
    with pytest.raises(DataError, match=r"cannot be written to: .*what is done is kept"):
        run_batch(make_plan(Request()), Settings(folder / "findings", 1))


@linux
def test_a_read_only_folder_is_told_plainly(project: Project):
    project({"good": "held = 1"})
    with pytest.raises(DataError, match=r"cannot be written to: .*what is done is kept"):
        run_batch(make_plan(Request()), Settings(Path("/sys/findings"), 1))  # no user, root neither, may write there


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_that_jumps_stops_no_notebook(project: Project, monkeypatch: pytest.MonkeyPatch, years: int):
    project({"good": "held = 1"})
    job = pool._Job(make_plan(Request()).runs[0], Worker(os.getpid(), None, lambda: 0, lives_on=False))  # type: ignore[arg-type]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + years * 365 * 86_400)
    assert pool._beyond(job, pool.Limits(1, seconds=60.0)) == ""
    assert 0 <= job.seconds < 60
    assert pool._beyond(job, pool.Limits(1, seconds=0.0)).startswith("The notebook did not end within 0 seconds")


def test_a_full_disk_ends_the_batch_and_leaves_nothing_half_written(project: Project, monkeypatch: pytest.MonkeyPatch):
    from evalkit.batch import worker
    from evalkit.batch.messages import NotStored, Task

    folder = project({"good": "held = 1"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    run = make_plan(Request()).runs[0]
    monkeypatch.setattr(worker, "_log_to", lambda _: None)
    monkeypatch.setattr(os, "fsync", full)
    (folder / "findings/internal/.batch").mkdir(parents=True)
    assert worker.work(Task(run, folder / "findings", "fork")) == NotStored("No space left on device")
    assert [f for f in (folder / "findings").rglob("*") if f.is_file()] == []


def test_a_damaged_page_is_made_again(project: Project):
    folder = project({"good": "held = 1"})
    plan, settings = make_plan(Request()), Settings(folder / "findings", 1)
    run_batch(plan, settings)
    page = folder / "findings/moz_savings/good.html"
    whole = page.read_bytes()
    page.write_bytes(whole[:100])
    assert run_batch(plan, settings).done == 1
    assert page.read_bytes() == whole
    assert run_batch(plan, settings).reused == 1


@pytest.mark.parametrize(
    ("n_runs", "wanted", "free", "workers"),
    [(100, 3, None, 3), (2, 3, None, 2), (100, None, 1 << 20, 1), (100, 5, 1 << 20, 5), (0, None, None, 1)],
)
def test_number_of_workers(n_runs: int, wanted: int | None, free: int | None, workers: int):
    assert workers_for(n_runs, wanted, free) == workers


def test_memory_is_shared_among_workers():
    assert memory_share(4, 1000) == 200
    assert memory_share(4, None) is None


@linux
def test_memory_and_family_of_a_process():
    code = "import subprocess, sys\nx = b'x' * 200_000_000\nsubprocess.run([sys.executable, '-c', 'input()'])"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    deadline = time.monotonic() + 10
    while len(family(process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(family(process.pid)) == 2
    assert held_bytes(process.pid) > 200_000_000
    process.communicate(b"\n")
    assert held_bytes(process.pid) == 0
