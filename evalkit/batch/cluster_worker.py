"""What a worker of a Dask cluster does with a run: checks that it is the same here, executes it, sends the files back.

The worker's own process runs no notebook: it keeps one process from which notebooks are forked, as a batch on one
machine does, so that limits of time and memory, crashes and leaks are those of the notebook's process alone.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from evalkit.batch.execute import Outcome
from evalkit.batch.machine import free_bytes, memory_share
from evalkit.batch.places import data_folder, notebook_folder
from evalkit.batch.plan import Run, identity, inputs_of
from evalkit.batch.pool import Ended, Limits, carry_out
from evalkit.batch.worker import log_of
from evalkit.batch.workers import Hire, can_fork, source_of_workers
from evalkit.cluster import difference
from evalkit.errors import DataError, PlanError, UsageError
from evalkit.programme import FILE_NAME, load

PATIENCE = 120.0
"""Seconds that the process from which notebooks are forked may take to import everything."""


@dataclass(frozen=True, slots=True)
class Order:
    """A run, its limits, the engine, and the versions of who sends it."""

    run: Run
    limits: Limits
    engine: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What comes back: the outcome with its files' contents, or the reason why the process went; and the run's log."""

    outcome: Outcome | None
    reason: str
    seconds: float
    contents: Mapping[str, bytes] = field(default_factory=dict)
    log: bytes = b""


def carry(order: Order) -> Parcel:
    """Carry out a run on this machine.

    Raises
    ------
    PlanError
        This worker, which may have joined later than the others, has other versions.
    DataError
        The notebook or the programme's raw files are others here.
    """
    told = difference(order.versions)
    if told:
        raise PlanError(f"worker {_name()}", f"it runs something else: {told}", "one lock", "start it again from there")
    run, n_threads = here(order.run), _threads()
    limits = replace(order.limits, workers=1, bytes=order.limits.bytes or memory_share(n_threads, free_bytes()))
    with tempfile.TemporaryDirectory(prefix="evalkit-") as folder:
        out = Path(folder)
        events = list(carry_out([run], _home(n_threads).hire, limits, out, order.engine))
        ended = next(event for event in events if isinstance(event, Ended))
        log = log_of(out, run.page)
        files = ended.outcome.files if ended.outcome is not None else ()
        contents = {name: (out / name).read_bytes() for name in files}
        return Parcel(ended.outcome, ended.reason, ended.seconds, contents, log.read_bytes() if log.is_file() else b"")


def here(run: Run) -> Run:
    """Return a run with its programme and notebook as they stand on this machine, refused where they are others."""
    folder, file = data_folder() / run.folder.name, notebook_folder() / run.file.name
    missing = [str(p) for p in (folder / FILE_NAME, file) if not p.is_file()]
    if missing:
        raise DataError(
            f"worker {_name()}",
            f"there is no {missing[0]}",
            "the project's folder with its raw files on each machine",
            "copy it there and start the worker in it",
        )
    inputs = inputs_of(load(folder), file, [])
    found = identity(file, run.parameters, inputs, run.lang, run.audience, internal=run.internal)
    if found != run.id:
        raise DataError(
            f"worker {_name()}",
            f"the raw files of {run.programme} or the notebook {run.notebook} are not those that were planned with",
            "the same files on each machine",
            "copy data_raw/ and notebooks/ there again, and run the same command: what is done is kept",
        )
    return replace(run, folder=folder, file=file)


class _Home:
    """The process that forks on this machine, kept by a thread of its own.

    Linux ends a process that asked for it when the *thread* that started it ends, and Dask's threads come and go.
    """

    def __init__(self, n_threads: int) -> None:
        self._ready, self._error = threading.Event(), None
        threading.Thread(target=self._keep, args=(n_threads,), daemon=True, name="evalkit-fork").start()
        if not self._ready.wait(PATIENCE):
            raise DataError(f"worker {_name()}", "its process for notebooks does not start", "a start", "see its log")
        if self._error is not None:
            raise self._error

    hire: Hire
    _error: Exception | None

    def _keep(self, n_threads: int) -> None:
        try:
            with source_of_workers(n_threads, fork=True) as self.hire:
                self._ready.set()
                threading.Event().wait()
        except Exception as error:
            self._error = error
            self._ready.set()


@cache
def _kept(n_threads: int) -> _Home:
    return _Home(n_threads)


_ONE_AT_A_TIME = threading.Lock()


def _home(n_threads: int) -> _Home:
    """Return this process's one home; two threads that ask at once wait for the same."""
    if not can_fork():
        raise UsageError("--cluster", "this worker's system does not fork", "workers on Linux", "use --shard there")
    with _ONE_AT_A_TIME:
        return _kept(n_threads)


def _threads() -> int:
    from distributed import get_worker

    return int(get_worker().state.nthreads)


def _name() -> str:
    from distributed import get_worker

    try:
        return str(get_worker().address)
    except ValueError:
        return "here"
