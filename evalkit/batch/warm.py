"""Warming: what a process does once, so that every notebook run in it or forked from it finds it done.

polars may be imported before a fork, but not used: its worker threads are not there in a child, and the first query
waits for them for ever. `require_forkable` looks at the threads of the process before each fork and refuses loudly.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import re
from importlib import import_module
from pathlib import Path

from evalkit.cache import code_hash
from evalkit.errors import UsageError

LIBRARIES = (
    "IPython.core.interactiveshell",
    "nbformat.v4",
    "papermill",
    "plotly.graph_objects",
    "plotly.io",
    "polars",
    "scipy.stats",
    "statsmodels.api",
    "xlsxwriter",
)
LEFT_OUT = (
    "evalkit.__main__",
    "evalkit.simulate",
    "evalkit.cli",
    "evalkit.cluster",
    "evalkit.commands",
    "evalkit.batch.cluster",
    "evalkit.batch.fork_parent",
)
TASKS = Path("/proc/self/task")
HARMLESS = re.compile(r"jemalloc_bg_thd")
"""Threads that may come at any time: the allocator makes them anew in a child."""
WORKERS = re.compile(r"polars-\d+|tokio|async-exec|rayon")


def warm() -> frozenset[str]:
    """Import what notebooks use, make the page exporter; return the threads that imports alone have started."""
    for name in LIBRARIES:
        import_module(name)
    import evalkit

    for module in pkgutil.walk_packages(evalkit.__path__, "evalkit."):
        if not module.name.startswith(LEFT_OUT):
            import_module(module.name)
    threads = frozenset(_threads())
    code_hash()
    _run_nothing()
    return threads


def freeze() -> None:
    """Let the garbage collector leave alone what is there: pages of memory stay shared with the children."""
    gc.collect()
    gc.freeze()


def require_forkable(threads: frozenset[str]) -> None:
    """Refuse to fork where polars has run, or any thread has been started since the imports.

    Raises
    ------
    UsageError
        A child could wait for ever for a thread that it does not have.
    """
    names = _threads()
    new = sorted({n for t, n in names.items() if WORKERS.match(n) or (t not in threads and not HARMLESS.fullmatch(n))})
    if new:
        raise UsageError(
            "the process from which notebooks are forked",
            f"it runs threads: {', '.join(new)}",
            "a parent that imports, but never runs a polars query and starts no threads",
            "do not compute when a module is imported; meanwhile: --engine papermill",
        )


def _threads() -> dict[str, str]:
    """Return the names of this process's threads by their number; empty where the system doesn't tell."""
    found = {}
    for task in TASKS.iterdir() if TASKS.is_dir() else ():
        found[task.name] = (task / "comm").read_text(encoding="utf-8").strip()
    return found


def _run_nothing() -> None:
    """Run a cell, draw a figure and make a page without content: what libraries load when first used is then there."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    from evalkit.batch.cell import execute_cell
    from evalkit.batch.shell import notebook_shell
    from evalkit.report.figures import Axes, Series, plot
    from evalkit.report.page import Page, render

    plot([Series("", [0], [0], low=[0], high=[0])], Axes("", "", marks=(0,)))
    names = {"zh": "", "en": ""}
    page = Page(names, names, "", "", "", "", simulated=False, internal=False)  # type: ignore[arg-type]
    code = new_code_cell("from IPython.display import HTML\nHTML('<p></p>')")  # type: ignore[no-untyped-call]
    with notebook_shell() as shell:
        execute_cell(shell, code)
    render(new_notebook(cells=[new_markdown_cell("## "), code]), page)  # type: ignore[no-untyped-call]


def die_with_parent() -> None:
    """Ask Linux to kill this process when the one that started it ends, however it ends."""
    import ctypes
    import signal
    import sys

    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
