"""The periods of a ledger: years, or months counted from year 0 where the programme's rounds are months."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import polars as pl

from evalkit.intake.months import YEAR, month_of_date, round_number
from evalkit.programme import Source


@dataclass(frozen=True, slots=True)
class Calendar:
    """How days become periods, and periods days."""

    monthly: bool = False

    def period(self, day: pl.Expr) -> pl.Expr:
        """Return the period that a date lies in, Int64."""
        return month_of_date(day) if self.monthly else day.dt.year().cast(pl.Int64)

    def end(self, period: pl.Expr) -> pl.Expr:
        """Return the last day of a period."""
        if self.monthly:
            return pl.date(period // YEAR, period % YEAR + 1, 1).dt.month_end()
        return pl.date(period, 12, 31)

    def span(self, source: Source) -> tuple[int, int] | None:
        """Return the first and last complete period: 2016 is a year, 201603 a month; None where none is stated."""
        if source.complete is None:
            return None
        first, last = (round_number(str(n)) if self.monthly else n for n in source.complete)
        return first, last

    def days(self, source: Source) -> tuple[datetime.date, datetime.date] | None:
        """Return the first and last day of the complete periods."""
        span = self.span(source)
        if span is None:
            return None
        edges = pl.select(self.end(pl.lit(span[0] - 1)).dt.offset_by("1d"), last=self.end(pl.lit(span[1])))
        first, last = edges.row(0)
        return first, last
