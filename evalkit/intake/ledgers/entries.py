"""Single entries: words turned into codes, and the first rule that an entry breaks on its own."""

from __future__ import annotations

from collections.abc import Sequence
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


def judged(found: Scan, source: Source, entries: Sequence[Entry]) -> pl.LazyFrame:
    """Return entries with ``_key, _who, _when, _period`` and the first rule that each breaks (``_why``, else null)."""
    when, there = date_name(source, entries), found.rows.collect_schema().names()
    rows = found.rows.with_columns(
        pl.concat_str(source.key, separator=JOINT).alias(KEY)
        if len(source.key) > 1
        else pl.col(*source.key).alias(KEY),
        pl.col(str(source.who)).alias(WHO),
        pl.col(when).alias(WHEN),
        pl.col(when).dt.year().cast(pl.Int64).alias(PERIOD),
    )
    codes = {c: words for c, words in words_of(source).items() if c in there}
    unknown = [pl.col(c).is_not_null() & ~pl.col(c).is_in(list(words)) for c, words in codes.items()]
    form = FORMS[str(source.ledger)]
    rows = rows.with_columns(_why(source, AMOUNT in form.needs, unknown).alias(WHY))
    coded = [pl.col(c).replace_strict(words, default=None, return_dtype=pl.String) for c, words in codes.items()]
    rows = rows.with_columns(coded)
    absent = [DEFAULTS[c].alias(c) for c in form.has if c not in there]
    filled = [pl.coalesce(c, DEFAULTS[c]) for c in form.has if c in there]
    return rows.with_columns(*absent, *filled)


def _why(source: Source, needs_amount: bool, unknown: Sequence[pl.Expr]) -> pl.Expr:
    first, last = dates_of(source)
    reversal = pl.col(source.reverses).is_not_null() if source.reverses else pl.lit(False)
    outside = ~pl.col(WHEN).is_between(first, last)
    rules = {
        "misread": pl.col(HEADER).is_not_null(),
        "key_missing": pl.col(KEY).is_null(),
        "who_missing": pl.col(WHO).is_null(),
        "date_missing": pl.col(WHEN).is_null(),
        "amount_missing": (pl.col(AMOUNT).is_null() & ~reversal) if needs_amount else pl.lit(False),
        "word_unknown": pl.any_horizontal(unknown) if unknown else pl.lit(False),
        "date_outside": outside,
    }
    return pl.coalesce(pl.when(rules[rule]).then(pl.lit(rule)) for rule in OWN_RULES)


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
