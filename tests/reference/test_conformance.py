"""The conformance matrix is whole: its tests exist, every estimator and method is held, and the page is as written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from evalkit.estimators.registry import ESTIMATORS, FROM_PANEL
from evalkit.inference.infer import METHODS
from tests.reference import matrix

TABLE = matrix.read()
EVERY = sorted({*ESTIMATORS, *FROM_PANEL})


@pytest.mark.parametrize("name", matrix.named_tests(TABLE))
def test_a_named_test_exists(name: str, root: Path) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    assert function in {f.name for f in tree.body if isinstance(f, ast.FunctionDef)}
    assert function.startswith("test_")


@pytest.mark.parametrize("name", [*EVERY, *sorted(METHODS)])
def test_another_program_or_a_published_number_holds_it(name: str) -> None:
    assert matrix.holders(TABLE, name)


@pytest.mark.parametrize("name", EVERY)
def test_a_naive_estimate_is_wrong_beside_it(name: str) -> None:
    assert name in TABLE["naive"]


@pytest.mark.parametrize("name", EVERY)
def test_its_cells_stand_in_the_matrix(name: str) -> None:
    """Without weights, covariates and with villages as clusters, each kind of rows is held from outside."""
    offered = TABLE["offers"][name]
    plain = {kind: matrix.cell(TABLE, name, "none", kind, False, "village") for kind in offered["rows"]}
    alone = {kind: matrix.cell(TABLE, name, "none", kind, False, "household") for kind in offered["rows"]}
    with_x = {kind: matrix.cell(TABLE, name, "none", kind, offered["covariates"], "village") for kind in plain}
    assert any(found not in ("", "open") for found in [*plain.values(), *alone.values(), *with_x.values()])


def test_cells_say_what_is_open_and_what_does_not_exist() -> None:
    table = {
        "offers": {"a": {"weights": ["none"], "rows": ["cross"], "covariates": False}},
        "held": [
            {"what": ["b"], "kind": "package"},
            {
                "what": ["a"],
                "kind": "package",
                "weights": ["none"],
                "rows": ["cross"],
                "covariates": [False],
                "clusters": ["village"],
            },
        ],
    }
    assert matrix.cell(table, "a", "none", "cross", False, "village") == "2"
    assert matrix.cell(table, "a", "none", "cross", False, "household") == "open"
    assert matrix.cell(table, "a", "none", "balanced", False, "village") == ""
    assert matrix.cell(table, "a", "none", "cross", True, "village") == ""


def test_the_page_is_as_the_command_writes_it() -> None:
    """`python -m tests.reference.matrix` after a change of conformance.toml."""
    assert matrix.PAGE.read_text(encoding="utf-8") == matrix.page(TABLE)
