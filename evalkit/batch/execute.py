"""One run in a worker: execute the notebook, write page, notebook and numbers, say how it went."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evalkit import evaluated
from evalkit.batch import journal
from evalkit.batch.engines import Executed, engine_named
from evalkit.batch.pages import page_of
from evalkit.batch.places import AUDIENCE, DATA
from evalkit.batch.plan import Run
from evalkit.batch.publish import for_publication, identifiers_in, public_failure, unchecked, without_quoted
from evalkit.batch.store import write_whole
from evalkit.errors import DataError
from evalkit.programme import load
from evalkit.report.block import FINDING_MIME, SUMMARY_MIME
from evalkit.report.page import Failure, Page, render, render_failure
from evalkit.report.workbook import workbook_bytes

KNOWN_ERRORS = ("DataError", "DesignError", "PlanError", "UsageError")
FAILED = ".failed.txt"
"""Ending of the file with the whole message of a failed public run."""
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
    os.environ[AUDIENCE] = run.audience
    os.environ[evaluated.FOLDER] = str(out / journal.FOLDER / journal.EVALUATED)
    executed = engine_named(engine)(run)
    _tell(executed)
    executed, full = executed if run.internal else guarded(executed, run), executed.error
    page = page_of(
        run,
        load(run.folder),
        has_json=_found(executed, FINDING_MIME) is not None,
        has_workbook=is_finding(_found(executed, FINDING_MIME)),
        has_notebook=executed.notebook is not None,
    )
    if executed.error is None:
        contents = _contents(executed, render(executed.notebook, page))
        found = [] if run.internal else identifiers_in(contents)
        if not found:
            files = _write(run, out, executed, contents)
            return Outcome("done", time.perf_counter() - start, None, files, _found(executed, SUMMARY_MIME) or {})
        executed = Executed(None, ("DataError", _refused("; ".join(found))))
        page = replace(page, has_json=False, has_workbook=False, has_notebook=False)
    error = executed.error or ("", "")
    told = failure_of(error[0], error[1] if run.internal else without_quoted(error[1]))
    reason = (
        told if run.internal else public_failure(error[0], told, run.folder, error[0] in KNOWN_ERRORS, run.limits[0])
    )
    files = _write(run, out, executed, _contents(executed, render_failure(page, reason)))
    if not run.internal:
        files |= write_full(run, out, full or error)
    return Outcome("failed", time.perf_counter() - start, reason.reason, files)


def guarded(executed: Executed, run: Run) -> Executed:
    """Return a public run as it may leave: it fails where a notebook shows what cannot be checked."""
    if executed.notebook is None:
        return executed
    found = [] if executed.error else unchecked(executed.notebook)
    error = ("DataError", _refused("; ".join(found))) if found else executed.error
    return Executed(for_publication(executed.notebook, outputs=error is None), error)


def _refused(found: str) -> str:
    return str(
        DataError(
            "disclosure",
            found,
            "outputs of evalkit.report, which are checked, and no identifiers",
            "show it through evalkit.report, or set audience = internal in programme.toml",
        )
    )


def write_full(run: Run, out: Path, error: tuple[str, str]) -> dict[str, str]:
    """Write the full message of a failed public run where internal pages stand; return its name and hash."""
    return _store(out, {f"internal/{run.stem}{FAILED}": f"{error[0]}: {error[1]}\n".encode()})


def record_failure(run: Run, out: Path, reason: str, seconds: float = 0.0) -> Outcome:
    """Write the page of a run whose worker was lost."""
    page: Page = page_of(run, load(run.folder), has_json=False, has_notebook=False)
    html = render_failure(page, Failure(reason))
    return Outcome("failed", seconds, reason, _write(run, out, Executed(None), {".html": html}))


def failure_of(name: str, message: str) -> Failure:
    """Split an evalkit error into its parts, at the last of each mark; any other is told by kind and message."""
    if name not in KNOWN_ERRORS:
        return Failure(f"{name}: {message}"[:LONGEST])
    rest, todo = _cut(message, " What to do: ")
    reason, needed = _cut(rest, " Needed: ")
    return Failure(reason, needed, todo)


def _cut(text: str, mark: str) -> tuple[str, str]:
    before, found, after = text.rpartition(mark)
    return (before, after) if found else (after, "")


def _write(run: Run, out: Path, executed: Executed, contents: Mapping[str, str]) -> dict[str, str]:
    """Write numbers, notebook and page, in this order: a page never points to what isn't there. Return their hashes."""
    texts = {ending: text.encode() for ending, text in contents.items()}
    finding = _found(executed, FINDING_MIME) if executed.error is None else None
    workbook = {".xlsx": workbook_bytes(finding)} if finding is not None and is_finding(finding) else {}
    return _store(out, {f"{run.stem}{ending}": content for ending, content in {**workbook, **texts}.items()})


def is_finding(numbers: Any) -> bool:
    """Whether the numbers beside a page are those of one indicator, which also stand in a workbook."""
    return isinstance(numbers, Mapping) and {"indicator", "main", "gate"} <= numbers.keys()


def _store(out: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    for name, content in contents.items():
        write_whole(out / name, content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _contents(executed: Executed, html: str) -> dict[str, str]:
    """Return the files of a run by ending."""
    finding = _found(executed, FINDING_MIME) if executed.error is None else None
    files: dict[str, str] = {}
    if finding is not None:
        files[".json"] = json.dumps(finding, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    if executed.notebook is not None:
        import nbformat

        files[".ipynb"] = nbformat.writes(executed.notebook)  # type: ignore[no-untyped-call]
    return {**files, ".html": html}


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
