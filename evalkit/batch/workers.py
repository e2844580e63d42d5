"""Where workers come from: forked from a warm parent on Linux, spawned afresh elsewhere."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from evalkit.batch.kernel import environment
from evalkit.batch.machine import family
from evalkit.batch.worker import serve
from evalkit.errors import DataError, UsageError

FORK, WAIT = b"fork", b"wait "
"""What the parent is asked: to fork a worker with the connection that comes along; for the status of one that ended."""
LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process: its connection, how to learn its exit status, and whether it takes a second run."""

    pid: int
    connection: Connection
    wait: Callable[[], int | None]
    lives_on: bool

    def end(self) -> int | None:
        """Kill the process with all that it started; return its exit status (negative: the signal)."""
        for pid in reversed(family(self.pid)):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self.connection.close()
        return self.wait()


Hire = Callable[[], Worker]


def can_fork() -> bool:
    """Whether workers are forked: on Linux; macOS has it, too, but its own libraries do not survive it."""
    return sys.platform == "linux"


@contextmanager
def source_of_workers(workers: int, *, fork: bool) -> Iterator[Hire]:
    """Return a function that hires a worker."""
    if not fork:
        yield lambda: _spawned(workers)
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-P", "-m", "evalkit.batch.fork_parent", str(theirs.fileno())]
    with (
        ours,
        subprocess.Popen(
            command,
            env={**os.environ, **environment(workers)},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        ) as parent,
    ):
        theirs.close()
        try:
            _answer(ours)
            forks = _Parent(ours)
            yield lambda: _forked(forks)
        finally:
            parent.kill()


@dataclass(frozen=True, slots=True)
class _Parent:
    """The process that forks; it is asked one thing at a time, whichever thread asks."""

    channel: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, request: bytes, *handles: int) -> dict[str, Any]:
        with self.lock:
            socket.send_fds(self.channel, [request], handles)
            return _answer(self.channel)


def _forked(parent: _Parent) -> Worker:
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        pid = int(parent.ask(FORK, theirs.fileno())["pid"])

    def wait() -> int | None:
        return int(parent.ask(WAIT + str(pid).encode())["status"])

    return Worker(pid, ours, wait, lives_on=False)


def _spawned(workers: int) -> Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_spawned, args=(theirs, workers), daemon=True)
    process.start()
    theirs.close()

    def wait() -> int | None:
        process.join()
        return process.exitcode

    return Worker(process.pid or 0, ours, wait, lives_on=True)


def _serve_spawned(connection: Connection, workers: int) -> None:
    os.environ.update(environment(workers))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(connection)


def _answer(parent: socket.socket) -> dict[str, Any]:
    """Return the parent's next answer.

    Raises
    ------
    UsageError
        It refuses to fork.
    DataError
        It has ended.
    """
    try:
        content = parent.recv(LONGEST)
    except ConnectionError:
        content = b""
    if not content:
        raise DataError(
            "the process from which notebooks are forked",
            "it has ended",
            "a process that stays",
            "run the same command again: what is done is kept; its messages stand above",
        )
    answer: dict[str, Any] = json.loads(content)
    if "error" in answer:
        raise UsageError(*answer["error"])
    return answer
