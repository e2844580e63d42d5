"""The door: a column that tells who somebody is does not pass as it stands: hashed, coarse, dropped, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.codebook import Entry
from evalkit.intake.files import RawTable
from evalkit.intake.identifiers.detect import HEADERS, Seen, detect
from evalkit.intake.identifiers.pseudonym import DECIMALS, KEY, KEY_FILE, coarse_text, pseudonym, read_key

ACTIONS = ("hash", "coarsen", "drop", "keep")
LOOKED_AT = 20_000
"""Of so many different ids of a ledger the signs are looked at; each kind of identifier shows in the first few."""
TEXTS = ("id", "text", "category")
"""Kinds of columns whose cells are looked at; numbers that are measured tell nobody's name."""


def at_the_door(
    table: RawTable, entries: Sequence[Entry], name: str, folder: Path
) -> tuple[RawTable, tuple[Seen, ...]]:
    """Return the table with mapped identifiers treated, and what unmapped columns show (they are not read further).

    Raises
    ------
    DataError
        A mapped column shows identifiers that the codebook does not declare, or must be hashed and there is no key.
    PlanError
        The key is unusable.
    """
    headers = list(dict.fromkeys(e.raw_header for e in entries))
    _require_declared(table.frame, entries, name)
    frame = table.frame
    for entry in entries:
        if is_treated(entry):
            frame = frame.with_columns(_treated(frame[entry.raw_header], *declared(entry), name, folder))
    unmapped = [c for c in frame.columns if c not in headers]
    return replace(table, frame=frame), tuple(detect(frame, unmapped))


def ids_at_the_door(ids: pl.Series, entry: Entry, name: str, folder: Path) -> pl.Series:
    """Return the ids of a ledger as the door lets them pass: hashed where the codebook says so, else as they stand.

    Raises
    ------
    DataError, PlanError
        They show identifiers that the codebook does not declare, or must be hashed and the key is missing or unusable.
    """
    if is_treated(entry):
        return _treated(ids, *declared(entry), name, folder)
    _require_declared(ids.head(LOOKED_AT).to_frame(entry.raw_header), [entry], name)
    return ids


def is_treated(entry: Entry) -> bool:
    """Whether the codebook says that a column does not pass as it stands."""
    kind, action = declared(entry)
    return kind in HEADERS and action != "keep"


def declared(entry: Entry) -> tuple[str, str]:
    """Return the kind and action that the codebook states: ``telephone:drop``, ``national_id``, ``household``."""
    kind, _, action = entry.identifier.partition(":")
    return kind.strip(), action.strip() or ("coarsen" if kind.strip() == "coordinate" else "hash")


def _require_declared(frame: pl.DataFrame, entries: Sequence[Entry], name: str) -> None:
    kinds = {e.raw_header: declared(e)[0] for e in entries}
    texts = {e.raw_header for e in entries if e.kind in TEXTS}
    looked = [h for h, kind in kinds.items() if kind not in HEADERS and h in texts]
    seen = [s for s in detect(frame, looked) if s.n_cells or kinds[s.header] == ""]
    if seen:
        told = "; ".join(f"column {s.header!r} shows {s.kind} ({s.n_cells or 'by its header'})" for s in seen)
        raise DataError(
            name,
            told,
            "a codebook that says in `identifier` what to do with them",
            f"write e.g. {seen[0].kind} (hashed, or made coarse), {seen[0].kind}:drop, or {seen[0].kind}:keep "
            "where it is no such thing",
        )


def _treated(column: pl.Series, kind: str, action: str, name: str, folder: Path) -> pl.Series:
    if action == "drop":
        return pl.Series(column.name, [None] * len(column), dtype=pl.String)
    if action == "coarsen":
        if column.dtype.is_numeric():
            return column.cast(pl.Float64).round(DECIMALS)
        return column.cast(pl.String).map_elements(coarse_text, return_dtype=pl.String)
    key = read_key(folder)
    if key is None:
        raise DataError(
            f"{name}, column {column.name!r}",
            f"it holds identifiers ({kind}) and there is no key to hash them with",
            f"{KEY}, or {KEY_FILE} with the name of a file outside the data's repository",
            f"set it, or write {kind}:drop in the codebook's column identifier",
        )
    texts = column.cast(pl.String)
    known = texts.drop_nulls().unique().to_list()
    tokens = {t: pseudonym(t, kind, key) if t.strip() else t for t in known}
    return texts.replace_strict(tokens, default=None, return_dtype=pl.String)
