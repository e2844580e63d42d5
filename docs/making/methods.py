"""One page a method: docs/methods.toml, the docstring, worked numbers that are computed, and what holds the method."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from docs.making.stage import ROOT
from docs.making.worked import worked
from evalkit.report.wording import WORDS
from tests.reference.matrix import KINDS
from tests.reference.matrix import read as read_matrix

Method = dict[str, Any]
GROUPS = {
    "estimator": "Estimators",
    "inference": "Intervals and p-values",
    "several outcomes": "Several outcomes",
    "check": "What stands behind an estimate",
}


def read() -> dict[str, Method]:
    """Return the methods by name, in the order of the pages."""
    return tomllib.loads((ROOT / "docs" / "methods.toml").read_text(encoding="utf-8"))


def index() -> str:
    """Return the list of all methods, one line each."""
    parts = ["# Methods", "", "One page each. Numbers on them are computed when the pages are built.", ""]
    methods = read()
    for kind, title in GROUPS.items():
        rows = [f"| [`{name}`]({name}.md) | {m['asks']} |" for name, m in methods.items() if m["kind"] == kind]
        parts += [f"## {title}", "", "| | answers |", "|---|---|", *rows, ""]
    return "\n".join([*parts, "```{toctree}\n:hidden:\n", *methods, "```", ""])


def page_of(name: str) -> Callable[[], str]:
    """Return what makes the page of one method."""
    return lambda: page(name, read()[name])


def page(name: str, method: Method) -> str:
    """Return the page of one method."""
    chinese = WORDS["zh"].estimators.get(name, "")
    parts = [f"# {name} {chinese}".rstrip(), "", method["asks"], "", method["zh"], ""]
    formula = method["formula"]
    parts += ["## Formula", "", formula if "](" in formula else f"```text\n{formula}\n```", ""]
    parts += ["## What it assumes", "", *(f"- {line}" for line in method["assumes"]), ""]
    parts += ["## When it breaks", "", *(f"- {line}" for line in method["breaks"]), ""]
    parts += ["## Worked numbers", "", worked(method["data"], method["code"]), ""]
    parts += ["## Source", "", method["source"], ""]
    parts += ["## Who checked it", "", *checked(name), ""]
    parts += ["## Call", "", f"```{{eval-rst}}\n.. autofunction:: {method['at']}\n   :no-index:\n```", ""]
    return "\n".join(parts)


def checked(name: str) -> list[str]:
    """Return what holds a method, from tests/reference/conformance.toml."""
    table = read_matrix()
    rows = [
        f"| {held['by']} | {KINDS[held['kind']]} | {held['within']} | `{held['test']}` |"
        for held in table["held"]
        if name in held["what"]
    ]
    if not rows:
        return ["The [conformance matrix](../../conformance.md) has no such name; this project's own tests hold it."]
    lines = ["| by | kind | within, and why | test |", "|---|---|---|---|", *rows, ""]
    if name in table["naive"]:
        lines += [f"A naive estimate is wrong and this one is right: `{table['naive'][name]}`.", ""]
    return [*lines, "All of them, and the cells that nothing holds: [the conformance matrix](../../conformance.md)."]
