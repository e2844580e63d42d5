"""Entries of a ledger's files as one lazy frame: nothing is loaded until sums are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.intake.codebook import Entry
from evalkit.intake.convert import FILE, ROW, value_of
from evalkit.intake.files import TEXT, files_of
from evalkit.intake.ledgers.kinds import FORMS
from evalkit.intake.ledgers.opened import Given, Opened, Reading, is_columnar, opened
from evalkit.intake.ledgers.proof import Proof, proved, threads
from evalkit.intake.ledgers.records import TOKEN
from evalkit.intake.ledgers.words import words_of
from evalkit.intake.records import FileRecord
from evalkit.intake.signature import require_signature
from evalkit.programme import Source

JOINT = "\u241f"
"""Between the parts of a key of several columns: the sign of a unit separator, which no id holds."""
AT_ONCE = 17_000_000
"""Rows whose sums are taken together: the engine needs some 70 bytes for each of them."""
STRIDE = 300_000
"""Rows in memory that the engine takes at a time: with its own number it needs a tenth more processor time. Rows of
parquet files come in groups of their own, and gain nothing."""
TOGETHER = 2
"""Files that are opened at the same time: what one does on one core leaves another to the next."""
IN_MEMORY = 1 << 30
"""Bytes of files that are not stored in columns and whose rows are kept in memory; those of more go to the scratch
folder. Canonical rows take about as much as their text."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its rows as they are stored, and what makes canonical rows of them; ``token`` stands for the key.

    Equal keys have equal tokens: an id that is stored as a whole number itself, else a hash of its text.
    """

    raw: pl.LazyFrame
    canonical: Callable[[pl.LazyFrame], pl.LazyFrame]
    token: pl.Expr
    name: str
    encoding: str | None
    n_rows: int
    checksum: Callable[[], str]
    in_memory: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """Entries of all files."""

    parts: tuple[Part, ...]
    unmapped: tuple[str, ...]
    stamps: tuple[tuple[Path, int, int], ...]

    @property
    def n_rows(self) -> int:
        """How many entries there are, sound or not."""
        return sum(p.n_rows for p in self.parts)

    def in_strides(self) -> AbstractContextManager[object]:
        """Let the engine take rows that are in memory `STRIDE` at a time while the block lasts, which is quicker."""
        if any(p.in_memory for p in self.parts):
            return pl.Config(streaming_chunk_size=STRIDE)
        return nullcontext()

    def files(self) -> tuple[FileRecord, ...]:
        """Return what was read, once all checksums are known."""
        return tuple(FileRecord(p.name, p.checksum(), "ledger", p.encoding, p.n_rows) for p in self.parts)

    def rows(self, keep: Callable[[pl.Expr], pl.Expr] | None = None) -> pl.LazyFrame:
        """Return canonical columns, `_file`, `_row`, `_header` (of a cell that was misread, else null) and `_keyless`.

        With `keep` only rows whose token it accepts: they are chosen before their cells are read, so that the others
        cost nothing.
        """
        made = [
            p.canonical(p.raw if keep is None else p.raw.filter(keep(p.token))).with_columns(pl.lit(p.name).alias(FILE))
            for p in self.parts
        ]
        return pl.concat(made, how="diagonal")

    def tokens(self) -> pl.LazyFrame:
        """Return the token of every entry, sound or not; nothing else is read."""
        return pl.concat([p.raw.select(p.token.alias(TOKEN)) for p in self.parts])

    def batches(self) -> Iterator[Scan]:
        """Yield files in their order, so many together as have no more than `AT_ONCE` rows; one file at least."""
        first, n = 0, 0
        for i, part in enumerate(self.parts):
            if i > first and n + part.n_rows > AT_ONCE:
                yield replace(self, parts=self.parts[first:i])
                first, n = i, 0
            n += part.n_rows
        yield replace(self, parts=self.parts[first:])


def scan(source: Source, entries: Sequence[Entry], folder: Path, scratch: Path, prover: ThreadPoolExecutor) -> Scan:
    """Open all files of a ledger; what must be written on the way is written into the scratch folder.

    Raises
    ------
    DataError
        A file is unreadable or lacks a raw header of the codebook.
    PlanError
        The codebook lacks a column that the ledger needs.
    """
    used = _used(source, entries)
    files = [*_files(source, folder)]
    stamps = tuple(stamp(path) for _, path, _ in files if path)
    given = [Given(*file, _proof(file[1], prover)) for file in files]
    sizes = accumulate(0 if p is None or is_columnar(p) else p.stat().st_size for _, p, _ in files)
    plan = Reading(source, used, scratch, words_of(source), pl.Enum(sorted({e.raw_header for e in used})))
    with threads(TOGETHER, "evalkit-open") as pool:
        begun = [
            pool.submit(opened, plan, file, in_memory=size <= IN_MEMORY)
            for file, size in zip(given, sizes, strict=True)
        ]
        found = [one.result() for one in begun]
    known = {e.raw_header for e in entries} | {ROW}
    unmapped = sorted({h for o in found for h in o.headers} - known)
    is_plain = _has_plain_key(source, found)
    parts = (
        Part(
            o.raw,
            o.read,
            _token(source.key, o, is_plain=is_plain),
            o.name,
            o.encoding,
            _height(o.raw),
            o.checksum,
            o.in_memory,
        )
        for o in found
    )
    return Scan(tuple(parts), tuple(unmapped), stamps)


def _proof(path: Path | None, prover: ThreadPoolExecutor) -> Future[Proof] | None:
    return None if path is None else prover.submit(proved, path, is_text=path.suffix.lower() in TEXT)


def _has_plain_key(source: Source, files: Sequence[Opened]) -> bool:
    """Whether all files store the key as whole numbers of one type, of which none is a missing code."""
    kinds = set()
    for file in files:
        key = [e for e in file.entries if e.name in source.key]
        if file.schema is None or len(key) != 1 or key[0].missing_codes or source.reverses:
            return False
        kinds.add(file.schema[key[0].raw_header])
    return len(kinds) == 1 and next(iter(kinds)).is_integer()


def _token(key: Sequence[str], file: Opened, *, is_plain: bool) -> pl.Expr:
    """Return what stands for a row's key: of rows as they are stored (a schema), or of canonical ones (none)."""
    if file.schema is None:
        return joined(key, [pl.col(k) for k in key]).hash()
    by_name = {e.name: e for e in file.entries}
    if is_plain:
        return pl.col(by_name[key[0]].raw_header)
    return joined(key, [value_of(file.schema[by_name[k].raw_header], by_name[k]) for k in key]).hash()


