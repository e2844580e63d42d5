"""From raw text to canonical columns: mapped by the codebook, in canonical units; what does not convert is rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.intake.cells import date, number
from evalkit.intake.codebook import NUMBERS, Entry
from evalkit.intake.files import RawTable
from evalkit.intake.months import month, month_of_date
from evalkit.intake.notes import WORDS, is_ditto, is_footer
from evalkit.intake.records import REJECTED_SCHEMA

ROW, FILE, CODE = "_row", "_file", "_code_"
NUMBER = ("number", "数字", "number")
DITTO = ("ditto", "该行自己的内容", "value of its own")
MONTH = ("month", "月份", "month")
RULES = {"date": ("date", "日期", "date"), "month": MONTH, **dict.fromkeys(WORDS, DITTO)}
"""What a cell breaks that does not convert, by the codebook's kind; and what it should be, in both languages."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Canonical rows of one file (with `_file` and `_row`), the rows rejected, and headers that no entry maps.

    ``lost`` has the records that a misread cell rejects, in the columns of ``frame``; what was misread is null.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    unmapped: tuple[str, ...]
    lost: pl.DataFrame


def convert(table: RawTable, entries: Sequence[Entry], key: Sequence[str], time: str | None, kind: str) -> Converted:
    """Map and convert one file. A value that is no number where one is needed rejects its row."""
    everything = table.frame.with_row_index(ROW, offset=table.first_row)
    foot = is_footer(everything, entries, key)
    raw = everything.filter(~foot)
    values = raw.select(
        pl.col(ROW).cast(pl.Int64), *[value_of(raw.schema[e.raw_header], e) for e in entries], *_kinds(raw, entries)
    )
    bad = pl.any_horizontal(misread(raw.schema[e.raw_header], e) for e in entries) if entries else pl.lit(False)
    flags = raw.select(
        bad.alias("bad"), *[misread(raw.schema[e.raw_header], e).alias(f"bad_{e.name}") for e in entries]
    )
    frame = values.with_columns(pl.lit(table.path.name).alias(FILE))
    if table.round is not None and time is not None and time not in frame.columns:
        frame = frame.with_columns(pl.lit(table.round, pl.Int64).alias(time))
    rejected = [_rejected(frame, raw, flags, entries, key, kind), _footers(everything.filter(foot), table, kind)]
    used = {e.raw_header for e in entries}
    unmapped = tuple(c for c in table.frame.columns if c not in used)
    return Converted(frame.filter(~flags["bad"]), pl.concat(rejected), unmapped, frame.filter(flags["bad"]))


def _kinds(raw: pl.DataFrame, entries: Sequence[Entry]) -> list[pl.Expr]:
    """Return for each entry whose codebook tells them apart which cells say don't know (1) or refused (2)."""
    out = []
    for e in entries:
        if not (e.codes("dont_know") or e.codes("refused")):
            continue
        unknown, refused = (_is_code(raw.schema[e.raw_header], e, k) for k in ("dont_know", "refused"))
        kind = pl.when(unknown).then(1).when(refused).then(2).otherwise(None).cast(pl.Int8)
        out.append(kind.alias(f"{CODE}{e.name}"))
    return out


def _is_code(dtype: pl.DataType, entry: Entry, kind: str) -> pl.Expr:
    """Whether a cell is a missing code of one kind: as text, or as a number however it is written (-99, -99.0)."""
    codes = entry.codes(kind)
    column = pl.col(entry.raw_header)
    if dtype.is_numeric():
        return column.cast(pl.Float64).is_in(_numbers(codes))
    text = column.cast(pl.String).str.strip_chars()
    return text.is_in(list(codes)) | number(text, has_factor=False).is_in(_numbers(codes)).fill_null(False)


def _numbers(codes: Sequence[str]) -> list[float]:
    """Return the codes that are numbers."""
    return [n for c in codes if (n := as_number(c)) is not None]


