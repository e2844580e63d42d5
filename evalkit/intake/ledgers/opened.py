"""One file of a ledger opened: text is parsed once, into memory or the scratch folder; columns stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, EvalkitError
from evalkit.intake.codebook import Entry, entries_for
from evalkit.intake.convert import ROW
from evalkit.intake.files import TEXT, read_rows, read_table
from evalkit.intake.ledgers.canonical import File, canonical
from evalkit.intake.ledgers.proof import Proof
from evalkit.intake.ledgers.text import new_file, open_text
from evalkit.programme import Source

PROVED = "utf-8"
"""The encoding that a file's proof speaks of; that of any other is proved before its rows are read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What all files of a ledger are read by."""

    source: Source
    used: Sequence[Entry]
    scratch: Path
    words: dict[str, dict[str, str]]
    headers: pl.Enum


@dataclass(frozen=True, slots=True)
class Given:
    """One file as it is found; a server's table has neither path nor proof."""

    name: str
    path: Path | None
    round: int | None
    proof: Future[Proof] | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One file: its rows as they are stored with their types, or canonical ones (no schema), which may be in memory."""

    raw: pl.LazyFrame
    schema: pl.Schema | None
    entries: Sequence[Entry]
    read: Callable[[pl.LazyFrame], pl.LazyFrame]
    headers: Sequence[str]
    name: str
    encoding: str | None
    checksum: Callable[[], str]
    in_memory: bool


def opened(plan: Reading, given: Given, *, in_memory: bool) -> Opened:
    """Open one file; text is parsed once, and its rows are kept in memory or in the scratch folder.

    Text is read as UTF-8 while it is still being proved to be that; where it is not, what was read is dropped.
    """
    proof = given.proof
    if given.path is None or proof is None or given.path.suffix.lower() not in TEXT:
        return _opened(plan, given, in_memory=in_memory, is_utf8=False)
    try:
        found = _opened(plan, given, in_memory=in_memory, is_utf8=True)
    except (EvalkitError, UnicodeDecodeError, pl.exceptions.PolarsError):
        if proof.result().is_utf8:
            raise
    else:
        if found.encoding != PROVED or proof.result().is_utf8:
            return found
    return _opened(plan, given, in_memory=in_memory, is_utf8=False)


def _opened(plan: Reading, given: Given, *, in_memory: bool, is_utf8: bool) -> Opened:
    """Open one file; of text it is said whether it is UTF-8."""
    source, path, proof, name = plan.source, given.path, given.proof, given.name
    applied = tuple(e for e in plan.used if e.applies_to(given.round))
    if path is None or proof is None:
        table, found = read_rows(source, applied)
        raw, first_row, encoding, checksum = table.frame.lazy().with_row_index(ROW), 1, None, partial(str, found)
    else:
        raw, first_row, encoding = _open(source, path, given.round, applied, plan.scratch, is_utf8=is_utf8)
        checksum = partial(_sha256, proof)
    schema = raw.collect_schema()
    meant = entries_for(applied, given.round, schema.names(), name)
    words = {e.name: plan.words[e.name] for e in meant if e.name in plan.words}
    file = File(schema, tuple(meant), first_row, source.key, words, _as_text(source), plan.headers)
    read = partial(canonical, file=file)
    if path is not None and is_columnar(path):
        return Opened(raw, schema, meant, read, schema.names(), name, encoding, checksum, in_memory=False)
    once = _in_memory(read(raw)) if in_memory else _in_scratch(read(raw), plan.scratch)
    return Opened(once, None, meant, _as_it_is, schema.names(), name, encoding, checksum, in_memory=in_memory)


def _sha256(proof: Future[Proof]) -> str:
    return proof.result().sha256


def is_columnar(path: Path) -> bool:
    """Whether a file stores columns with types, from which rows are read as often as they are wanted."""
    return path.suffix.lower() == ".parquet"


def _as_text(source: Source) -> frozenset[str]:
    """Return the columns that are wanted as text where they are words, too."""
    once = source.count_once
    names = [*source.key, source.who, source.entered, source.reverses, once.by if once else None]
    return frozenset(n for n in names if n)


def _as_it_is(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows


def _open(
    source: Source, path: Path, round_: int | None, entries: Sequence[Entry], scratch: Path, *, is_utf8: bool
) -> tuple[pl.LazyFrame, int, str | None]:
    """Return a file's raw rows with `_row`, the number of its first row, and its encoding."""
    if is_columnar(path):
        return _parquet(path), 1, None
    if path.suffix.lower() in TEXT:
        return open_text(path, source.encoding, entries, scratch, is_utf8=is_utf8)
    table = read_table(source, path, round_, entries)
    return table.frame.lazy().with_row_index(ROW), table.first_row, table.encoding


def _in_memory(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.collect(engine="streaming").lazy()


def _in_scratch(rows: pl.LazyFrame, scratch: Path) -> pl.LazyFrame:
    """Return the rows as a file of the scratch folder, so that text is parsed once; a stream, never all in memory."""
    target = new_file(scratch, ".parquet")
    rows.sink_parquet(target, compression="lz4", statistics=False)
    return pl.scan_parquet(target)


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        raw = pl.scan_parquet(path, row_index_name=ROW)
        raw.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            str(path), f"it cannot be read as .parquet ({error})", "a sound file", "export it again"
        ) from error
    return raw
