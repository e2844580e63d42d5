"""Entries of a ledger's files as one lazy frame: nothing is loaded until sums are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.intake.codebook import Entry, entries_for
from evalkit.intake.convert import FILE, ROW, misread, value_of
from evalkit.intake.files import files_of, read_table
from evalkit.intake.guards import settled
from evalkit.intake.ledgers.kinds import FEN, FORMS, MONEY
from evalkit.intake.ledgers.records import HEADER
from evalkit.intake.records import FileRecord
from evalkit.programme import Source

NUMBER, DATE, SMALL = "number", "date", 1e15
"""Money of 10¹⁵ yuan or more does not fit into whole fen, and is no amount of a village."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Entries with their canonical columns, `_file`, `_row` and `_header` (of a cell that was misread, else null)."""

    rows: pl.LazyFrame
    files: tuple[FileRecord, ...]
    unmapped: tuple[str, ...]


def scan(source: Source, entries: Sequence[Entry], folder: Path) -> Scan:
    """Open all files of a ledger.

    Raises
    ------
    DataError
        A file is unreadable or lacks a raw header of the codebook.
    PlanError
        The codebook lacks a column that the ledger needs.
    """
    used = _used(source, entries)
    parts, records, unmapped = [], [], set()
    for path, round_ in files_of(source, folder):
        name = path.relative_to(folder).as_posix()
        applied = tuple(e for e in used if e.applies_to(round_))
        raw, first_row, encoding, checksum = _open(source, path, round_, applied)
        schema = raw.collect_schema()
        meant = entries_for(applied, round_, schema.names(), name)
        parts.append(_canonical(raw, schema, meant, name, first_row))
        unmapped |= set(schema.names()) - {e.raw_header for e in entries} - {ROW}
        records.append(FileRecord(name, checksum, "ledger", encoding, int(raw.select(pl.len()).collect().item())))
    return Scan(pl.concat(parts, how="diagonal"), tuple(records), tuple(sorted(unmapped)))


def _used(source: Source, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of the columns that this ledger uses; others are not read at all."""
    form, once = FORMS[str(source.ledger)], source.count_once
    needed = [*source.key, str(source.who), date_name(source, entries), *form.needs]
    needed += [n for n in (source.entered, source.reverses) if n] + ([once.by, once.kind] if once else [])
    there = {e.name for e in entries}
    absent = [n for n in dict.fromkeys(needed) if n not in there]
    if absent:
        raise PlanError(
            f"[[sources]] {source.file}",
            f"the codebook has no column {listed(absent)} ({nearest(absent[0], there)})",
            f"the columns that a ledger of {source.ledger} needs: {', '.join(dict.fromkeys(needed))}",
            "enter them in the codebook",
        )
    return [e for e in entries if e.name in {*needed, *form.has}]


def date_name(source: Source, entries: Sequence[Entry]) -> str:
    """Return the canonical name of the date; programme.toml may name it by its raw header."""
    return next((e.name for e in entries if source.date in {e.name, e.raw_header}), str(source.date))


def _open(
    source: Source, path: Path, round_: int | None, entries: Sequence[Entry]
) -> tuple[pl.LazyFrame, int, str | None, str]:
    """Return a file's raw rows with `_row`, the number of its first row, its encoding and its checksum."""
    if path.suffix.lower() == ".parquet":
        raw, checksum = settled(path, lambda: _parquet(path))
        return raw, 1, None, checksum
    table, checksum = settled(path, lambda: read_table(source, path, round_, entries))
    return table.frame.lazy().with_row_index(ROW), table.first_row, table.encoding, checksum


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        raw = pl.scan_parquet(path, row_index_name=ROW)
        raw.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            str(path), f"it cannot be read as .parquet ({error})", "a sound file", "export it again"
        ) from error
    return raw


def _canonical(
    raw: pl.LazyFrame, schema: pl.Schema, entries: Sequence[Entry], name: str, first_row: int
) -> pl.LazyFrame:
    """Return the canonical columns of a file; money in whole fen, ids as text."""
    header = pl.coalesce(
        *[pl.when(misread(schema[e.raw_header], e)).then(pl.lit(e.raw_header)) for e in entries],
        pl.lit(None, pl.String),
    )
    return raw.select(
        (pl.col(ROW).cast(pl.Int64) + first_row).alias(ROW),
        pl.lit(name).alias(FILE),
        header.alias(HEADER),
        *[_column(schema[e.raw_header], e) for e in entries],
    )


def _column(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    value = value_of(dtype, entry)
    if entry.name not in MONEY:
        return value
    return pl.when(value.abs() < SMALL).then((value * FEN).round(0, mode="half_away_from_zero")).cast(pl.Int64)
