"""One run in a worker: execute the notebook, write page, notebook and numbers, say how it went."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalkit.batch.engines import Executed, engine_named
from evalkit.batch.pages import page_of
from evalkit.batch.places import DATA
from evalkit.batch.plan import Run
from evalkit.batch.store import write_whole
from evalkit.programme import load
from evalkit.report.block import FINDING_MIME, SUMMARY_MIME
from evalkit.report.page import Failure, Page, render, render_failure

KNOWN_ERRORS = ("DataError", "DesignError", "PlanError", "UsageError")
LONGEST = 600
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went: state, wall seconds, the plain reason of a failure, its files with their hashes, its summary."""

    state: str
    seconds: float
    error: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)


def execute(run: Run, out: Path, engine: str) -> Outcome:
    """Execute one run and write its files below `out`."""
    start = time.perf_counter()
    os.environ[DATA] = str(run.folder.parent)
    executed = engine_named(engine)(run)
    _tell(executed)
    page = page_of(
        run,
        load(run.folder),
        has_json=_found(executed, FINDING_MIME) is not None,
        has_notebook=executed.notebook is not None,
    )
    if executed.error is None:
        files = _write(run, out, executed, render(executed.notebook, page))
        return Outcome("done", time.perf_counter() - start, None, files, _found(executed, SUMMARY_MIME) or {})
    reason = failure_of(*executed.error)
    files = _write(run, out, executed, render_failure(page, reason))
    return Outcome("failed", time.perf_counter() - start, reason.reason, files)


def record_failure(run: Run, out: Path, reason: str, seconds: float = 0.0) -> Outcome:
    """Write the page of a run whose worker was lost."""
    page: Page = page_of(run, load(run.folder), has_json=False, has_notebook=False)
    return Outcome("failed", seconds, reason, _write(run, out, Executed(None), render_failure(page, Failure(reason))))


def failure_of(name: str, message: str) -> Failure:
    """Split an evalkit error into its parts; any other is told by kind and message."""
    if name not in KNOWN_ERRORS:
        return Failure(f"{name}: {message}"[:LONGEST])
    rest, _, todo = message.partition(" What to do: ")
    reason, _, needed = rest.partition(" Needed: ")
    return Failure(reason, needed, todo)


def _write(run: Run, out: Path, executed: Executed, html: str) -> dict[str, str]:
    """Write numbers, notebook and page, in this order: a page never points to what isn't there. Return their hashes."""
    finding = _found(executed, FINDING_MIME) if executed.error is None else None
    files: dict[str, str] = {}
    if finding is not None:
        files[".json"] = json.dumps(finding, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    if executed.notebook is not None:
        import nbformat

        files[".ipynb"] = nbformat.writes(executed.notebook)  # type: ignore[no-untyped-call]
    files[".html"] = html
    contents = {f"{run.stem}{ending}": content.encode() for ending, content in files.items()}
    for name, content in contents.items():
        write_whole(out / name, content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _tell(executed: Executed) -> None:
    """Print what the notebook printed, and the traceback that ended it: the worker's output is the run's log."""
    for cell in [] if executed.notebook is None else executed.notebook.cells:
        for output in cell.get("outputs", []):
            lines = output.get("text", "") if output.output_type == "stream" else "\n".join(output.get("traceback", []))
            print(COLOUR.sub("", lines), end="" if lines.endswith("\n") or not lines else "\n")
    if executed.error is not None:
        print(": ".join(executed.error))


def _found(executed: Executed, mime: str) -> Any:
    """Return the first output of a mime type, or None."""
    cells = [] if executed.notebook is None else executed.notebook.cells
    outputs = [o for cell in cells for o in cell.get("outputs", []) if mime in o.get("data", {})]
    return outputs[0]["data"][mime] if outputs else None
