"""Single entries: words turned into codes, and the first rule that an entry breaks on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.ledgers.kinds import AMOUNT, DEFAULTS, FORMS
from evalkit.intake.ledgers.records import HEADER, KEY, PERIOD, WHEN, WHO, WHY
from evalkit.intake.ledgers.scan import Scan, date_name
from evalkit.intake.ledgers.words import words_of
from evalkit.programme import Source

JOINT = "\u241f"
"""Between the parts of a key of several columns: the sign of a unit separator, which no id holds."""
EARLIEST = date(1949, 10, 1)
OWN_RULES = (
    "misread", "key_missing", "who_missing", "date_missing", "amount_missing", "word_unknown", "date_outside",
)  # fmt: skip
"""In the order in which they are looked at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Entries that break no rule on their own, and those that do, with the first rule that each breaks (``_why``).

    ``keys`` has the key of every entry, and is read without the other columns.
    """

    keys: pl.LazyFrame
    sound: pl.LazyFrame
    broken: pl.LazyFrame


def judged(found: Scan, source: Source, entries: Sequence[Entry]) -> Judged:
    """Give entries ``_key, _who, _when, _period``, turn their words into codes, and part sound ones from broken."""
    when, there = date_name(source, entries), found.rows.collect_schema().names()
    key = pl.concat_str(source.key, separator=JOINT) if len(source.key) > 1 else pl.col(*source.key)
    rows = found.rows.with_columns(
        key.alias(KEY),
        pl.col(str(source.who)).alias(WHO),
        pl.col(when).alias(WHEN),
        pl.col(when).dt.year().cast(pl.Int64).alias(PERIOD),
    )
    codes = {c: words for c, words in words_of(source).items() if c in there}
    form = FORMS[str(source.ledger)]
    rules = _rules(source, AMOUNT in form.needs, codes)
    why = pl.coalesce(pl.when(rules[rule]).then(pl.lit(rule)) for rule in OWN_RULES)
    is_broken = pl.any_horizontal(rules.values())
    sound = rows.filter(~is_broken).with_columns(_coded(c, words) for c, words in codes.items())
    absent = [DEFAULTS[c].alias(c) for c in form.has if c not in there]
    filled = [pl.coalesce(c, DEFAULTS[c]).alias(c) for c in form.has if c in there and c not in codes]
    return Judged(
        found.rows.select(key.alias(KEY)),
        sound.with_columns(*absent, *filled),
        rows.filter(is_broken).with_columns(why.alias(WHY)),
    )


def _coded(column: str, words: Mapping[str, str]) -> pl.Expr:
    """Return the codes of a column's words; an empty cell has the usual one, where there is such."""
    by_code: dict[str, list[str]] = {}
    for word, code in words.items():
        by_code.setdefault(code, []).append(word)
    chain = pl.coalesce(*[pl.when(pl.col(column).is_in(w)).then(pl.lit(code)) for code, w in by_code.items()])
    return pl.coalesce(chain, DEFAULTS.get(column, pl.lit(None, pl.String))).alias(column)


def _rules(source: Source, needs_amount: bool, codes: Mapping[str, Mapping[str, str]]) -> dict[str, pl.Expr]:
    """Return each rule as an expression that is true where an entry breaks it, and never null."""
    first, last = dates_of(source)
    reversal = pl.col(source.reverses).is_not_null() if source.reverses else pl.lit(False)
    unknown = [pl.col(c).is_not_null() & ~pl.col(c).is_in(list(words)) for c, words in codes.items()]
    return {
        "misread": pl.col(HEADER).is_not_null(),
        "key_missing": pl.col(KEY).is_null(),
        "who_missing": pl.col(WHO).is_null(),
        "date_missing": pl.col(WHEN).is_null(),
        "amount_missing": (pl.col(AMOUNT).is_null() & ~reversal) if needs_amount else pl.lit(False),
        "word_unknown": pl.any_horizontal(unknown).fill_null(False) if unknown else pl.lit(False),
        "date_outside": ~pl.col(WHEN).is_between(first, last).fill_null(True),
    }


def dates_of(source: Source) -> tuple[date, date]:
    """Return the first and last date that an entry may have: as stated, else those of the complete periods.

    A ledger of loans may begin before its first complete period, since balances need what was lent earlier.
    """
    if source.dates is not None:
        return source.dates
    if source.complete is None:
        return EARLIEST, date(9999, 12, 31)
    first, last = source.complete
    return (EARLIEST if source.ledger == "loans" else date(first, 1, 1)), date(last, 12, 31)
