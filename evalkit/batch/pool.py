"""The pool: hands runs to workers, watches time and memory, and tells what becomes of each run.

Whatever a worker does, its run ends: with its own outcome, at a limit, or with the reason for which the process went.
Time is measured by the monotonic clock, so that a clock that is set does not matter.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from signal import Signals

from evalkit.batch.execute import Outcome
from evalkit.batch.machine import held_bytes
from evalkit.batch.messages import NotStored, Task, answer_of, task_bytes
from evalkit.batch.plan import Run
from evalkit.batch.workers import Hire, Worker
from evalkit.errors import DataError

LOOK_EVERY = 0.2
KILLED = -9
LOST = "The process that ran the notebook was ended from outside, perhaps for want of memory."
CRASHED = "The process that ran the notebook crashed ({how}): a fault in a library that it uses, not in its own code."
TOO_LONG = "The notebook did not end within {seconds:g} seconds and was stopped. More time: --time-limit."
TOO_LARGE = "The notebook took more than {gigabytes:.2g} GB of memory and was stopped. More memory: --memory-limit."


@dataclass(frozen=True, slots=True)
class Limits:
    """How many runs go on at once, and the wall seconds and bytes that one may take; None = no limit."""

    workers: int
    seconds: float | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A run that has started."""

    run: Run


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended: with its outcome, or lost for a reason."""

    run: Run
    outcome: Outcome | None
    reason: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class _Job:
    run: Run
    worker: Worker
    start: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start


def carry_out(runs: Sequence[Run], hire: Hire, limits: Limits, out: Path, engine: str) -> Iterator[Started | Ended]:
    """Yield each run as it starts and ends; a worker killed from outside has its run tried once more.

    Raises
    ------
    DataError
        The findings folder cannot be written to.
    """
    waiting, again = deque(runs), set[str]()
    busy: dict[Connection, _Job] = {}
    idle: list[Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < limits.workers:
                job = _start(waiting.popleft(), idle.pop() if idle else hire(), out, engine)
                busy[job.worker.connection] = job
                yield Started(job.run)
            for ended in _ended(busy, idle, limits):
                if ended.reason == LOST and ended.run.page not in again:
                    again.add(ended.run.page)
                    waiting.append(ended.run)
                else:
                    yield ended
    finally:
        for worker in [*idle, *(job.worker for job in busy.values())]:
            worker.end()


def _start(run: Run, worker: Worker, out: Path, engine: str) -> _Job:
    try:
        worker.connection.send_bytes(task_bytes(Task(run, out, engine)))
    except OSError:  # it has died already: the connection's end will tell
        return _Job(run, worker)
    return _Job(run, worker)


def _ended(busy: dict[Connection, _Job], idle: list[Worker], limits: Limits) -> Iterator[Ended]:
    """Wait a moment, and yield what has ended by itself or must end."""
    for connection in wait(list(busy), timeout=LOOK_EVERY):
        job = busy.pop(connection)  # type: ignore[call-overload]
        yield _received(job, idle)
    for connection, job in list(busy.items()):
        reason = _beyond(job, limits)
        if reason:
            del busy[connection]
            job.worker.end()
            yield Ended(job.run, None, reason, job.seconds)


def _received(job: _Job, idle: list[Worker]) -> Ended:
    try:
        answer = answer_of(job.worker.connection.recv_bytes())
    except (EOFError, OSError):
        return Ended(job.run, None, _why(job.worker.end()), job.seconds)
    if job.worker.lives_on:
        idle.append(job.worker)
    else:
        job.worker.end()
    if isinstance(answer, NotStored):
        raise not_stored(answer.reason)
    return Ended(job.run, answer, seconds=job.seconds)


def not_stored(reason: str) -> DataError:
    """Return the error of a findings folder that cannot be written to."""
    return DataError(
        "the findings folder",
        f"it cannot be written to: {reason}",
        "a folder with space that may be written to",
        "make room or correct the rights, and run the same command again: what is done is kept",
    )


def _why(status: int | None) -> str:
    if status is None or status in (KILLED, -15):
        return LOST
    return CRASHED.format(how=Signals(-status).name if status < 0 else f"exit status {status}")


def _beyond(job: _Job, limits: Limits) -> str:
    if limits.seconds is not None and job.seconds > limits.seconds:
        return TOO_LONG.format(seconds=limits.seconds)
    if limits.bytes is not None and held_bytes(job.worker.pid) > limits.bytes:
        return TOO_LARGE.format(gigabytes=limits.bytes / 1e9)
    return ""
