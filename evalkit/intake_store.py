"""What intake makes of a programme: from the cache, or from raw files; read once for all indicators and pages."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from evalkit.cache import Entry, cache_folder, code_hash, hash_of, read_entry, write_entry
from evalkit.flow import FlowStep, SampleFlow
from evalkit.intake import FileRecord, Intake, checksums, read_programme
from evalkit.intake.identifiers.pseudonym import key_mark
from evalkit.plan_lock import LOCK_NAME
from evalkit.programme import FILE_NAME, Programme, load

ANSWERS = {"indicators", "costs", "cost_effectiveness", "decompositions", "subgroups", "dose"}
NO_MATTER = {"folder", "disclosure", "truth"} | ANSWERS
"""Parts of a plan that do not touch its rows."""
BESIDE = "-beside"
TABLES = ("rejected", "quality", "missing", "passage", "prices", "origin", "unknown", "requests", "backchecks")
"""What intake found beside the rows."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What indicators are built from: canonical rows, the price index or None, and how the rows came to be."""

    frame: pl.DataFrame
    prices: pl.DataFrame | None
    flow: SampleFlow


def programme_rows(programme: Programme) -> Rows:
    """Return a programme's canonical rows; raw files are read where they, the plan or the code have changed.

    Raises
    ------
    DataError, PlanError
        See `read_programme`.
    """
    stored = read_entry(cache_folder(programme.folder), _key(programme))
    if stored is not None:
        return Rows(stored.tables["frame"], stored.tables.get("prices"), _flow(stored.meta["flow"]))
    intake = _read(programme)
    return Rows(intake.frame, intake.prices, intake.flow)


def programme_intake(programme: Programme) -> Intake:
    """Return all that `read_programme` gives: from the cache, or from raw files as `programme_rows` does.

    Raises
    ------
    DataError, PlanError
        See `read_programme`.
    """
    root, key = cache_folder(programme.folder), _key(programme)
    rows, beside = read_entry(root, key), read_entry(root, key + BESIDE)
    if rows is None or beside is None:
        return _read(programme)
    facts = beside.meta
    tables: dict[str, Any] = {**dict.fromkeys(TABLES), **rows.tables, **beside.tables}
    return Intake(
        **tables,
        flow=_flow(rows.meta["flow"]),
        files=tuple(FileRecord(**record) for record in facts["files"]),
        labels={name: (zh, en) for name, (zh, en) in facts["labels"].items()},
        ledgers=tuple((name, _flow(steps)) for name, steps in facts["ledgers"]),
    )


def _read(programme: Programme) -> Intake:
    """Read raw files, and keep rows and what was found beside them as two entries: most callers need the rows only."""
    intake = read_programme(programme)
    root, key = cache_folder(programme.folder), _key(programme)
    facts = {
        "files": [asdict(record) for record in intake.files],
        "labels": dict(intake.labels),
        "ledgers": [(name, _steps(flow)) for name, flow in intake.ledgers],
    }
    write_entry(root, key + BESIDE, Entry(_there(intake, TABLES), facts))
    write_entry(root, key, Entry(_there(intake, ("frame", "prices")), {"flow": _steps(intake.flow)}))
    return intake


def _there(intake: Intake, names: Iterable[str]) -> dict[str, pl.DataFrame]:
    return {name: table for name in names if (table := getattr(intake, name)) is not None}


def _steps(flow: SampleFlow) -> list[dict[str, Any]]:
    return [asdict(step) for step in flow.steps]


def _flow(steps: Iterable[dict[str, Any]]) -> SampleFlow:
    return SampleFlow(tuple(FlowStep(**step) for step in steps))


def _key(programme: Programme) -> str:
    plan = programme.model_dump(mode="json", exclude=NO_MATTER)
    truth = {programme.truth.file} if programme.truth else set()
    files = {
        name: digest for name, digest in checksums(programme).items() if name not in {FILE_NAME, LOCK_NAME} | truth
    }
    return hash_of("rows", files, key_mark(programme.folder), plan, code_hash())


if __name__ == "__main__":
    programme_rows(load(sys.argv[1]))
