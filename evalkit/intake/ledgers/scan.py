"""Entries of a ledger's files as one lazy frame: nothing is loaded until sums are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.intake.codebook import Entry, entries_for
from evalkit.intake.convert import FILE, ROW, misread, text_of, value_of
from evalkit.intake.files import TEXT, files_of, read_rows, read_table
from evalkit.intake.guards import sha256
from evalkit.intake.ledgers.kinds import FEN, FORMS, MONEY
from evalkit.intake.ledgers.quick import codes, dates, numbers
from evalkit.intake.ledgers.records import CODED, HEADER, KEYLESS, TOKEN
from evalkit.intake.ledgers.text import open_text
from evalkit.intake.ledgers.words import words_of
from evalkit.intake.records import FileRecord
from evalkit.intake.signature import require_signature
from evalkit.programme import Source

SMALL = 1e15
"""Money of 10¹⁵ yuan or more does not fit into whole fen, and is no amount of a village."""
JOINT = "\u241f"
"""Between the parts of a key of several columns: the sign of a unit separator, which no id holds."""
AT_ONCE = 12_000_000
"""Rows whose sums are taken together."""
CHECKED, VALUE = frozenset({"number", "integer", "flag", "date"}), "_value_"


@dataclass(frozen=True, slots=True)
class File:
    """What makes canonical rows of a file's raw ones: its name, types, codebook, first row, key and words by column."""

    name: str
    schema: pl.Schema
    entries: tuple[Entry, ...]
    first_row: int
    key: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its rows as they are stored, and what makes canonical rows of them; ``token`` stands for the key.

    Equal keys have equal tokens: an id that is stored as a whole number itself, else a hash of its text.
    """

    raw: pl.LazyFrame
    canonical: Callable[[pl.LazyFrame], pl.LazyFrame]
    token: pl.Expr


@dataclass(frozen=True, slots=True)
class Scan:
    """Entries of all files."""

    parts: tuple[Part, ...]
    files: tuple[FileRecord, ...]
    unmapped: tuple[str, ...]
    stamps: tuple[tuple[Path, int, int], ...]

    def rows(self, keep: Callable[[pl.Expr], pl.Expr] | None = None) -> pl.LazyFrame:
        """Return canonical columns, `_file`, `_row`, `_header` (of a cell that was misread, else null) and `_keyless`.

        With `keep` only rows whose token it accepts: they are chosen before their cells are read, so that the others
        cost nothing.
        """
        made = [p.canonical(p.raw if keep is None else p.raw.filter(keep(p.token))) for p in self.parts]
        return pl.concat(made, how="diagonal")

    def tokens(self) -> pl.LazyFrame:
        """Return the token of every entry, sound or not; nothing else is read."""
        return pl.concat([p.raw.select(p.token.alias(TOKEN)) for p in self.parts])

    def batches(self) -> Iterator[Scan]:
        """Yield files in their order, so many together as have no more than `AT_ONCE` rows; one file at least."""
        first, n = 0, 0
        for i, file in enumerate(self.files):
            if i > first and n + file.n_rows > AT_ONCE:
                yield replace(self, parts=self.parts[first:i], files=self.files[first:i])
                first, n = i, 0
            n += file.n_rows
        yield replace(self, parts=self.parts[first:], files=self.files[first:])


def scan(source: Source, entries: Sequence[Entry], folder: Path, scratch: Path) -> Scan:
    """Open all files of a ledger; what must be written on the way is written into the scratch folder.

    Raises
    ------
    DataError
        A file is unreadable or lacks a raw header of the codebook.
    PlanError
        The codebook lacks a column that the ledger needs.
    """
    used = _used(source, entries)
    words = words_of(source)
    opened, records, unmapped, stamps = [], [], set(), []
    for name, path, round_, checksum in _files(source, folder):
        applied = tuple(e for e in used if e.applies_to(round_))
        if path is None:
            table, checksum = read_rows(source, applied)
            raw, first_row, encoding = table.frame.lazy().with_row_index(ROW), 1, None
        else:
            stamps.append(stamp(path))
            raw, first_row, encoding = _open(source, path, round_, applied, scratch)
        schema = raw.collect_schema()
        meant = entries_for(applied, round_, schema.names(), name)
        file = File(name, schema, tuple(meant), first_row, source.key, words)
        read = partial(_canonical, file=file)
        stored = name.lower().endswith(".parquet")
        opened.append(
            (raw, schema, meant, read) if stored else (_once_read(read(raw), scratch), None, meant, _as_it_is)
        )
        unmapped |= set(schema.names()) - {e.raw_header for e in entries} - {ROW}
        records.append(FileRecord(name, checksum, "ledger", encoding, _height(opened[-1][0])))
    plain = _has_plain_key(source, [(schema, meant) for _, schema, meant, _ in opened])
    parts = (Part(raw, read, _token(source.key, schema, meant, plain)) for raw, schema, meant, read in opened)
    return Scan(tuple(parts), tuple(records), tuple(sorted(unmapped)), tuple(stamps))


def _as_it_is(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows


def _has_plain_key(source: Source, files: Sequence[tuple[pl.Schema | None, Sequence[Entry]]]) -> bool:
    """Whether all files store the key as whole numbers of one type, of which none is a missing code."""
    kinds = set()
    for schema, entries in files:
        key = [e for e in entries if e.name in source.key]
        if schema is None or len(key) != 1 or key[0].missing_codes or source.reverses:
            return False
        kinds.add(schema[key[0].raw_header])
    return len(kinds) == 1 and next(iter(kinds)).is_integer()


def _token(key: Sequence[str], schema: pl.Schema | None, entries: Sequence[Entry], plain: bool) -> pl.Expr:
    """Return what stands for a row's key: of rows as they are stored (a schema), or of canonical ones (None)."""
    if schema is None:
        return joined(key, [pl.col(k) for k in key]).hash()
    by_name = {e.name: e for e in entries}
    if plain:
        return pl.col(by_name[key[0]].raw_header)
    return joined(key, [value_of(schema[by_name[k].raw_header], by_name[k]) for k in key]).hash()


