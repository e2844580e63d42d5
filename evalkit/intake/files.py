"""Raw files of a programme: patterns, checksums, tables as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, nearest
from evalkit.intake.apart import apart
from evalkit.intake.codebook import Entry, other_headers
from evalkit.intake.database import SUFFIXES, sqlite_table
from evalkit.intake.delimited import delimited
from evalkit.intake.encoding import read_text
from evalkit.intake.guards import inside, known_sha256, require_inside
from evalkit.intake.header import renamed
from evalkit.intake.months import round_number
from evalkit.intake.postgres import path_of, postgres_table
from evalkit.intake.signature import require_signature
from evalkit.intake.sound import soundly
from evalkit.intake.statistics import READERS, statistics
from evalkit.intake.typed import require_fitting
from evalkit.intake.workbook import workbook
from evalkit.plan_lock import LOCK_NAME
from evalkit.programme import FILE_NAME, Programme, Source

CORRECTIONS, CROSSWALK = "corrections.xlsx", "crosswalk.csv"
TEXT = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xls")
FIELD = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class RawTable:
    """One raw file: its rows as text, or with the types that the file itself states.

    ``first_row`` is the number of the first row as a person finds it in the file (below the header, from 1); ``round``
    is given where the file's name says it, ``encoding`` where text had to be decoded.
    """

    path: Path
    frame: pl.DataFrame
    first_row: int
    encoding: str | None
    round: int | None


def files_of(source: Source, folder: Path) -> list[tuple[Path, int | None]]:
    """Return the files of a source and, where its pattern has a field like {year}, their rounds; sorted."""
    if not FIELD.search(source.file) and "*" not in source.file:
        return [(inside(existing(folder / source.file), folder), None)]
    pattern = re.compile(_as_regex(source.file))
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        match = pattern.fullmatch(path.relative_to(folder).as_posix())
        if match:
            found.append((inside(path, folder), round_number(match[1]) if match.lastindex else None))
    if not found:
        raise DataError(
            f"{folder}/{source.file}",
            "no file fits this pattern",
            "at least one",
            f"check the folder; it has {nearest(source.file, _names(folder))}",
        )
    return found


def existing(path: Path) -> Path:
    """Return the path of a file that is there; else say which name comes nearest."""
    if not path.is_file():
        raise DataError(
            str(path),
            f"there is no such file ({nearest(path.name, _names(path.parent))})",
            "the file that programme.toml names",
            "correct the name or add the file",
        )
    return path


def read_table(source: Source, path: Path, round_: int | None, entries: Sequence[Entry] = ()) -> RawTable:
    """Read one file; text files and spreadsheets as text, so that nothing is guessed about types.

    The codebook's entries for the file tell where its header stands, and which of its columns are ids.

    Raises
    ------
    DataError
        The file is of an unknown kind, damaged or empty; or its ids have lost digits.
    """
    suffix = path.suffix.lower()
    if not readable(path):
        raise DataError(
            str(path),
            f"files of the kind {suffix!r} are not read",
            f"one of {', '.join([*TEXT, *WORKBOOKS, '.parquet', *READERS, *sorted(SUFFIXES)])}",
            "save it as one of these",
        )
    require_signature(path)
    with soundly(path, "a workbook" if suffix in WORKBOOKS else "SQLite" if suffix in SUFFIXES else suffix):
        frame, first_row, encoding = _read(source, path, entries)
    require_fitting(frame, entries, str(path))
    return RawTable(path, frame, first_row, encoding, round_)


def _read(source: Source, path: Path, entries: Sequence[Entry]) -> tuple[pl.DataFrame, int, str | None]:
    """Return the rows, the number of the first one, and the encoding of text."""
    suffix = path.suffix.lower()
    if suffix in TEXT:
        text, encoding = read_text(path, source.encoding)
        return *delimited(text, path, [e.raw_header for e in entries], other_headers(entries)), encoding
    if suffix in WORKBOOKS:
        read = apart if suffix == ".xls" else workbook
        return *read(path, source.sheet, entries), None
    if suffix in READERS:
        return _named(statistics(path, source.encoding), entries), 1, source.encoding
    return _named(sqlite_table(path, source) if suffix in SUFFIXES else pl.read_parquet(path), entries), 1, None


def _named(frame: pl.DataFrame, entries: Sequence[Entry]) -> pl.DataFrame:
    """Give columns the codebook's own header where they have another one that it states."""
    return frame.rename(dict(zip(frame.columns, renamed(frame.columns, other_headers(entries)), strict=True)))


def read_rows(source: Source, entries: Sequence[Entry]) -> tuple[RawTable, str]:
    """Read a source that is a table or query of a server; also the SHA-256 of its rows."""
    frame, checksum = postgres_table(source)
    frame = _named(frame, entries)
    require_fitting(frame, entries, source.place)
    return RawTable(path_of(source), frame, 1, None, None), checksum


def readable(path: Path) -> bool:
    """Whether files of this kind are read."""
    return path.suffix.lower() in {*TEXT, *WORKBOOKS, ".parquet", *READERS, *SUFFIXES}


def checksums(programme: Programme) -> dict[str, str]:
    """Return the SHA-256 of every file that the programme uses, by its path in its folder, and of rows of servers."""
    require_inside(programme)
    folder = programme.folder
    names = {FILE_NAME, *(s.codebook for s in programme.sources if s.codebook)}
    names |= {programme.truth.file} if programme.truth else set()
    names |= {programme.map.file} if programme.map else set()
    names |= {name for name in (CORRECTIONS, CROSSWALK, LOCK_NAME) if (folder / name).exists()}
    names |= {programme.about.deflator.file} if programme.about.deflator else set()
    paths = [existing(folder / name) for name in names]
    paths += [path for source in programme.sources if source.file for path, _ in files_of(source, folder)]
    served = {source.place: postgres_table(source)[1] for source in programme.sources if source.database}
    return {p.relative_to(folder).as_posix(): known_sha256(p) for p in sorted(set(paths))} | served


def _as_regex(pattern: str) -> str:
    """Turn households_{year}.xlsx into an expression: the field is a number (201603, 2016-03), * any name."""
    parts = re.split(r"(\{[a-z_]+\}|\*)", pattern)
    return "".join(r"(\d{4}-\d\d|\d+)" if FIELD.fullmatch(p) else "[^/]*" if p == "*" else re.escape(p) for p in parts)


def _names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