def text_of(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Read a cell as trimmed text; empty cells and missing codes are null."""
    column = pl.col(entry.raw_header)
    if dtype.is_float() and entry.kind in {"id", "text", "category"}:
        column = (
            pl.when(column == column.round(0))
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.cast(pl.String))
        )
    text = column.cast(pl.String).str.strip_chars()
    empty = text.is_in(["", *entry.missing_codes]) if entry.missing_codes else text == ""
    return pl.when(empty).then(None).otherwise(text)


def _number(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    if dtype.is_numeric() or dtype == pl.Boolean:
        value = pl.col(entry.raw_header).cast(pl.Float64)
    else:
        value = number(text_of(dtype, entry), has_factor=entry.factor != 1)
    codes = _numbers(entry.missing_codes)
    return pl.when(value.is_in(codes)).then(None).otherwise(value) if codes else value


def as_number(code: str) -> float | None:
    """Return a missing code as a number; None where it is a word, which a column of numbers cannot hold."""
    try:
        return float(code)
    except ValueError:
        return None


def _date(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    if dtype.is_temporal():
        return pl.col(entry.raw_header).dt.date()  # the day in the column's own time zone; a cast would take UTC's
    return date(text_of(dtype, entry))


def _month(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    return month_of_date(_date(dtype, entry)) if dtype.is_temporal() else month(text_of(dtype, entry))


READ = {"date": _date, "month": _month}
"""Kinds of cells that are read in a way of their own; what cannot be read is null."""


def value_of(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Return a raw column of this type as the entry's canonical column; null where a cell is empty or misread."""
    if entry.kind in READ:
        return READ[entry.kind](dtype, entry).alias(entry.name)
    if entry.kind not in NUMBERS:
        return text_of(dtype, entry).alias(entry.name)
    value = _number(dtype, entry) * entry.factor
    return (value.cast(pl.Int64, strict=False) if entry.kind == "integer" else value).alias(entry.name)


def misread(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Whether a cell holds something that is no number (no whole number, date or month) where one is needed."""
    if entry.kind in READ and not dtype.is_temporal():
        return (text_of(dtype, entry).is_not_null() & READ[entry.kind](dtype, entry).is_null()).fill_null(False)
    if entry.kind in WORDS and dtype == pl.String:
        return is_ditto(text_of(dtype, entry))
    if entry.kind not in NUMBERS or dtype == pl.Boolean:
        return pl.lit(False)
    value = _number(dtype, entry)
    odd = (value != value.round(0)) if entry.kind == "integer" else pl.lit(False)
    unread = pl.lit(False) if dtype.is_numeric() else _unread(dtype, entry)
    return (unread | odd | value.is_infinite() | value.is_nan()).fill_null(False)


def _unread(dtype: pl.DataType, entry: Entry) -> pl.Expr:
    """Whether a cell has text that is no number (a missing code is one)."""
    text = text_of(dtype, entry)
    return text.is_not_null() & number(text, has_factor=entry.factor != 1).is_null()


def _rejected(
    frame: pl.DataFrame, raw: pl.DataFrame, flags: pl.DataFrame, entries: Sequence[Entry], key: Sequence[str], kind: str
) -> pl.DataFrame:
    parts = []
    for entry in entries:
        hit = flags[f"bad_{entry.name}"]
        if not hit.any():
            continue
        rule, zh, en = RULES.get(entry.kind, NUMBER)
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
                (pl.lit(f"{entry.raw_header!r} should be a {en} and is '") + shown + "'").alias("reason_en"),
            )
        )
    return pl.concat(parts) if parts else pl.DataFrame(schema=REJECTED_SCHEMA)


def _footers(rows: pl.DataFrame, table: RawTable, kind: str) -> pl.DataFrame:
    """List totals and remarks that stand below the records, with the rows that they stand in."""
    values = [
        (
            kind,
            table.path.name,
            row,
            "footer",
            "warning",
            "",
            "",
            "合计或备注行，不是记录",
            "a total or a remark, no record",
        )
        for row in rows[ROW]
    ]
    return pl.DataFrame(values, schema=REJECTED_SCHEMA, orient="row")


def row_key(frame: pl.DataFrame, key: Sequence[str]) -> pl.Expr:
    """Return a row's key as text, parts joined by a slash."""
    there = [k for k in key if k in frame.columns]
    return (
        pl.concat_str([pl.col(k).cast(pl.String) for k in there], separator="/", ignore_nulls=True).alias("key")
        if there
        else pl.lit("").alias("key")
    )
