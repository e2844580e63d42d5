"""Months as rounds: read from 2016-03, 2016年3月, 201603 or a date, counted from year 0, and written as 2016-03.

A month is the whole number year · 12 + month − 1, so that neighbouring months differ by 1 over the turn of a year too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from evalkit.errors import PlanError
from evalkit.intake.cells import date, narrow

if TYPE_CHECKING:
    from evalkit.intake.codebook import Entry
    from evalkit.programme import Programme

YEAR = 12
"""Months of a year."""
SIX = 6
"""Digits of a year and a month written together."""
PATTERN = r"^(\d{4})(?:\s*[-/.年]\s*(0?[1-9]|1[0-2])\s*月?|(0[1-9]|1[0-2]))$"


def month(text: pl.Expr) -> pl.Expr:
    """Read text as a month, null where it is none; a whole date counts as its month.

    2016-3 is 2016 · 12 + 2 = 24194.
    """
    plain = narrow(text)
    year, parted, joined = (plain.str.extract(PATTERN, group).cast(pl.Int64, strict=False) for group in (1, 2, 3))
    return pl.coalesce(_count(year, pl.coalesce(parted, joined)), month_of_date(date(text)))


def month_of_date(day: pl.Expr) -> pl.Expr:
    """Return the month that a date lies in."""
    return _count(day.dt.year().cast(pl.Int64), day.dt.month().cast(pl.Int64))


def month_of_text(text: str) -> int | None:
    """Read one text as a month; None where it is none."""
    found = re.match(PATTERN, text.strip())
    return int(found[1]) * YEAR + int(found[2] or found[3]) - 1 if found else None


def round_number(text: str) -> int:
    """Read a round as files' names and codebooks write it: 2016, 3, or six digits for a month (201603).

    Raises
    ------
    ValueError
        It is none of these.
    """
    plain = text.replace("-", "")
    counted = month_of_text(text) if len(plain) == SIX else None
    return int(plain) if counted is None else counted


def month_label(month_: int) -> str:
    """Write a month as 2016-03."""
    return f"{month_ // YEAR}-{month_ % YEAR + 1:02d}"


def require_months(programme: Programme, entries: Sequence[Entry], codebook: str) -> None:
    """Refuse a codebook whose rounds are months where the design's are not, and the reverse.

    Raises
    ------
    PlanError
        ``design.period`` and the kind of a column with rounds do not fit.
    """
    design = programme.design
    for entry in (e for e in entries if e.name in (design.time, design.first_treated)):
        if (entry.kind == "month") != (design.period == "month"):
            stated = "months" if design.period else "no months"
            raise PlanError(
                f"{programme.id}, {codebook}",
                f"{entry.raw_header!r} ({entry.name}) is of kind {entry.kind!r}, and [design] states {stated}",
                'kind "month" for rounds and start where [design] has period = "month", and only there',
                "correct the codebook or [design] period",
            )


def _count(year: pl.Expr, month_: pl.Expr) -> pl.Expr:
    return year * YEAR + month_ - 1
