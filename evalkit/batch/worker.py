"""A worker process: takes runs from a connection, carries them out, enters each in the journal once it is stored."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from evalkit.batch import journal
from evalkit.batch.execute import Outcome, execute
from evalkit.batch.manifest import row_of
from evalkit.batch.messages import NotStored, Task, answer_bytes, task_of

OOM_SCORE = Path("/proc/self/oom_score_adj")
FIRST_TO_GO = "800"


def serve(connection: Connection) -> None:
    """Carry out tasks until the connection is closed."""
    _be_first_to_go()
    with suppress(EOFError, OSError):
        while True:
            connection.send_bytes(answer_bytes(work(task_of(connection.recv_bytes()))))


def work(task: Task) -> Outcome | NotStored:
    """Carry out one task; its output goes to the run's log."""
    try:
        _log_to(log_of(task.out, task.run.page))
        print(f"{task.run.programme} {task.run.notebook} {dict(task.run.parameters)}, engine {task.engine}", flush=True)
        outcome = execute(task.run, task.out, task.engine)
        journal.enter(task.out, [row_of(task.run, outcome)])
    except OSError as error:
        traceback.print_exc()
        return NotStored(error.strerror or str(error))
    except Exception as error:  # whatever one run meets, the others go on and its page says why
        traceback.print_exc()
        told = f"{type(error).__name__}: {error}" if task.run.internal else type(error).__name__
        return Outcome("failed", 0.0, told)
    print(f"{outcome.state} after {outcome.seconds:.2f} s", flush=True)
    return outcome


def log_of(out: Path, page: str) -> Path:
    """Return where the log of a page's run stands."""
    return out / journal.FOLDER / journal.LOGS / f"{page.removesuffix('.html')}.log"


def _log_to(file: Path) -> None:
    """Let this process and all that it starts write to a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    sys.stdout.flush()
    sys.stderr.flush()
    for standard in (1, 2):
        os.dup2(handle, standard)
    os.close(handle)


def _be_first_to_go() -> None:
    """Where memory runs out, let the system end this process and not the one that keeps order."""
    with suppress(OSError):
        OOM_SCORE.write_text(FIRST_TO_GO, encoding="ascii")
