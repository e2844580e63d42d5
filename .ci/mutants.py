"""Mutation testing on a sample: `python .ci/mutants.py --sample 40 --seed 1` changes one thing at a time and runs the tests.

The sample is drawn from all changes possible in moments, estimators, inference and disclosure: a comparison turned, a sign
or an operator exchanged, a number one larger, `and` for `or`, a `not` left out. A change that no test notices survives
and is listed, for a person to look at. Runs in a clone of the last commit; writes benchmarks/results/mutants.md.
"""

from __future__ import annotations

import argparse
import ast
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "mutants.md"
PARTS = ("evalkit/moments", "evalkit/estimators", "evalkit/inference", "evalkit/report/disclosure.py")
SLOWEST = 600
"""Seconds after which the tests of a mutant have not ended: an endless loop was noticed."""
SWAPPED: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be changed: the file, the number of the node in it, its line, and what is there."""

    file: Path
    node: int
    line: int
    what: str


def places(file: Path) -> Iterator[Place]:
    """Yield what can be changed in a file: not messages of errors, annotations, docstrings or imports."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    skipped = {id(n) for part in _words(tree) for n in ast.walk(part)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in skipped and _changed(node) is not None:
            yield Place(file, number, node.lineno, ast.unparse(node))  # type: ignore[attr-defined]


def _words(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.JoinedStr):
            yield node
        if isinstance(node, ast.FunctionDef):
            yield from [a.annotation for a in node.args.args + node.args.kwonlyargs if a.annotation is not None]
            yield from [node.returns] if node.returns is not None else []
        if isinstance(node, ast.AnnAssign):
            yield node.annotation


def _changed(node: ast.AST) -> ast.AST | None:
    """Return a node with one thing changed; None where there is nothing to change."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
        return ast.Compare(node.left, [SWAPPED[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
        return ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right)
    if isinstance(node, ast.BoolOp):
        return ast.BoolOp(SWAPPED[type(node.op)](), node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        return node.operand
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return ast.Constant(node.value + 1)
    return None


def mutant(place: Place) -> tuple[str, str]:
    """Return the whole text of the file with the change, and what stands there now."""
    tree = ast.parse((ROOT / place.file).read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[place.node]
    new = _changed(node)

    class Swap(ast.NodeTransformer):
        def visit(self, old: ast.AST) -> ast.AST:
            return new if old is node and new is not None else super().generic_visit(old)

    return ast.unparse(ast.fix_missing_locations(Swap().visit(tree))), ast.unparse(new or node)


def tests_of(place: Place) -> list[list[str]]:
    """Return the tests to run, the nearest first; what they let pass goes on to the next."""
    folder = place.file.parts[1]
    if folder == "report":
        return [["tests/report/test_disclosure.py"], ["tests/report/test_disclosure_mutations.py", "tests/report"]]
    own = [str(p.relative_to(ROOT)) for p in (ROOT / "tests" / folder).glob(f"test_{place.file.stem}*.py")]
    near = ["tests/estimators/test_by_hand.py", "tests/estimators/test_against_dense.py"]
    return [[*own, *near], [f"tests/{folder}", "tests/estimators", "tests/inference"], ["tests/reference"]]


def is_killed(place: Place, clone: Path) -> bool:
    """Whether a test fails, or does not end, with the change."""
    file = clone / place.file
    before = file.read_text(encoding="utf-8")
    file.write_text(mutant(place)[0], encoding="utf-8")
    try:
        return any(_fails(tests, clone) for tests in tests_of(place))
    finally:
        file.write_text(before, encoding="utf-8")


def _fails(tests: list[str], clone: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=clone, capture_output=True, timeout=SLOWEST, check=False)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def page(sample: list[Place], survivors: list[Place], n_all: int, seed: int) -> str:
    """Return the result."""
    killed = len(sample) - len(survivors)
    lines = [
        "# Mutants: a sample",
        "",
        f"`python .ci/mutants.py --sample {len(sample)} --seed {seed}`, Python {platform.python_version()}. **A sample**:",
        f"{len(sample)} of the {n_all} changes possible in {', '.join(f'`{p}`' for p in PARTS)}.",
        f"Tests noticed {killed} of {len(sample)}, {100 * killed / len(sample):.0f} %.",
        "",
        "| what no test noticed | line | is | became |",
        "|---|---:|---|---|",
    ]
    lines += [f"| `{p.file}` | {p.line} | `{p.what}` | `{mutant(p)[1]}` |" for p in survivors]
    return "\n".join([*lines, ""]).replace("||", "\\|\\|")


def main() -> int:
    """Draw, run, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    files = sorted(
        f.relative_to(ROOT) for p in PARTS for f in ((ROOT / p).rglob("*.py") if (ROOT / p).is_dir() else [ROOT / p])
    )
    every = [place for file in files for place in places(file)]
    sample = random.Random(given.seed).sample(every, given.sample)
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "evalkit"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for n, place in enumerate(sample, 1):
            killed = is_killed(place, clone)
            survivors += [] if killed else [place]
            print(
                f"{n}/{len(sample)} {place.file}:{place.line} {place.what!r}: {'killed' if killed else 'SURVIVED'}",
                flush=True,
            )
    RESULT.write_text(page(sample, survivors, len(every), given.seed), encoding="utf-8")
    print(f"{len(sample) - len(survivors)} of {len(sample)} killed: {RESULT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
