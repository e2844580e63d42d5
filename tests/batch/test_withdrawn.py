"""A page of an earlier run does not outlive the plan's change to internal, or to a higher threshold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.batch import Request, journal, make_plan
from evalkit.batch.withdrawn import withdraw
from tests.batch.conftest import Project, notebook

PAGE = "moz_savings/impact-has_loan.html"
ANOTHER = Request(("moz_savings",), ("saved_q4",))
Change = Callable[[str], str]


def _internal(text: str) -> str:
    return text.replace('"public"', '"internal"')


def _strict(text: str) -> str:
    return re.sub(r"(?m)^min_households = .*$", "min_households = 20", text)


@pytest.mark.parametrize(
    ("change", "limits", "stays"),
    [
        (str, [1, 2], True),
        (_internal, [20, 20], False),
        (_strict, [20, 2], True),
        (_strict, [10, 2], False),
        (_strict, None, False),
    ],
)
def test_a_kept_page_is_public_by_the_limits_of_today(
    project: Project, change: Change, limits: list[int] | None, stays: bool
):
    """The run is asked for another indicator; the page of this one was made by an earlier run, under other limits."""
    folder = project({})
    notebook(folder / "notebooks", "impact", "1", 'programme: str = "x"\nindicator: str = "y"')
    toml = folder / "data_raw/moz_savings/programme.toml"
    text = toml.read_text(encoding="utf-8")
    assert change is str or change(text) != text
    toml.write_text(change(text), encoding="utf-8")
    out, row = folder / "findings", _row(limits)
    with journal.alone_in(out):
        journal.enter(out, [row])
        _write(out, row)
        assert withdraw(make_plan(ANOTHER), out, [row]) == ([row] if stays else [])
    assert (out / PAGE).exists() is stays
    assert (PAGE in journal.read(out)) is stays


def _row(limits: list[int] | None) -> dict[str, object]:
    about = {"programme": "moz_savings", "notebook": "impact", "parameters": {"programme": "moz_savings"}}
    return {**about, "id": "1", "state": "done", "page": PAGE, "internal": False, "files": [PAGE], "limits": limits}


def _write(out: Path, row: dict[str, object]) -> None:
    (out / PAGE).parent.mkdir(parents=True)
    (out / PAGE).write_text(json.dumps(row), encoding="utf-8")


def test_the_public_twin_of_a_page_that_is_internal_now_goes(project: Project):
    folder = project({})
    notebook(folder / "notebooks", "impact", "1", 'programme: str = "x"\nindicator: str = "y"')
    twin = _row([1, 1]) | {"parameters": {"programme": "moz_savings", "indicator": "saved_q4"}}
    out = folder / "findings"
    with journal.alone_in(out):
        _write(out, twin)
        plan = make_plan(Request(("moz_savings",), ("saved_q4",), audience="internal"))
        assert [run.page for run in plan.runs] == ["internal/moz_savings/impact-saved_q4.html"]
        assert withdraw(plan, out, [twin]) == []
    assert not (out / PAGE).exists()
