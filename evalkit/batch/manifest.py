"""run.json: what ran with what, how it went, and which files it left; read back to reuse what hasn't changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.batch.execute import Outcome
from evalkit.batch.plan import Plan, Run, versions
from evalkit.batch.store import write_whole

NAME = "run.json"
INTERNAL = "internal/run.json"
"""Rows of internal pages: their parameters name villages, and their errors may name households."""
Row = dict[str, Any]


def read_rows(out: Path) -> dict[str, Row]:
    """Return the rows of the last manifest by page; none where there is no manifest, or one that cannot be read."""
    found = {**_read(out / NAME), **_read(out / INTERNAL)}
    for page, full in _kept_back(out).items():
        if page in found:
            row = found[page]
            found[page] = {**row, "files": [*row["files"], *full], "sha256": {**row["sha256"], **full}}
    return dict(sorted(found.items(), key=lambda item: item[1].get("place", 0)))


def _kept_back(out: Path) -> dict[str, dict[str, str]]:
    """Return the internal files of public pages with their hashes, by page."""
    try:
        return dict(json.loads((out / INTERNAL).read_text(encoding="utf-8")).get("of_public_pages", {}))
    except (OSError, ValueError):
        return {}


def _read(file: Path) -> dict[str, Row]:
    if not file.is_file():
        return {}
    try:
        return {row["page"]: row for row in json.loads(file.read_text(encoding="utf-8"))["runs"]}
    except (ValueError, KeyError, TypeError):
        return {}


def row_of(run: Run, outcome: Outcome) -> Row:
    """Return the row of a run, as the journal and the manifest keep it."""
    return {
        "id": run.id,
        "programme": run.programme,
        "notebook": run.notebook,
        "parameters": dict(run.parameters),
        "state": outcome.state,
        "page": run.page,
        "internal": run.internal,
        "limits": list(run.limits),
        "seconds": round(outcome.seconds, 3),
        "error": outcome.error,
        "files": list(outcome.files),
        "sha256": dict(outcome.files),
        "data": run.data,
        "summary": dict(outcome.summary),
    }


def reusable(run: Run, row: Row | None, out: Path) -> bool:
    """Whether a run was done with the same inputs, and all its files are there with the bytes that were written."""
    if row is None or row.get("id") != run.id or row.get("state") == "failed":
        return False
    digests = row.get("sha256", {})
    return bool(digests) and all(_holds(out / name, digest) for name, digest in digests.items())


def _holds(file: Path, digest: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


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


def write_manifest(out: Path, rows: Sequence[Row], lang: str, shard: tuple[int, int] | None = None) -> None:
    """Write run.json, and beside the internal pages the rows that are theirs.

    ``place`` of a row is its place among all rows; `shard` says which part of how many these runs are. The full message
    of a public run that failed is an internal file: the hash of a short text with one number in it gives the number
    away to whoever tries them all, so that it stands beside the internal rows.
    """
    made = datetime.now(UTC).isoformat(timespec="seconds")
    about: dict[str, Any] = {"schema_version": 1, "made": made, "lang": lang}
    about |= {"versions": {"evalkit": __version__, **versions()}}
    about |= {"shard": list(shard)} if shard is not None else {}
    placed = [{**row, "place": place} for place, row in enumerate(rows)]
    internal = [row for row in placed if row["internal"]]
    public = [row for row in placed if not row["internal"]]
    full = {row["page"]: found for row in public if (found := _internal_files(row))}
    _write(out / NAME, {**about, "runs": [_public_row(row) for row in public]})
    if internal or full or (out / INTERNAL).is_file():
        _write(out / INTERNAL, {**about, "runs": internal, "of_public_pages": full})


def _internal_files(row: Row) -> dict[str, str]:
    return {name: digest for name, digest in row.get("sha256", {}).items() if name.startswith("internal/")}


def _public_row(row: Row) -> Row:
    names = _internal_files(row)
    kept = {name: digest for name, digest in row.get("sha256", {}).items() if name not in names}
    return {**row, "files": [name for name in row["files"] if name not in names], "sha256": kept}


def _write(file: Path, content: Mapping[str, Any]) -> None:
    write_whole(file, json.dumps(content, ensure_ascii=False, indent=1).encode())
