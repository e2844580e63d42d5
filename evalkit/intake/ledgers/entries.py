"""Single entries: words turned into codes, and the first rule that an entry breaks on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.crosswalk import replaced
from evalkit.intake.ledgers.calendar import Calendar
from evalkit.intake.ledgers.kinds import AMOUNT, DEFAULTS, FORMS
from evalkit.intake.ledgers.quick import UNKNOWN
from evalkit.intake.ledgers.records import CODED, HEADER, KEY, KEYLESS, PERIOD, WHEN, WHO, WHY, Around
from evalkit.intake.ledgers.scan import date_name, joined
from evalkit.intake.ledgers.words import WORDS
from evalkit.programme import Source

EARLIEST = date(1949, 10, 1)
OWN_RULES = (
    "misread", "key_missing", "who_missing", "date_missing", "amount_missing", "word_unknown", "date_outside",
)  # fmt: skip
"""In the order in which they are looked at."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Entries that break no rule on their own, and those that do, with the first rule that each breaks (``_why``)."""

    sound: pl.LazyFrame
    broken: pl.LazyFrame


def judged(entries_read: pl.LazyFrame, source: Source, entries: Sequence[Entry], around: Around) -> Judged:
    """Give entries ``_key, _who, _when, _period``, turn their words into codes, and part sound ones from broken."""
    schema = entries_read.collect_schema()
    when, there = date_name(source, entries), schema.names()
    period = around.calendar.period(pl.col(when))
    coded = [c for c in WORDS[str(source.ledger)] if CODED + c in there]
    rows = entries_read.with_columns(
        joined(source.key, [pl.col(k) for k in source.key]).alias(KEY),
        replaced(pl.col(str(source.who)), around.changes, period).alias(WHO),
        pl.col(when).alias(WHEN),
        period.alias(PERIOD),
    )
    form = FORMS[str(source.ledger)]
    rules = _rules(source, coded, dates_of(source, around.calendar))
    why = pl.coalesce(pl.when(rules[rule]).then(pl.lit(rule)) for rule in OWN_RULES)
    is_broken = pl.any_horizontal(rules.values())
    made = [_filled(c, schema[CODED + c]).alias(c) for c in coded]
    absent = [DEFAULTS[c].alias(c) for c in form.has if c not in there and c not in coded]
    filled = [pl.coalesce(c, DEFAULTS[c]).alias(c) for c in form.has if c in there and c not in coded]
    no_header = pl.lit(None, pl.String).alias(HEADER)
    helpers = [KEYLESS, *(CODED + c for c in coded)]
    return Judged(
        rows.filter(~is_broken).with_columns(no_header, *made, *absent, *filled).drop(helpers),
        rows.filter(is_broken).with_columns(pl.col(HEADER).cast(pl.String), why.alias(WHY)),
    )


def _filled(column: str, kinds: pl.DataType) -> pl.Expr:
    """Return the codes of a column; an empty cell has the usual one, where there is such."""
    usual = DEFAULTS.get(column)
    return pl.col(CODED + column) if usual is None else pl.coalesce(CODED + column, usual.cast(kinds))


def _rules(source: Source, coded: Sequence[str], dates: tuple[date, date]) -> dict[str, pl.Expr]:
    """Return each rule as an expression that is true where an entry breaks it, and never null."""
    first, last = dates
    needs_amount = AMOUNT in FORMS[str(source.ledger)].needs
    reversal = pl.col(source.reverses).is_not_null() if source.reverses else pl.lit(False)
    unknown = [(pl.col(CODED + c) == UNKNOWN).fill_null(value=False) for c in coded]
    return {
        "misread": pl.col(HEADER).is_not_null(),
        "key_missing": pl.col(KEYLESS),
        "who_missing": pl.col(WHO).is_null(),
        "date_missing": pl.col(WHEN).is_null(),
        "amount_missing": (pl.col(AMOUNT).is_null() & ~reversal) if needs_amount else pl.lit(False),
        "word_unknown": pl.any_horizontal(unknown) if unknown else pl.lit(False),
        "date_outside": ~pl.col(WHEN).is_between(first, last).fill_null(True),
    }


def dates_of(source: Source, calendar: Calendar) -> tuple[date, date]:
    """Return the first and last date that an entry may have: as stated, else those of the complete periods.

    A ledger of loans may begin before its first complete period, since balances need what was lent earlier.
    """
    if source.dates is not None:
        return source.dates
    days = calendar.days(source)
    if days is None:
        return EARLIEST, date(9999, 12, 31)
    return EARLIEST if source.ledger == "loans" else days[0], days[1]
