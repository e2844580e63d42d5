"""Habits of the house that no linter checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

MOST_LINES = 300
MOST_FUNCTION_LINES = 40
UNFINISHED = re.compile(r"\bstub\b|\bTODO\b(?! ?[=\[])|\bFIXME\b|\bXXX\b|NotImplemented")
IMPORT_NAMES = {
    "IPython": "ipykernel",
    "adbc_driver_postgresql": "adbc-driver-postgresql",
    "opencc": "opencc-python-reimplemented",
    "nbclient": "nbconvert",
    "jupyter_client": "ipykernel",
    "traitlets": "ipykernel",
}


def modules(root: Path) -> list[Path]:
    return sorted((root / "evalkit").rglob("*.py"))


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without those of its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    return function.end_lineno - function.lineno + 1 - (len(docstring.splitlines()) if docstring else 0)


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_files_stay_short(root: Path):
    lengths = {p.relative_to(root).as_posix(): len(p.read_text(encoding="utf-8").splitlines()) for p in modules(root)}
    assert {p: n for p, n in lengths.items() if n > MOST_LINES} == {}


def test_functions_stay_short(root: Path):
    lengths = {f"{p.relative_to(root)}:{f.name}": code_lines(f) for p in modules(root) for f in functions(p)}
    assert {name: n for name, n in lengths.items() if n > MOST_FUNCTION_LINES} == {}


def test_docstring_lines_are_not_counted():
    function = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n').body[0]
    assert code_lines(function) == 2


def test_nothing_is_left_unfinished(root: Path):
    found = {
        f"{p.relative_to(root)}:{i}"
        for p in modules(root)
        for i, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    }
    assert found == set()


@pytest.mark.parametrize(
    ("line", "is_found"), [("# TODO: later", True), ("a stub", True), ("TODO = {", False), ("TODO[rule]", False)]
)
def test_unfinished_knows_a_name_from_a_note(line: str, is_found: bool):
    assert bool(UNFINISHED.search(line)) is is_found


def test_third_party_imports_are_declared(root: Path):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"]]
    for extra in ("cluster", "discontinuity", "postgres", "suggest"):
        declared += project["optional-dependencies"][extra]
    known = {re.match(r"[\w-]+", d).group() for d in declared} | {"evalkit"} | set(sys.stdlib_module_names)
    used = {name for p in modules(root) for name in imported(p)}
    assert {IMPORT_NAMES.get(name, name) for name in used} - known == set()


def imported(file: Path) -> set[str]:
    """Top-level names that a file imports anywhere."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return {name.split(".")[0] for name in plain | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}}


def test_layers_hold(root: Path):
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_import_loads_nothing_heavy(root: Path):
    heavy = ["statsmodels", "plotly", "papermill", "nbconvert", "pydantic", "polars", "pandas", "scipy"]
    code = f"import sys, evalkit; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
