"""The errors that evalkit raises: each says where, what was found, what is needed and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

MAX_LISTED = 5
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that move a terminal's cursor, name its window, or turn the direction of the text that follows."""


class EvalkitError(Exception):
    """Base of every error that evalkit raises on purpose.

    Parameters
    ----------
    where : str
        File, column, parameter or step at fault.
    found : str
        What was found there, with counts and keys.
    needed : str
        What would be right.
    todo : str
        What the person can do next.
    """

    def __init__(self, where: str, found: str, needed: str = "", todo: str = "") -> None:
        where, found, needed, todo = (visible(text) for text in (where, found, needed, todo))
        self.where, self.found, self.needed, self.todo = where, found, needed, todo
        parts = [f"{where}: {found.rstrip('.')}."]
        parts += [f"Needed: {needed.rstrip('.')}."] if needed else []
        parts += [f"What to do: {todo.rstrip('.')}."] if todo else []
        super().__init__(" ".join(parts))

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in place of the chain of calls: its parts, a line each."""
        parts = (("found", self.found), ("needed", self.needed), ("what to do", self.todo))
        return [f"{type(self).__name__}: {self.where}", *(f"  {name}: {text}" for name, text in parts if text)]

    def __reduce__(self) -> tuple[type[EvalkitError], tuple[str, str, str, str]]:
        """Let the error travel between worker processes."""
        return type(self), (self.where, self.found, self.needed, self.todo)


class DataError(EvalkitError):
    """The rows or files do not allow the work: exit status 1."""


class DesignError(EvalkitError):
    """The design (who is treated, when, in which villages) does not allow the estimate: exit status 1."""


class PlanError(EvalkitError):
    """programme.toml, a codebook or the parameters of a notebook are wrong: exit status 1."""


class UsageError(EvalkitError):
    """A call or a command line is wrong: exit status 2."""


def visible(text: str) -> str:
    """Return a text whose control characters are seen, written as their number, and do nothing."""
    return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ``"; nearest: 'x'"`` for the name closest to `name`, or the first few names there are."""
    known = [str(n) for n in names]
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"nearest: {close[0]!r}"
    return f"there are: {listed(known)}" if known else "there are none"


def listed(values: Iterable[object], most: int = MAX_LISTED) -> str:
    """Return the first few values as text, and how many more there are."""
    items = [str(v) for v in values]
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
