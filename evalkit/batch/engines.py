"""Engines: how a notebook is executed. Each takes a Run and gives the executed notebook, or what went wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.batch.plan import Run
from evalkit.errors import UsageError, nearest

HIDDEN_METADATA = ("papermill",)


@dataclass(frozen=True, slots=True)
class Executed:
    """An executed notebook (an nbformat node, None where there is none); ``error`` is name and message, or None."""

    notebook: Any
    error: tuple[str, str] | None = None


def papermill_engine(run: Run) -> Executed:
    """Execute a notebook with papermill's own engine in a kernel of this interpreter."""
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from evalkit.batch.kernel import LANGUAGE, NAME, ThisInterpreter

    with tempfile.TemporaryDirectory(prefix="evalkit-") as folder:
        output = Path(folder) / "executed.ipynb"
        options = {
            "kernel_name": NAME,
            "language": LANGUAGE,
            "kernel_manager_class": ThisInterpreter,
            "progress_bar": False,
            "cwd": str(run.file.parent),
        }
        try:
            papermill.execute_notebook(str(run.file), str(output), parameters=dict(run.parameters), **options)
            error = None
        except PapermillExecutionError as failure:
            error = (failure.ename, failure.evalue)
        except Exception as failure:  # a kernel can die in many ways; the others must go on
            error = (type(failure).__name__, str(failure))
        notebook = nbformat.read(output, as_version=4) if output.is_file() else None  # type: ignore[no-untyped-call]
    return Executed(without_traces(notebook), error)


def without_traces(notebook: Any) -> Any:
    """Remove what an engine leaves in a notebook: paths and times of this machine."""
    if notebook is None:
        return None
    for holder in (notebook, *notebook.cells):
        for name in HIDDEN_METADATA:
            holder.metadata.pop(name, None)
        holder.metadata.pop("execution", None)
    return notebook


ENGINES: dict[str, Callable[[Run], Executed]] = {"papermill": papermill_engine}


def engine_named(name: str) -> Callable[[Run], Executed]:
    """Return an engine; raise UsageError naming the nearest where it is unknown."""
    if name not in ENGINES:
        raise UsageError(
            "--engine", f"{name!r} is unknown ({nearest(name, ENGINES)})", "a known engine", "correct the name"
        )
    return ENGINES[name]
