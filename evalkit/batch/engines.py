"""Engines: how papermill executes a notebook's cells: in the worker's own process, or in a kernel of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.batch.plan import Run
from evalkit.errors import UsageError, nearest

HIDDEN_METADATA = ("papermill",)
IN_PROCESS = "evalkit"
"""What our engine is called, here and in the entry point of pyproject.toml."""
ADDED = ("injected-parameters", "papermill-error-cell-tag")
"""Tags of the cells that papermill adds; it gives them names drawn at random."""


@dataclass(frozen=True, slots=True)
class Executed:
    """An executed notebook (an nbformat node, None where there is none); ``error`` is name and message, or None."""

    notebook: Any
    error: tuple[str, str] | None = None


def fork_engine(run: Run) -> Executed:
    """Execute a notebook in this process, which was made for it; no file is written on the way."""
    keep: list[Any] = []
    error = _execute(run, None, {"engine_name": engine_known(), "keep": keep})
    return Executed(without_traces(keep[0]) if keep else None, error)


def engine_known() -> str:
    """Return the name of our engine, made known to papermill also where evalkit runs without being installed."""
    from papermill.engines import papermill_engines

    from evalkit.batch.inprocess import InProcessEngine

    papermill_engines.register(IN_PROCESS, InProcessEngine)
    return IN_PROCESS


def papermill_engine(run: Run) -> Executed:
    """Execute a notebook with papermill's own engine in a kernel of this interpreter."""
    import nbformat

    from evalkit.batch.kernel import ThisInterpreter

    with tempfile.TemporaryDirectory(prefix="evalkit-") as folder:
        output = Path(folder) / "executed.ipynb"
        error = _execute(run, str(output), {"kernel_manager_class": ThisInterpreter})
        notebook = nbformat.read(output, as_version=4) if output.is_file() else None  # type: ignore[no-untyped-call]
    return Executed(without_traces(notebook), error)


def _execute(run: Run, output: str | None, options: dict[str, Any]) -> tuple[str, str] | None:
    """Let papermill load, parameterize and execute a notebook; return the error that ended it."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from evalkit.batch.kernel import LANGUAGE, NAME

    options |= {"kernel_name": NAME, "language": LANGUAGE, "progress_bar": False, "cwd": str(run.file.parent)}
    try:
        papermill.execute_notebook(str(run.file), output, parameters=dict(run.parameters), **options)
    except PapermillExecutionError as failure:
        return failure.ename, failure.evalue
    except Exception as failure:  # a kernel can die in many ways; the others must go on
        return type(failure).__name__, str(failure)
    return None


def without_traces(notebook: Any) -> Any:
    """Remove what an engine leaves in a notebook: paths and times of this machine, names drawn at random."""
    if notebook is None:
        return None
    for holder in (notebook, *notebook.cells):
        for name in HIDDEN_METADATA:
            holder.metadata.pop(name, None)
        holder.metadata.pop("execution", None)
    for number, cell in enumerate(notebook.cells):
        if any(tag in ADDED for tag in cell.metadata.get("tags", [])):
            cell["id"] = f"added-{number}"
    return notebook


ENGINES: dict[str, Callable[[Run], Executed]] = {"fork": fork_engine, "papermill": papermill_engine}


def engine_named(name: str) -> Callable[[Run], Executed]:
    """Return an engine; raise UsageError naming the nearest where it is unknown."""
    if name not in ENGINES:
        raise UsageError(
            "--engine", f"{name!r} is unknown ({nearest(name, ENGINES)})", "a known engine", "correct the name"
        )
    return ENGINES[name]
