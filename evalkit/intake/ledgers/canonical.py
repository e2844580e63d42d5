"""From a file's raw rows to the canonical columns of a ledger: money in whole fen, ids as text, words as codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.convert import ROW, as_number, misread, text_of, value_of
from evalkit.intake.ledgers.kinds import FEN, MONEY
from evalkit.intake.ledgers.quick import READ, UNREAD, codes, dates, numbers, trimmed
from evalkit.intake.ledgers.records import CODED, HEADER, KEYLESS

SMALL = 1e15
"""Money of 10¹⁵ yuan or more does not fit into whole fen, and is no amount of a village."""
CHECKED = frozenset({"number", "integer", "flag", "date"})
TEXTS = frozenset({"id", "text", "category"})


@dataclass(frozen=True, slots=True)
class File:
    """What makes canonical rows of a file's raw ones: its types, codebook, first row, key and words by column.

    ``as_text`` names columns of words that are wanted as they stand, too; ``headers`` is the type of `_header`, which
    holds the raw headers of all files of the ledger.
    """

    schema: pl.Schema
    entries: tuple[Entry, ...]
    first_row: int
    key: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]]
    as_text: frozenset[str]
    headers: pl.Enum


def canonical(raw: pl.LazyFrame, file: File) -> pl.LazyFrame:
    """Return `_row`, `_header` (of a cell that was misread, else null), `_keyless` and the canonical columns.

    Of a column of words there are the codes, under `CODED` and its name.
    """
    schema, coded = file.schema, [e for e in file.entries if e.name in file.words]
    entries = [e for e in file.entries if e not in coded or e.name in file.as_text]
    quick = [e for e in entries if schema[e.raw_header] == pl.String and e.kind in {"number", "date"}]
    checked = [e for e in file.entries if e.kind in CHECKED and e not in quick]
    typed = [e for e in checked if schema[e.raw_header].is_float() or schema[e.raw_header] == pl.String]
    bad = [pl.when(misread(schema[e.raw_header], e)).then(_header(e, file)) for e in typed]
    whole = [e for e in entries if e.name in file.key and _is_whole(schema, e)]
    rows = raw.select(
        (pl.col(ROW).cast(pl.Int64) + file.first_row).alias(ROW),
        pl.coalesce(*bad, pl.lit(None, file.headers)).alias(HEADER),
        pl.any_horizontal(pl.lit(value=False), *[pl.col(e.raw_header).is_null() for e in whole]).alias(KEYLESS),
        *[_plain(schema, e).alias(e.name) for e in entries if e not in quick],
        *[_looked_at(e).alias(e.name) for e in quick],
        *[_code(schema[e.raw_header], e, file.words[e.name]).alias(CODED + e.name) for e in coded],
    )
    unread = [pl.when(pl.col(e.name).struct.field(UNREAD)).then(_header(e, file)) for e in quick]
    read = rows.with_columns(
        pl.coalesce(HEADER, *unread).alias(HEADER),
        *[_value(e).alias(e.name) for e in quick],
    )
    parts = [pl.col(e.name).is_null() for e in entries if e.name in file.key and e not in whole]
    return read.with_columns(
        pl.any_horizontal(KEYLESS, *parts).alias(KEYLESS),
        *[_fen(e) for e in entries if e.name in MONEY],
    )


def _header(entry: Entry, file: File) -> pl.Expr:
    return pl.lit(entry.raw_header, file.headers)


def _is_whole(schema: pl.Schema, entry: Entry) -> bool:
    """Whether a column holds whole numbers of which none is a missing code: they are there without being written."""
    return schema[entry.raw_header].is_integer() and not entry.missing_codes


def _plain(schema: pl.Schema, entry: Entry) -> pl.Expr:
    """Return a column as `intake.convert` does; texts trimmed at once."""
    if schema[entry.raw_header] == pl.String and entry.kind in TEXTS:
        return trimmed(pl.col(entry.raw_header), entry.missing_codes)
    return value_of(schema[entry.raw_header], entry)


def _looked_at(entry: Entry) -> pl.Expr:
    """Return a text column as `numbers` or `dates` do; where it has missing codes they are taken out first."""
    text = text_of(pl.String(), entry) if entry.missing_codes else pl.col(entry.raw_header)
    return dates(text) if entry.kind == "date" else numbers(text, has_factor=entry.factor != 1)


def _value(entry: Entry) -> pl.Expr:
    """Return what `_looked_at` read, in the codebook's unit; a missing code is none however it is written (-99.0)."""
    value = pl.col(entry.name).struct.field(READ)
    absent = [n for c in entry.missing_codes if (n := as_number(c)) is not None]
    if absent and entry.kind == "number":
        value = pl.when(value.is_in(absent)).then(None).otherwise(value)
    return value if entry.factor == 1 or entry.kind == "date" else value * entry.factor


def _code(dtype: pl.DataType, entry: Entry, words: Mapping[str, str]) -> pl.Expr:
    """Return the codes of a column's words; of text as it stands where no cell of it is a missing code."""
    plain = dtype == pl.String and not entry.missing_codes
    return codes(pl.col(entry.raw_header) if plain else text_of(dtype, entry), words)


def _fen(entry: Entry) -> pl.Expr:
    """Return yuan as whole fen."""
    value = pl.col(entry.name)
    return pl.when(value.abs() < SMALL).then((value * FEN).round(0, mode="half_away_from_zero")).cast(pl.Int64)
