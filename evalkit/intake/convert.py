"""From raw text to canonical columns: mapped by the codebook, in canonical units; what does not convert is rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.intake.cells import date, number
from evalkit.intake.codebook import NUMBERS, Entry
from evalkit.intake.files import RawTable
from evalkit.intake.records import REJECTED_SCHEMA

ROW, FILE = "_row", "_file"


@dataclass(frozen=True, slots=True)
class Converted:
    """Canonical rows of one file (with `_file` and `_row`), the rows rejected, and headers that no entry maps."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    unmapped: tuple[str, ...]


def convert(table: RawTable, entries: Sequence[Entry], key: Sequence[str], time: str | None, kind: str) -> Converted:
    """Map and convert one file. A value that is no number where one is needed rejects its row."""
    raw = table.frame.with_row_index(ROW, offset=table.first_row)
    values = raw.select(pl.col(ROW).cast(pl.Int64), *[value_of(raw.schema[e.raw_header], e) for e in entries])
    bad = pl.any_horizontal(misread(raw.schema[e.raw_header], e) for e in entries) if entries else pl.lit(False)
    flags = raw.select(
        bad.alias("bad"), *[misread(raw.schema[e.raw_header], e).alias(f"bad_{e.name}") for e in entries]
    )
    frame = values.with_columns(pl.lit(table.path.name).alias(FILE))
    if table.round is not None and time is not None and time not in frame.columns:
        frame = frame.with_columns(pl.lit(table.round, pl.Int64).alias(time))
    rejected = _rejected(frame, raw, flags, entries, key, kind)
    used = {e.raw_header for e in entries}
    return Converted(frame.filter(~flags["bad"]), rejected, tuple(c for c in table.frame.columns if c not in used))


def _text(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Read a cell as trimmed text; empty cells and missing codes are null."""
    column = pl.col(entry.raw_header)
    if dtype.is_float() and entry.kind in {"id", "text", "category"}:
        column = (
            pl.when(column == column.round(0))
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.cast(pl.String))
        )
    text = column.cast(pl.String).str.strip_chars()
    return pl.when(text.is_in(["", *entry.missing_codes])).then(None).otherwise(text)


def _number(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    if dtype.is_numeric() or dtype == pl.Boolean:
        value = pl.col(entry.raw_header).cast(pl.Float64)
        codes = [code for c in entry.missing_codes if (code := as_number(c)) is not None]
        return pl.when(value.is_in(codes)).then(None).otherwise(value) if codes else value
    return number(_text(dtype, entry), has_factor=entry.factor != 1)


def as_number(code: str) -> float | None:
    """Return a missing code as a number; None where it is a word, which a column of numbers cannot hold."""
    try:
        return float(code)
    except ValueError:
        return None


def _date(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    if dtype.is_temporal():
        return pl.col(entry.raw_header).cast(pl.Date)
    return date(_text(dtype, entry))


def value_of(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Return a raw column of this type as the entry's canonical column; null where a cell is empty or misread."""
    if entry.kind == "date":
        return _date(dtype, entry).alias(entry.name)
    if entry.kind not in NUMBERS:
        return _text(dtype, entry).alias(entry.name)
    value = _number(dtype, entry) * entry.factor
    return (value.cast(pl.Int64, strict=False) if entry.kind == "integer" else value).alias(entry.name)


def misread(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Whether a cell holds something that is no number (no whole number, no date) where one is needed."""
    if entry.kind == "date" and not dtype.is_temporal():
        return (_text(dtype, entry).is_not_null() & _date(dtype, entry).is_null()).fill_null(False)
    if entry.kind not in NUMBERS or dtype == pl.Boolean:
        return pl.lit(False)
    value = _number(dtype, entry)
    odd = (value != value.round(0)) if entry.kind == "integer" else pl.lit(False)
    unread = pl.lit(False) if dtype.is_numeric() else _text(dtype, entry).is_not_null() & value.is_null()
    return (unread | odd | value.is_infinite() | value.is_nan()).fill_null(False)


def _rejected(
    frame: pl.DataFrame, raw: pl.DataFrame, flags: pl.DataFrame, entries: Sequence[Entry], key: Sequence[str], kind: str
) -> pl.DataFrame:
    parts = []
    for entry in entries:
        hit = flags[f"bad_{entry.name}"]
        if not hit.any():
            continue
        rule, zh = ("date", "日期") if entry.kind == "date" else ("number", "数字")
        shown = pl.lit("") if entry.identifier else raw.filter(hit)[entry.raw_header].cast(pl.String)
        parts.append(
            frame.filter(hit).select(
                pl.lit(kind).alias("source"),
                pl.col(FILE).alias("file"),
                pl.col(ROW).alias("row"),
                pl.lit(rule).alias("rule"),
                pl.lit("error").alias("severity"),
                pl.lit(entry.raw_header).alias("column"),
                row_key(frame, key),
                (pl.lit(f"“{entry.raw_header}”应为{zh}，实为“") + shown + "”").alias("reason_zh"),
                (pl.lit(f"{entry.raw_header!r} should be a {rule} and is '") + shown + "'").alias("reason_en"),
            )
        )
    return pl.concat(parts) if parts else pl.DataFrame(schema=REJECTED_SCHEMA)


def row_key(frame: pl.DataFrame, key: Sequence[str]) -> pl.Expr:
    """Return a row's key as text, parts joined by a slash."""
    there = [k for k in key if k in frame.columns]
    return (
        pl.concat_str([pl.col(k).cast(pl.String) for k in there], separator="/", ignore_nulls=True).alias("key")
        if there
        else pl.lit("").alias("key")
    )
