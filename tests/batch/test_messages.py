"""Messages between the command and its workers are JSON; a run with everything forbidden that pickles them works."""

from __future__ import annotations

import json
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.execute import Outcome
from evalkit.batch.messages import NotStored, Task, answer_bytes, answer_of, task_bytes, task_of
from evalkit.batch.plan import Run
from tests.batch.conftest import Project

VALUES = {
    "programme": "p",
    "indicator": '"); import os #\n',
    "label": "宿迁“电商”",
    "seed": 2**63,
    "large": "x" * 1_000_000,
}


def test_a_task_arrives_as_it_was_sent():
    run = Run("1", "p", Path("/a b"), "impact", Path("/n/x.ipynb"), VALUES, "p/x.html", False, "zh", "public", (10, 2))
    task = Task(run, Path("findings"), "fork")
    assert task_of(task_bytes(task)) == task


@pytest.mark.parametrize(
    "answer",
    [
        Outcome("failed", 0.5, "rows: “none”.", {"a.html": "00"}, {"headline": {"zh": "好"}}),
        Outcome("done", 1.25),
        NotStored("disk full"),
    ],
)
def test_an_answer_arrives_as_it_was_sent(answer: Outcome | NotStored):
    assert answer_of(answer_bytes(answer)) == answer


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError, match=r"utf-8|Expecting value"):
        answer_of(b"\x80\x04cposix\nsystem\n")


def test_a_batch_runs_where_nothing_may_be_pickled(project: Project, monkeypatch: pytest.MonkeyPatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("something was pickled")

    folder = project({"good": "held = 1"})
    monkeypatch.setattr(ForkingPickler, "dumps", never)
    monkeypatch.setattr(ForkingPickler, "loads", never)
    run_batch(make_plan(Request()), Settings(folder / "findings", 1))
    rows = json.loads((folder / "findings/run.json").read_text(encoding="utf-8"))["runs"]
    assert [(row["notebook"], row["state"]) for row in rows] == [("good", "done")]
