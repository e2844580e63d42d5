"""A cluster of separate processes: the same findings as on one machine, a killed worker's runs done again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from evalkit import Design, Moments, cluster
from evalkit.batch import Request, Settings, journal, make_plan, run_batch
from evalkit.cli import main
from evalkit.errors import DataError, PlanError, UsageError
from evalkit.moments.on_cluster import moments_on_cluster
from evalkit.moments.partition import moments_of_files
from tests.batch.conftest import Project
from tests.small_panels import village_panel

CODE = """
import os, pathlib, time
from evalkit.report.block import FINDING_MIME, Block
started = pathlib.Path(os.environ["STARTED"])
with started.open("a") as file:
    file.write(f"{NAME} {os.getppid()}\\n")
time.sleep(0.5)
%%
Block("<p>made</p>", {FINDING_MIME: {"name": NAME, "value": len(NAME) / 7}})
"""
NAMES = [f"work_{i}" for i in range(6)]
SMALL = {name: f'NAME = "{name}"\n{CODE.strip()}' for name in NAMES}
SMALL["broken"] = "raise ValueError('not this one')"
SMALL["crash"] = "import ctypes\nctypes.string_at(0)"


@pytest.fixture(scope="module")
def folder(project: Project) -> Iterator[Path]:
    folder = project(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STARTED", str(folder / "started"))
        yield folder


@pytest.fixture(scope="module")
def machines(folder: Path) -> Iterator[LocalCluster]:
    """Two workers, each a process of its own with one thread, as on two machines that hold the same folder."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as found:
        yield found


def numbers(out: Path) -> dict[str, bytes]:
    return {f.relative_to(out).as_posix(): f.read_bytes() for f in out.rglob("work_*.*") if f.suffix != ".log"}


def kill_when_started(started: Path, killed: list[str]) -> None:
    """Kill the worker that runs the first notebook, while it runs: its parent's parent."""
    deadline = time.monotonic() + 60
    while not (started.is_file() and started.read_text(encoding="utf-8").endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    name, forks = started.read_text(encoding="utf-8").split()[:2]
    worker = Path(f"/proc/{forks}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
    os.kill(int(worker), signal.SIGKILL)
    killed.append(name)


def test_a_killed_worker_s_runs_are_done_again_and_all_is_as_on_one_machine(machines: LocalCluster, folder: Path):
    plan, killed = make_plan(Request(audience="internal")), []
    killer = threading.Thread(target=kill_when_started, args=(folder / "started", killed))
    killer.start()
    out = folder / "findings"
    result = run_batch(plan, Settings(out, seconds=60, cluster=machines.scheduler_address))
    killer.join()

    ran = [line.split()[0] for line in (folder / "started").read_text(encoding="utf-8").splitlines()]
    assert len(killed) == 1
    assert sorted(ran) == sorted([*NAMES, *killed])  # what the killed worker had is done again, nothing else
    assert (result.done, result.failed, result.reused) == (len(NAMES), 2, 0)
    rows = {row["notebook"]: row for row in journal.read(out).values()}
    assert "not this one" in rows["broken"]["error"]
    assert "crashed (SIGSEGV)" in rows["crash"]["error"]
    assert (
        (out / "internal/.batch/logs/internal/moz_savings/broken.log").read_text(encoding="utf-8").count("ValueError")
    )
    assert list(out.rglob(".*.tmp")) == []

    quiet = folder / "quiet"
    assert run_batch(plan, Settings(quiet, 2, seconds=60)).done == len(NAMES)
    assert numbers(out) == numbers(quiet)
    again = run_batch(plan, Settings(out, seconds=60, cluster=machines.scheduler_address, only_failed=True))
    assert (again.done, again.reused) == (0, len(NAMES))


def test_moments_of_partitioned_files_are_those_of_one_machine(machines: LocalCluster, tmp_path: Path):
    frame = village_panel(8, [2, 3, 0, 0, 2, 3, 0, 0], households=20, rounds=4, missing=0.15)
    for r in range(1, 5):
        frame.filter(pl.col("round") == r).write_parquet(tmp_path / f"{r}.parquet")
    design = Design(unit="household", cluster="village", time="round", first_treated="first")
    files, how = sorted(tmp_path.glob("*.parquet")), {"design": design, "outcomes": ["y"], "rows_at_once": 100}
    here = moments_of_files(files, **how).write(tmp_path / "here")
    there = moments_on_cluster(machines.scheduler_address, files[::-1], **how).write(tmp_path / "there")
    assert here.read_bytes() == there.read_bytes()

    columns = ["--unit", "household", "--cluster", "village", "--time", "round", "--first-treated", "first"]
    out = tmp_path / "command.parquet"
    command = ["moments", *map(str, files), "--outcome", "y", *columns, "--cluster-address", machines.scheduler_address]
    result = CliRunner().invoke(main, [*command, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert Moments.read(out).parts[0].n_rows == frame.height
    moved = frame.with_columns(village=pl.when(pl.col("round") == 4).then(pl.lit("v0")).otherwise("village"))
    moved.write_parquet(tmp_path / "moved.parquet")
    n = moved.group_by("household").agg(pl.col("village").n_unique()).filter(pl.col("village") > 1).height
    with pytest.raises(DataError, match=f"it changes within {n} units"):
        moments_on_cluster(machines.scheduler_address, [tmp_path / "moved.parquet"], **how)


def test_other_versions_are_refused_at_the_door(machines: LocalCluster, monkeypatch: pytest.MonkeyPatch):
    theirs = {**cluster.installed(), "evalkit": "0.0.9", "polars": "0.1.0"}
    monkeypatch.setattr(cluster, "installed", lambda: theirs)
    cluster.fingerprint.cache_clear()
    told = r"2 of 2 workers run something else than this one: tcp\S+: evalkit \S+, here 0.0.9, polars \S+, here 0.1.0"
    try:
        with pytest.raises(PlanError, match=told), cluster.connected(machines.scheduler_address):
            pass
    finally:
        cluster.fingerprint.cache_clear()


def test_another_notebook_on_a_worker_is_refused(machines: LocalCluster, folder: Path):
    plan = make_plan(Request(audience="internal"))
    for run in plan.runs:
        run.file.write_text(run.file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(DataError, match=r"worker tcp\S+: the raw files of moz_savings or the notebook"):
        run_batch(plan, Settings(folder / "other", seconds=60, cluster=machines.scheduler_address))


def test_no_scheduler_is_told_plainly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    told = r"no scheduler answers at tcp://127.0.0.1:9"
    with pytest.raises(UsageError, match=told), cluster.connected("tcp://127.0.0.1:9"):
        pass
