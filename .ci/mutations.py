"""What a mutant changes: one thing at a time in a module, by its syntax tree. `mutants.py` draws from these."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Sub,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}
"""Functions and methods, and what is called in their place."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be changed.

    ``node`` is its number in ``ast.walk`` of the module; ``lines`` are those of its statement, without what hangs on
    it; ``function`` is the innermost function around it, empty outside of any.
    """

    file: str
    node: int
    lines: tuple[int, int]
    function: str
    what: str
    becomes: str


def places(root: Path, file: str) -> Iterator[Place]:
    """Yield what can be changed in a file: not messages of errors, annotations, decorators, docstrings or imports."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    skipped = {id(n) for part in _words(tree) for n in ast.walk(part)}
    homes = dict(_homes(tree, tree.body[0], ""))
    for number, node in enumerate(ast.walk(tree)):
        new = None if id(node) in skipped else changed(node)
        if new is not None:
            statement, function = homes[id(node)]
            yield Place(file, number, _lines(statement), function, _text(node), _text(new))


def mutant(root: Path, place: Place) -> str:
    """Return the whole text of the file with the change."""
    tree = ast.parse((root / place.file).read_text(encoding="utf-8"))
    node = list(ast.walk(tree))[place.node]
    new = changed(node)

    class Swap(ast.NodeTransformer):
        def visit(self, old: ast.AST) -> ast.AST:
            return new if old is node and new is not None else super().generic_visit(old)

    return ast.unparse(ast.fix_missing_locations(Swap().visit(tree)))


def changed(node: ast.AST) -> ast.AST | None:
    """Return a node with one thing changed; None where there is nothing to change."""
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in SWAPPED:
            return ast.Compare(node.left, [SWAPPED[type(op)](), *rest], node.comparators)
        case ast.BinOp(op=op) if type(op) in SWAPPED:
            return ast.BinOp(node.left, SWAPPED[type(op)](), node.right)
        case ast.AugAssign(op=op) if type(op) in SWAPPED:
            return ast.AugAssign(node.target, SWAPPED[type(op)](), node.value)
        case ast.BoolOp():
            return ast.BoolOp(SWAPPED[type(node.op)](), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            return node.operand
        case ast.Call():
            return _called(node)
        case ast.Constant(value=bool()):
            return ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            return ast.Constant(node.value + 1)
    return _turned(node)


def _turned(node: ast.AST) -> ast.AST | None:
    """Return a condition turned round, or the first condition of a comprehension left out."""
    match node:
        case ast.IfExp():
            return ast.IfExp(node.test, node.orelse, node.body)
        case ast.If() | ast.While():
            return type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        case ast.comprehension(ifs=[_, *rest]):
            return ast.comprehension(node.target, node.iter, rest, node.is_async)
    return None


def _called(node: ast.Call) -> ast.AST | None:
    """Return a call of the opposite function or method."""
    match node.func:
        case ast.Name(id=name) if name in CALLED:
            return ast.Call(ast.Name(CALLED[name]), node.args, node.keywords)
        case ast.Attribute(attr=name) if name in CALLED:
            return ast.Call(ast.Attribute(node.func.value, CALLED[name]), node.args, node.keywords)
    return None


def _text(node: ast.AST) -> str:
    """Return the code of a node, of a condition without what hangs on it."""
    return ast.unparse(node.test if isinstance(node, ast.If | ast.While) else node).strip()


def _words(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what is for readers or for the type checker, and is no computation."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise() | ast.JoinedStr() | ast.Assert() | ast.Import() | ast.ImportFrom():
                yield node
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield node
            case ast.FunctionDef():
                yield from (a.annotation for a in ast.walk(node.args) if isinstance(a, ast.arg) and a.annotation)
                yield from [*node.decorator_list, *([node.returns] if node.returns else [])]
            case ast.ClassDef():
                yield from node.decorator_list
            case ast.AnnAssign():
                yield node.annotation


def _homes(node: ast.AST, statement: ast.stmt, function: str) -> Iterator[tuple[int, tuple[ast.stmt, str]]]:
    """Yield each node with the innermost statement and the innermost function around it."""
    for child in ast.iter_child_nodes(node):
        home = child if isinstance(child, ast.stmt) else statement
        name = child.name if isinstance(child, ast.FunctionDef) else function
        yield id(child), (home, name)
        yield from _homes(child, home, name)


def _lines(statement: ast.stmt) -> tuple[int, int]:
    body = getattr(statement, "body", None)
    last = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    return statement.lineno, max(statement.lineno, last)