def joined(key: Sequence[str], parts: Sequence[pl.Expr]) -> pl.Expr:
    """Return a key as one text."""
    return pl.concat_str(parts, separator=JOINT) if len(key) > 1 else parts[0]


def _files(source: Source, folder: Path) -> Iterator[tuple[str, Path | None, int | None]]:
    """Yield name, path and round of each file; a server's table has no path."""
    if source.database:
        yield source.place, None, None
        return
    for path, round_ in files_of(source, folder):
        require_signature(path)
        yield path.relative_to(folder).as_posix(), path, round_


def _height(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def stamp(path: Path) -> tuple[Path, int, int]:
    """Return a file's path, size and time of change."""
    found = path.stat()
    return path, found.st_size, found.st_mtime_ns


def require_unchanged(found: Scan) -> None:
    """Refuse sums of files that somebody wrote to while they were read.

    Raises
    ------
    DataError
        A file has another size or time than before.
    """
    changed = [path for path, *facts in found.stamps if [*stamp(path)[1:]] != facts]
    if changed:
        raise DataError(
            str(changed[0]),
            "it changed while it was read",
            "a file that nobody writes to",
            "wait until it is copied or saved, then run again",
        )


def _used(source: Source, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of the columns that this ledger uses; others are not read at all."""
    form, once = FORMS[str(source.ledger)], source.count_once
    needed = [*source.key, str(source.who), date_name(source, entries), *form.needs]
    needed += [n for n in (source.entered, source.reverses) if n] + ([once.by, once.kind] if once else [])
    there = {e.name for e in entries}
    absent = [n for n in dict.fromkeys(needed) if n not in there]
    if absent:
        raise PlanError(
            f"[[sources]] {source.place}",
            f"the codebook has no column {listed(absent)} ({nearest(absent[0], there)})",
            f"the columns that a ledger of {source.ledger} needs: {', '.join(dict.fromkeys(needed))}",
            "enter them in the codebook",
        )
    return [e for e in entries if e.name in {*needed, *form.has}]


def date_name(source: Source, entries: Sequence[Entry]) -> str:
    """Return the canonical name of the date; programme.toml may name it by its raw header."""
    return next((e.name for e in entries if source.date in {e.name, e.raw_header}), str(source.date))
