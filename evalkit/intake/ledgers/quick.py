"""Cells of long text columns: what is written plainly is read at once, the rest as `intake.cells` reads it.

Both give the same values (property tests hold it); the readers of cells look at each text in many ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from evalkit.intake.cells import date, number

UNKNOWN = "?"
"""The code of a word that no list knows."""
PLAIN_DATE = "%Y-%m-%d"
WIDTH = 10
"""Characters of 2017-11-30; a date of any other width is left to the readers of cells."""
READ, UNREAD = "value", "unread"
"""Fields of what `numbers` and `dates` give: the value, and whether there is a text that is none."""


def numbers(text: pl.Expr, *, has_factor: bool) -> pl.Expr:
    """Return text as numbers, null where it is none; a struct of `READ` (Float64) and `UNREAD` (Boolean)."""
    read = partial(_read, quick=_plain_numbers, slow=partial(number, has_factor=has_factor))
    return text.map_batches(read, _both(pl.Float64()), is_elementwise=True)


def dates(text: pl.Expr) -> pl.Expr:
    """Return text as dates, null where it is none; a struct of `READ` (Date) and `UNREAD` (Boolean)."""
    return text.map_batches(partial(_read, quick=_plain_dates, slow=date), _both(pl.Date()), is_elementwise=True)


def trimmed(text: pl.Expr, missing: Sequence[str] = ()) -> pl.Expr:
    """Return text without spaces around it; null where nothing is left, or a missing code."""
    return text.map_batches(partial(_trimmed, missing=list(missing)), pl.String, is_elementwise=True)


def codes(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Return the code of each cell: null where it is empty, `UNKNOWN` where no list knows its word.

    A word that is written plainly is looked up at once; only other cells are trimmed first.
    """
    kinds = pl.Enum([*dict.fromkeys(words.values()), UNKNOWN])
    return text.map_batches(partial(_looked_up, words=words, kinds=kinds), kinds, is_elementwise=True)


def _both(kind: pl.DataType) -> pl.Struct:
    return pl.Struct({READ: kind, UNREAD: pl.Boolean})


def _plain_numbers(text: pl.Series) -> pl.Series:
    value = text.cast(pl.Float64, strict=False)
    finite = value.is_finite()
    return value if finite.all() else value.set(~finite.fill_null(True), None)


def _plain_dates(text: pl.Series) -> pl.Series:
    other = text.str.len_bytes() != WIDTH
    return (text.set(other, None) if other.any() else text).str.to_date(PLAIN_DATE, strict=False, cache=False)


def _read(text: pl.Series, quick: Callable[[pl.Series], pl.Series], slow: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Read plainly, and with the slow reader what was not read so."""
    value, unread = quick(text), pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
    if value.null_count() > text.null_count():
        places = _unread(value, text)
        rest = pl.DataFrame({"text": _trimmed(text.gather(places), [])}).with_columns(slow(pl.col("text")).alias(READ))
        value = value.scatter(places, rest[READ])
        unread = unread.scatter(places, rest["text"].is_not_null() & rest[READ].is_null())
    return pl.DataFrame({READ: value, UNREAD: unread}).to_struct(text.name)


def _unread(value: pl.Series, text: pl.Series) -> pl.Series:
    """Return the rows of texts that gave no value."""
    return (value.is_null() & text.is_not_null()).arg_true()


def _trimmed(text: pl.Series, missing: Sequence[str]) -> pl.Series:
    bare = text.str.strip_chars()
    empty = bare.is_in(["", *missing]) if missing else bare.str.len_bytes() == 0
    return bare.set(empty, None) if empty.any() else bare


def _looked_up(text: pl.Series, words: Mapping[str, str], kinds: pl.Enum) -> pl.Series:
    known = text.cast(pl.Enum(list(words)), strict=False).to_physical()
    found = pl.Series(text.name, list(words.values()), dtype=kinds).gather(known)
    if known.null_count() == text.null_count():
        return found
    places = _unread(known, text)
    rest = text.gather(places).str.strip_chars()
    slow = rest.replace_strict({**words, "": None}, default=UNKNOWN, return_dtype=kinds)
    return found.scatter(places, slow)
