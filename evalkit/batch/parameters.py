"""Parameters of a notebook: declared in its tagged cell with types, checked before and inside a run.

A parameters cell declares ``name: type = default``; the annotations are the declaration, so that a notebook needs
no registration anywhere and can tell in any front end which names were given to it that it does not know.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from evalkit.batch.places import find_programme
from evalkit.batch.villages import villages
from evalkit.errors import EvalkitError, PlanError, nearest
from evalkit.programme import Programme

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
HOUSE = ("programme", "indicator", "village", "seed")
"""Names with a meaning: programme, indicator and village are looked up."""
TAG = "parameters"
SHELL = frozenset({"In", "Out", "get_ipython", "exit", "quit", "open", "display"})


@dataclass(frozen=True, slots=True)
class Given:
    """The checked parameters of a notebook: the loaded programme, and all values by name."""

    programme: Programme
    values: Mapping[str, Any]


def check(names: Mapping[str, Any]) -> Given:
    """Check a notebook's own parameters: call it with ``globals()`` in the first cell after them.

    Raises
    ------
    PlanError
        A name was given that the notebook does not declare, a value has the wrong type, or there is no such programme,
        indicator or village. All problems are told at once, each with the nearest right name.
    """
    declared = dict(names.get("__annotations__", {}))
    given = {n: v for n, v in names.items() if n in declared or _is_value(n, v)}
    found = [*problems(declared, given), *_renamed(declared)]
    found += [] if found else values_problems(given)
    raise_all("parameters of this notebook", found)
    return Given(find_programme(given["programme"]), {n: given[n] for n in declared})


def declared_in(notebook: Path) -> dict[str, type]:
    """Return names and types that a notebook's parameters cell declares; empty without such a cell.

    Raises
    ------
    PlanError
        The file isn't a notebook, or the cell has a declaration without a known type.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(c["source"]) for c in cells if TAG in c["metadata"].get("tags", [])]
        body = [node for source in sources for node in ast.parse(source).body]
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        raise PlanError(
            notebook.name, f"it cannot be read as a notebook ({error})", "a notebook file", "repair or remove the file"
        ) from error
    return dict(_declaration(node, notebook.name) for node in body)


def problems(declared: Mapping[str, type], given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with given values by name and type, one sentence each."""
    found = [f"{name!r} is not a parameter ({nearest(name, declared)})" for name in given if name not in declared]
    for name, wanted in declared.items():
        if name in given and not _fits(given[name], wanted):
            found.append(f"{name} = {given[name]!r} is {type(given[name]).__name__}, needed is {wanted.__name__}")
    return found


def values_problems(given: Mapping[str, Any]) -> list[str]:
    """Return which of programme, indicator and village do not exist, each with the nearest that does."""
    try:
        programme = find_programme(given["programme"])
        if "indicator" in given:
            programme.indicator(given["indicator"])
        if "village" in given:
            _require_village(programme, given["village"])
    except EvalkitError as error:
        return [str(error)]
    return []


def raise_all(where: str, found: list[str]) -> None:
    """Raise one PlanError that tells all problems; nothing where there are none."""
    if found:
        listed = "; ".join(f"({n}) {text}" for n, text in enumerate(found, 1)) if len(found) > 1 else found[0]
        raise PlanError(where, listed, "the parameters that the notebook declares", "correct each of them")


def _require_village(programme: Programme, village: str) -> None:
    known = villages(programme)
    if village not in known:
        raise PlanError(
            f"{programme.id}, village",
            f"{village!r} is unknown ({nearest(village, known)})",
            "a village of the data",
            "correct the name",
        )


def _declaration(node: ast.stmt, where: str) -> tuple[str, type]:
    if (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.annotation, ast.Name)
        and node.annotation.id in TYPES
    ):
        return node.target.id, TYPES[node.annotation.id]
    raise PlanError(
        where,
        f"its parameters cell has {ast.unparse(node)!r}",
        "lines of the form name: type = value, with str, int, float or bool",
        "state the type",
    )


def _is_value(name: str, value: Any) -> bool:
    """Whether a global is a value that somebody gave, and not part of the shell or an import."""
    return not name.startswith("_") and name not in SHELL and not isinstance(value, (ModuleType, FunctionType, type))


def _fits(value: Any, wanted: type) -> bool:
    if isinstance(value, bool):
        return wanted is bool
    return isinstance(value, wanted) or (wanted is float and isinstance(value, int))


def _renamed(declared: Mapping[str, type]) -> list[str]:
    """Return declarations that look like a misspelt house name."""
    absent = [n for n in HOUSE if n not in declared]
    near = {n: get_close_matches(n, absent, n=1, cutoff=0.7) for n in declared if n not in HOUSE}
    found = [f"{n!r} is declared, but not known ({nearest(n, absent)})" for n, close in near.items() if close]
    return found if found or "programme" in declared else ["no parameter 'programme' is declared"]
