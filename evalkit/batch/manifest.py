"""run.json: what ran with what, how it went, and which files it left; read back to reuse what hasn't changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.batch.execute import Outcome
from evalkit.batch.plan import Plan, Run
from evalkit.batch.store import write_whole

NAME = "run.json"
INTERNAL = "internal/run.json"
"""Rows of internal pages: their parameters name villages, and their errors may name households."""
LIBRARIES = ("numpy", "polars", "scipy", "statsmodels", "plotly", "papermill", "nbconvert")
Row = dict[str, Any]


def read_rows(out: Path) -> dict[str, Row]:
    """Return the rows of the last manifest by page; none where there is no manifest, or one that cannot be read."""
    return {**_read(out / NAME), **_read(out / INTERNAL)}


def _read(file: Path) -> dict[str, Row]:
    if not file.is_file():
        return {}
    try:
        return {row["page"]: row for row in json.loads(file.read_text(encoding="utf-8"))["runs"]}
    except (ValueError, KeyError, TypeError):
        return {}


def row_of(run: Run, outcome: Outcome) -> Row:
    """Return the manifest's row of a run."""
    return {
        "id": run.id,
        "programme": run.programme,
        "notebook": run.notebook,
        "parameters": dict(run.parameters),
        "state": outcome.state,
        "page": run.page,
        "internal": run.internal,
        "seconds": round(outcome.seconds, 3),
        "error": outcome.error,
        "files": list(outcome.files),
        "summary": dict(outcome.summary),
    }


def reusable(run: Run, row: Row | None, out: Path) -> bool:
    """Whether a run was done with the same inputs and all its files are still there."""
    if row is None or row.get("id") != run.id or row.get("state") == "failed":
        return False
    return bool(row.get("files")) and all((out / f).is_file() for f in row["files"])


def kept_rows(old: Mapping[str, Row], plan: Plan) -> list[Row]:
    """Return old rows that this plan says nothing about: other programmes, or a part of one."""
    planned = {run.page for run in plan.runs}
    return [row for page, row in old.items() if page not in planned and row["programme"] not in plan.complete]


def remove_stale(out: Path, old: Mapping[str, Row], rows: Iterable[Row]) -> None:
    """Remove files of the last manifest that no row names any more, so that no outdated page stays public."""
    wanted = {f for row in rows for f in row["files"]}
    for row in old.values():
        for name in row.get("files", []):
            file = (out / name).resolve()
            if name not in wanted and file.is_relative_to(out.resolve()):
                file.unlink(missing_ok=True)


def write_manifest(out: Path, rows: Sequence[Row]) -> None:
    """Write run.json, and beside the internal pages the rows that are theirs."""
    public, internal = [r for r in rows if not r["internal"]], [r for r in rows if r["internal"]]
    _write(out / NAME, public)
    if internal or (out / INTERNAL).is_file():
        _write(out / INTERNAL, internal)


def _write(file: Path, rows: Sequence[Row]) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    versions = {"evalkit": __version__, **{name: version(name) for name in LIBRARIES}}
    text = json.dumps(
        {"schema_version": 1, "made": made, "versions": versions, "runs": rows}, ensure_ascii=False, indent=1
    )
    write_whole(file, text.encode())
