"""What the command and its workers tell each other: JSON over a pipe, never pickle, so that no message can run code."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from evalkit.batch.execute import Outcome
from evalkit.batch.plan import Run


@dataclass(frozen=True, slots=True)
class Task:
    """A run, the findings folder, and the engine."""

    run: Run
    out: Path
    engine: str


@dataclass(frozen=True, slots=True)
class NotStored:
    """The findings folder cannot be written to, for the system's reason: no run can go on."""

    reason: str


def task_bytes(task: Task) -> bytes:
    """Return a task as it is sent to a worker."""
    return json.dumps(asdict(task), default=str).encode()


def task_of(message: bytes) -> Task:
    """Return the task that was sent."""
    values = json.loads(message)
    run = values["run"]
    places = {name: Path(run[name]) for name in ("folder", "file")}
    return Task(Run(**{**run, **places, "limits": tuple(run["limits"])}), Path(values["out"]), values["engine"])


def answer_bytes(answer: Outcome | NotStored) -> bytes:
    """Return what became of a task as a worker sends it."""
    return json.dumps(asdict(answer)).encode()


def answer_of(message: bytes) -> Outcome | NotStored:
    """Return what was answered."""
    values = json.loads(message)
    return Outcome(**values) if "state" in values else NotStored(**values)
