"""The canonical rows of a programme: from the cache, or from raw files through intake; read once for all indicators."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from evalkit.cache import Entry, cache_folder, code_hash, hash_of, read_entry, write_entry
from evalkit.flow import FlowStep, SampleFlow
from evalkit.intake import checksums, read_programme
from evalkit.intake.identifiers.pseudonym import key_mark
from evalkit.plan_lock import LOCK_NAME
from evalkit.programme import FILE_NAME, Programme

ANSWERS = {"indicators", "costs", "cost_effectiveness", "decompositions", "subgroups"}
NO_MATTER = {"folder", "disclosure", "truth"} | ANSWERS
"""Parts of a plan that do not touch its rows."""


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
    root, key = cache_folder(programme.folder), _key(programme)
    stored = read_entry(root, key)
    if stored is not None:
        steps = tuple(FlowStep(**step) for step in stored.meta["flow"])
        return Rows(stored.tables["frame"], stored.tables.get("prices"), SampleFlow(steps))
    intake = read_programme(programme)
    tables = {"frame": intake.frame} | ({} if intake.prices is None else {"prices": intake.prices})
    write_entry(root, key, Entry(tables, {"flow": [asdict(step) for step in intake.flow.steps]}))
    return Rows(intake.frame, intake.prices, intake.flow)


def _key(programme: Programme) -> str:
    plan = programme.model_dump(mode="json", exclude=NO_MATTER)
    truth = {programme.truth.file} if programme.truth else set()
    files = {
        name: digest for name, digest in checksums(programme).items() if name not in {FILE_NAME, LOCK_NAME} | truth
    }
    return hash_of("rows", files, key_mark(programme.folder), plan, code_hash())
