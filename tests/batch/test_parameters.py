"""Parameters are checked by name, type and value, and the message names the nearest right one."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evalkit.batch.parameters import check, declared_in, problems
from evalkit.errors import PlanError

DECLARED = {"programme": str, "indicator": str}
GIVEN = {"programme": "moz_savings", "indicator": "saved_q4"}


def shell(**names: object) -> dict[str, object]:
    """Return what globals() holds in a notebook after its parameters cell."""
    return {"__annotations__": DECLARED, "_": 1, "In": [], "exit": object(), "math": math, **GIVEN, **names}


@pytest.fixture(autouse=True)
def _in_project(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root / "notebooks")


def test_right_parameters_give_the_programme():
    given = check(shell())
    assert (given.programme.id, given.values) == ("moz_savings", GIVEN)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"indicater": "saved_q4"}, "'indicater' is not a parameter (nearest: 'indicator')"),
        ({"indicator": 4}, "indicator = 4 is int, needed is str"),
        ({"indicator": "saved_q5"}, "'saved_q5' is not in the plan (nearest: 'saved_q"),
        ({"programme": "moz_saving"}, "'moz_saving' is unknown (nearest: 'moz_savings')"),
    ],
)
def test_wrong_parameters_name_the_nearest(names: dict, message: str):
    with pytest.raises(PlanError) as error:
        check(shell(**names))
    assert message in str(error.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(PlanError) as error:
        check(shell(programm="x", indicator=True))
    assert "(1)" in str(error.value)
    assert "(2)" in str(error.value)


def test_a_renamed_declaration_is_noticed():
    names = {
        "__annotations__": {"programme": str, "indicater": str},
        "programme": "moz_savings",
        "indicater": "saved_q4",
    }
    with pytest.raises(PlanError, match="'indicater' is declared, but not known"):
        check(names)


def test_truth_values_are_no_numbers_and_whole_numbers_are():
    assert problems({"a": int}, {"a": True}) == ["a = True is bool, needed is int"]
    assert problems({"a": float}, {"a": 1}) == []


def notebook(file: Path, source: str) -> Path:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
    file.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return file


def test_declaration_is_read_from_the_notebook(tmp_path: Path):
    assert declared_in(notebook(tmp_path / "a.ipynb", 'programme: str = "x"  # why\nseed: int = 1')) == {
        "programme": str,
        "seed": int,
    }


@pytest.mark.parametrize("source", ["seed = 1", "seed: list = []", "seed: int ="])
def test_declaration_without_a_type_is_refused(tmp_path: Path, source: str):
    with pytest.raises(PlanError, match=r"a\.ipynb"):
        declared_in(notebook(tmp_path / "a.ipynb", source))
