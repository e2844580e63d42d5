"""ARCHITECTURE.md walks one number from a raw cell to the page: each function named is called after the one before."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType

import pytest

import evalkit
from evalkit import report


def walk(text: str) -> list[tuple[str, str]]:
    """Return module and function of each step."""
    block = re.search(r"^```walk\n(.*?)^```", text, re.MULTILINE | re.DOTALL).group(1)
    return [tuple(line.split()[:2]) for line in block.splitlines()]


@pytest.fixture
def steps(root: Path) -> list[tuple[str, str]]:
    return walk((root / "ARCHITECTURE.md").read_text(encoding="utf-8"))


@pytest.fixture
def called(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list) -> list[tuple[str, str]]:
    """Return the calls of the walk's functions as the income of suqian_ecommerce makes them, each as it is called."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    package, meant = f"{root / 'evalkit'}/", {name for _, name in steps}
    seen: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_qualname in meant:
            seen.append((frame.f_code.co_filename.removeprefix(package), frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        programme = evalkit.load(root / "data_raw" / "suqian_ecommerce")
        report.statement(evalkit.evaluate(programme, indicator="disposable_income_pc_yuan"))
    finally:
        sys.setprofile(before)
    return seen


def first_not_reached(steps: list[tuple[str, str]], called: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Return the first step that is not called after the step before it; None where all are."""
    calls = iter(called)
    return next((step for step in steps if step not in calls), None)


def test_each_step_is_called_after_the_one_before(steps: list[tuple[str, str]], called: list[tuple[str, str]]):
    assert first_not_reached(steps, called) is None
    assert len(steps) > 20


def test_a_step_out_of_its_order_is_seen():
    calls = [("m", "a"), ("m", "b"), ("m", "a"), ("m", "c")]
    assert first_not_reached([("m", "b"), ("m", "a"), ("m", "c")], calls) is None
    assert first_not_reached([("m", "c"), ("m", "b")], calls) == ("m", "b")


def test_a_walk_is_read_by_module_and_function():
    assert walk("```walk\na/b.py  f  what\nc.py  G.h  why so\n```\n") == [("a/b.py", "f"), ("c.py", "G.h")]
