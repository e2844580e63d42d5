"""The conformance matrix: `python -m tests.reference.matrix` writes docs/conformance.md from conformance.toml."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"
WEIGHTS = {"none": "no weights", "household": "one a household", "round": "by round"}
CLUSTERS = {"village": "village", "household": "one household"}
KINDS = {"package": "another program", "published": "published", "rows": "rows, in the test"}
Table = dict[str, Any]


def read() -> Table:
    """Return conformance.toml as it stands."""
    return tomllib.loads((HERE / "conformance.toml").read_text(encoding="utf-8"))


def named_tests(table: Table) -> list[str]:
    """Return every test that the matrix names, once, in order."""
    found = [h["test"] for h in table["held"]] + list(table["naive"].values())
    found += [t for d in table["defect"] for t in d["tests"]]
    return list(dict.fromkeys(found))


def holders(table: Table, what: str) -> list[tuple[int, Table]]:
    """Return the numbered rows that hold an estimator or method by another program or a published number."""
    rows = enumerate(table["held"], 1)
    return [(n, h) for n, h in rows if what in h["what"] and h["kind"] in ("package", "published")]


def cell(table: Table, what: str, weights: str, rows: str, covariates: bool, clusters: str) -> str:
    """Return the numbers of what holds one cell; "open" where nothing does, "" where the estimator has no such cell."""
    offered = table["offers"][what]
    if weights not in offered["weights"] or rows not in offered["rows"] or (covariates and not offered["covariates"]):
        return ""
    asked = {"weights": weights, "rows": rows, "covariates": covariates, "clusters": clusters}
    numbers = [n for n, h in holders(table, what) if all(v in h[k] for k, v in asked.items())]
    return ", ".join(map(str, numbers)) or "open"


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    table = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return [*table, *(f"| {' | '.join(r)} |" for r in rows), ""]


def _cells(table: Table) -> list[str]:
    columns = [(w, c) for w in WEIGHTS for c in CLUSTERS]
    head = ["estimator", "rows", "covariates", *(f"{WEIGHTS[w]}; {CLUSTERS[c]}" for w, c in columns)]
    rows = [
        [f"`{what}`", kind, "yes" if x else "no", *(cell(table, what, w, kind, x, c) for w, c in columns)]
        for what, offered in table["offers"].items()
        for kind in offered["rows"]
        for x in ([False, True] if offered["covariates"] else [False])
    ]
    return _lines(head, rows)


def _held(table: Table) -> list[str]:
    rows = [
        [str(n), ", ".join(f"`{w}`" for w in h["what"]), h["by"], KINDS[h["kind"]], h["within"], f"`{h['test']}`"]
        for n, h in enumerate(table["held"], 1)
    ]
    return _lines(["", "holds", "by", "kind", "within, and why", "test"], rows)


def page(table: Table) -> str:
    """Return docs/conformance.md."""
    naive = [[f"`{name}`", f"`{test}`"] for name, test in table["naive"].items()]
    defects = [[d["peer"], ", ".join(f"`{t}`" for t in d["tests"])] for d in table["defect"]]
    lines = [
        "# What holds the numbers",
        "",
        "Written by `python -m tests.reference.matrix` from `tests/reference/conformance.toml`; do not edit. A test",
        "fails where this page has drifted, where a test named here is gone, or where an estimator or a method of",
        "inference is held by neither another program nor a published number.",
        "",
        "## Estimator × weights × rows × covariates × clusters",
        "",
        "Numbers are the rows of the next table; *open* says that nothing but this project's own tests from rows holds",
        "the cell; empty cells do not exist (the estimator refuses them). Columns: the weight; what the clusters are.",
        "",
        *_cells(table),
        "## By what",
        "",
        *_held(table),
        "## A naive estimate is wrong and this one is right",
        "",
        *_lines(["estimator", "test"], naive),
        "## Where peers are wrong",
        "",
        *_lines(["defect", "test in which evalkit is right"], defects),
    ]
    return "\n".join(lines)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(read()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
