"""How far long work has come, in JupyterLab and on a terminal; silent elsewhere, in the batch and in files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, TypeVar

T = TypeVar("T")
QUIET = "EVALKIT_QUIET"
"""Environment variable: show nothing. The batch sets it, so that pages hold no bar."""


def follow(items: Sequence[T], name: Callable[[T], str]) -> Iterator[T]:
    """Yield the items and show, before each, which one is at work and how many are done."""
    show = _shower()
    for done, item in enumerate(items):
        show(done, len(items), name(item))
        yield item
    show(len(items), len(items), "")


def _shower() -> Callable[[int, int, str], None]:
    if os.environ.get(QUIET):
        return _silent
    if _in_jupyter():
        return _bar()
    return _line if sys.stderr.isatty() else _silent


def _in_jupyter() -> bool:
    """Whether the code runs in a kernel that a front end shows."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def _bar() -> Callable[[int, int, str], None]:
    """Return what shows a bar in the notebook and changes it in place; it goes when the work is done."""
    from IPython.display import HTML, display

    handle: Any = display(HTML(""), display_id=True)  # type: ignore[no-untyped-call]

    def show(done: int, total: int, name: str) -> None:
        text = f'<progress value="{done}" max="{total}"></progress> {done}/{total} {escape(name)}'
        handle.update(HTML(text if done < total else ""))  # type: ignore[no-untyped-call]

    return show


def _line(done: int, total: int, name: str) -> None:
    sys.stderr.write(f"\r\x1b[K{f'{done}/{total} {name}' if done < total else ''}")
    sys.stderr.flush()


def _silent(done: int, total: int, name: str) -> None:
    """Show nothing."""