def joined(key: Sequence[str], parts: Sequence[pl.Expr]) -> pl.Expr:
    """Return a key as one text."""
    return pl.concat_str(parts, separator=JOINT) if len(key) > 1 else parts[0]


def _files(source: Source, folder: Path) -> Iterator[tuple[str, Path | None, int | None, str]]:
    """Yield name, path, round and checksum of each file; a server's table has no path, and its checksum comes later."""
    if source.database:
        yield source.place, None, None, ""
        return
    for path, round_ in files_of(source, folder):
        require_signature(path)
        yield path.relative_to(folder).as_posix(), path, round_, sha256(path)


def _once_read(rows: pl.LazyFrame, scratch: Path) -> pl.LazyFrame:
    """Return the rows as a file of the scratch folder, so that text is parsed once; a stream, never all in memory."""
    target = scratch / f"{len(list(scratch.iterdir()))}.parquet"
    rows.sink_parquet(target, compression="lz4", statistics=False)
    return pl.scan_parquet(target)


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


def _open(
    source: Source, path: Path, round_: int | None, entries: Sequence[Entry], scratch: Path
) -> tuple[pl.LazyFrame, int, str | None]:
    """Return a file's raw rows with `_row`, the number of its first row, and its encoding."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path), 1, None
    if suffix in TEXT:
        return open_text(path, source.encoding, entries, scratch)
    table = read_table(source, path, round_, entries)
    return table.frame.lazy().with_row_index(ROW), table.first_row, table.encoding


def _parquet(path: Path) -> pl.LazyFrame:
    try:
        raw = pl.scan_parquet(path, row_index_name=ROW)
        raw.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            str(path), f"it cannot be read as .parquet ({error})", "a sound file", "export it again"
        ) from error
    return raw


def _canonical(raw: pl.LazyFrame, file: File) -> pl.LazyFrame:
    """Return the canonical columns of a file; money in whole fen, ids as text, words also as codes."""
    schema, entries = file.schema, file.entries
    quick = [e for e in entries if schema[e.raw_header] == pl.String and e.kind in {"number", "date"}]
    plain = [e for e in entries if e not in quick]
    typed = [e for e in plain if schema[e.raw_header].is_float() or schema[e.raw_header] == pl.String]
    bad = [pl.when(misread(schema[e.raw_header], e)).then(pl.lit(e.raw_header)) for e in typed if e.kind in CHECKED]
    rows = raw.select(
        (pl.col(ROW).cast(pl.Int64) + file.first_row).alias(ROW),
        pl.lit(file.name).alias(FILE),
        pl.coalesce(*bad, pl.lit(None, pl.String)).alias(HEADER),
        pl.any_horizontal(_absent(schema[e.raw_header], e) for e in entries if e.name in file.key).alias(KEYLESS),
        *[value_of(schema[e.raw_header], e).alias(e.name) for e in plain],
        *[text_of(pl.String(), e).alias(e.name) for e in quick],
        *[_code(schema[e.raw_header], e, file.words[e.name]) for e in entries if e.name in file.words],
    )
    read = rows.with_columns(_read(e).alias(VALUE + e.name) for e in quick)
    unread = [
        pl.when(pl.col(e.name).is_not_null() & pl.col(VALUE + e.name).is_null()).then(pl.lit(e.raw_header))
        for e in quick
    ]
    made = [pl.col(VALUE + e.name).alias(e.name) for e in quick]
    whole = read.with_columns(pl.coalesce(HEADER, *unread).alias(HEADER), *made).drop(VALUE + e.name for e in quick)
    return whole.with_columns(_fen(n) for n in MONEY if n in {e.name for e in entries})


def _code(dtype: pl.DataType, entry: Entry, words: Mapping[str, str]) -> pl.Expr:
    """Return the codes of a column's words; of text as it stands where no cell of it is a missing code."""
    plain = dtype == pl.String and not entry.missing_codes
    return codes(pl.col(entry.raw_header) if plain else text_of(dtype, entry), words).alias(CODED + entry.name)


def _absent(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Whether a part of the key is missing; a whole number is there without being written out as text."""
    if dtype.is_integer() and not entry.missing_codes:
        return pl.col(entry.raw_header).is_null()
    return value_of(dtype, entry).is_null()


def _read(entry: Entry) -> pl.Expr:
    text = pl.col(entry.name)
    return dates(text) if entry.kind == "date" else numbers(text, has_factor=entry.factor != 1) * entry.factor


def _fen(name: str) -> pl.Expr:
    value = pl.col(name)
    return pl.when(value.abs() < SMALL).then((value * FEN).round(0, mode="half_away_from_zero")).cast(pl.Int64)
