"""The commands that look at the tests themselves: what a mutant changes, which tests it gets, how the page counts."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

CODE = '''\
"""Words with 1 and 2."""
LIMIT = 3


def f(x: int = 4, *, is_odd: bool = False) -> int:
    """More words."""
    if x > LIMIT and not is_odd:
        raise ValueError(f"above {LIMIT + 1}")
    return min(
        x,
        5,
    )
'''


@pytest.fixture(scope="module")
def modules(root: Path) -> Iterator[dict[str, ModuleType]]:
    names = ("reached", "mutations", "mutant_page", "mutants")
    sys.path.insert(0, str(root / ".ci"))
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(root / ".ci"))
    for name in names:
        del sys.modules[name]


@pytest.fixture
def found(modules: dict[str, ModuleType], tmp_path: Path) -> list:
    (tmp_path / "m.py").write_text(CODE, encoding="utf-8")
    return list(modules["mutations"].places(tmp_path, "m.py"))


def test_numbers_conditions_operators_and_calls_are_changed_but_no_words(found: list):
    assert {(p.what, p.becomes) for p in found} == {
        ("3", "4"),
        ("4", "5"),
        ("False", "True"),
        ("x > LIMIT and (not is_odd)", "not (x > LIMIT and (not is_odd))"),
        ("x > LIMIT and (not is_odd)", "x > LIMIT or not is_odd"),
        ("x > LIMIT", "x >= LIMIT"),
        ("not is_odd", "is_odd"),
        ("min(x, 5)", "max(x, 5)"),
        ("5", "6"),
    }


def test_a_change_knows_its_function_and_the_lines_of_its_statement(found: list):
    by_change = {(p.what, p.becomes): (p.function, p.lines) for p in found}
    assert by_change["3", "4"] == ("", (2, 2))
    assert by_change["x > LIMIT", "x >= LIMIT"] == ("f", (7, 7))
    assert by_change["5", "6"] == ("f", (9, 12))


def test_a_mutant_differs_in_one_place(modules: dict[str, ModuleType], found: list, tmp_path: Path):
    before = ast.unparse(ast.parse(CODE)).splitlines()
    for place in found:
        after = modules["mutations"].mutant(tmp_path, place).splitlines()
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_sample_is_the_same_for_a_seed_and_holds_every_file(modules: dict[str, ModuleType], root: Path):
    drawn, possible = modules["mutants"].sample(root, 60, 1)
    assert drawn == modules["mutants"].sample(root, 60, 1)[0]
    assert drawn != modules["mutants"].sample(root, 60, 2)[0]
    assert {p.file for p in drawn} == {file for file, n in possible.items() if n}
    assert sum(p.file == modules["mutants"].WHOLE for p in drawn) == possible[modules["mutants"].WHOLE]


def test_the_quickest_test_of_a_line_comes_first_then_the_rest_of_its_file(modules: dict[str, ModuleType]):
    """A constant is carried out on import, in no test or in one that imports: all that reach its file are asked."""
    lines = {"m.py": {1: {"", "v.py::d"}, 2: {"", "v.py::d"}, 7: {"", "t.py::slow", "t.py::quick"}, 9: {"u.py::c"}}}
    seconds = {"t.py::slow": 2.0, "t.py::quick": 0.1, "t.py::other": 0.2, "u.py::c": 1.0, "v.py::d": 1.0}
    known = modules["reached"].Reached(lines, seconds)
    assert known.tests_of("m.py", (7, 7)) == ["t.py::quick", "t.py::slow", "t.py::other"]
    assert known.tests_of("m.py", (2, 2))[0] == "t.py::quick"
    assert set(known.tests_of("m.py", (2, 2))) == {*seconds}
    assert known.tests_of("m.py", (8, 8)) == []


TRY = """\
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import mutants, mutations
here = pathlib.Path(sys.argv[2])
mutants.preload()
for place in mutations.places(here, "m.py"):
    if place.what not in ("3", "5", "min(x, 5)"):
        continue
    tests = [] if place.what == "3" else ["test_m.py::test_f"]
    print(place.what, place.becomes, mutants.run(here, place, tests, 0.1), sep=" | ")
(here / "test_m.py").write_text("def test_f():\\n    while True:\\n        pass\\n", encoding="utf-8")
print("for", "ever", mutants.as_it_stands(here, ["test_m.py"], 2), sep=" | ")
try:
    mutants.as_it_stands(here / "nowhere", ["test_m.py"], 60)
except SystemExit as error:
    print("apart", "apart", error, sep=" | ")
"""


def test_a_mutant_is_killed_by_the_test_that_sees_it(root: Path, tmp_path: Path):
    """In a process of its own: this one may have threads, and mutants are tried in forks."""
    (tmp_path / "m.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "test_m.py").write_text("from m import f\n\ndef test_f():\n    assert f(2) == 2\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n', encoding="utf-8")
    command = [sys.executable, "-c", TRY, str(root / ".ci"), str(tmp_path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    states = {tuple(line.split(" | ")[:2]): line.split(" | ")[2] for line in lines}
    assert states["min(x, 5)", "max(x, 5)"] == "killed"
    assert states["5", "6"] == "survived"
    assert states["3", "4"] == "unreached"
    assert states["for", "ever"] == "slow"
    assert "could not be run" in states["apart", "apart"]
    assert (tmp_path / "m.py").read_text(encoding="utf-8") == CODE


def test_the_interval_is_wilson_s(modules: dict[str, ModuleType]):
    """81 in 263: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17, table I, method 3)."""
    low, high = modules["mutant_page"].wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_the_page_counts_and_asks_for_a_look(modules: dict[str, ModuleType]):
    one = {"file": "evalkit/moments/a.py", "function": "f", "what": "a | b", "becomes": "a & b"}
    parts = [{**one, "file": f"{p}a.py" if p.endswith("/") else p} for p in modules["reached"].PARTS]
    results = [*({**r, "state": "killed"} for r in parts), {**one, "state": "survived"}]
    reasons = {("evalkit/moments/a.py", "f", "a | b", "a & b"): "both are the same here"}
    possible = {r["file"]: 7 for r in parts}
    text = modules["mutant_page"].page(results, possible, 5, 1, reasons)
    assert "| `evalkit/moments` | 7 | 2 | 1 | 50.0% |" in text
    assert "| `moments/a.py` | `f` | `a \\| b` | `a & b` | both are the same here |" in text
    assert "to be looked at" in modules["mutant_page"].page(results, possible, 5, 1, {})
