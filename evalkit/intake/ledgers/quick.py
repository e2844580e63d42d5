"""Numbers and dates of long text columns: what is written plainly is read at once, the rest as `intake.cells` reads it.

Both give the same values (a property test holds it); the readers of cells look at each text in many ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from evalkit.intake.cells import date, number

UNKNOWN = "?"
"""The code of a word that no list knows."""
PLAIN_DATE = "%Y-%m-%d"
WIDTH = 10
"""Characters of 2017-11-30; a date of any other width is left to the readers of cells."""


def numbers(text: pl.Expr, *, has_factor: bool) -> pl.Expr:
    """Return text as numbers, null where it is none."""
    slow = partial(number, has_factor=has_factor)
    return text.map_batches(partial(_rest, quick=_plain_numbers, slow=slow), pl.Float64, is_elementwise=True)


def dates(text: pl.Expr) -> pl.Expr:
    """Return text as dates, null where it is none."""
    return text.map_batches(partial(_rest, quick=_plain_dates, slow=date), pl.Date, is_elementwise=True)


def _plain_numbers(text: pl.Series) -> pl.Series:
    value = text.cast(pl.Float64, strict=False)
    return value.set(~value.is_finite().fill_null(True), None)


def _plain_dates(text: pl.Series) -> pl.Series:
    return text.set(text.str.len_bytes() != WIDTH, None).str.to_date(PLAIN_DATE, strict=False)


def _rest(text: pl.Series, quick: Callable[[pl.Series], pl.Series], slow: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Read plainly, and with the slow reader what was not read so."""
    value = quick(text)
    places = (value.is_null() & text.is_not_null()).arg_true()
    if places.is_empty():
        return value
    unread = pl.DataFrame({"text": text.gather(places)}).select(slow(pl.col("text")).alias("read"))["read"]
    return value.scatter(places, unread)


def codes(text: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Return the code of each cell: null where it is empty, `UNKNOWN` where no list knows its word.

    A word that is written plainly is looked up at once; only other cells are trimmed first.
    """
    kinds = pl.Enum([*dict.fromkeys(words.values()), UNKNOWN])
    return text.map_batches(partial(_looked_up, words=words, kinds=kinds), kinds, is_elementwise=True)


def _looked_up(text: pl.Series, words: Mapping[str, str], kinds: pl.Enum) -> pl.Series:
    found = text.replace_strict(dict(words), default=None, return_dtype=kinds)
    places = (found.is_null() & text.is_not_null()).arg_true()
    if places.is_empty():
        return found
    rest = text.gather(places).str.strip_chars()
    slow = rest.replace_strict({**words, "": None}, default=UNKNOWN, return_dtype=kinds)
    return found.scatter(places, slow)
