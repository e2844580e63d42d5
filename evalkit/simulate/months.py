"""Months of a scenario: counted from year 0, so that 2016-03 is 2016·12 + 2."""

from __future__ import annotations

YEAR = 12


def month(text: str) -> int:
    """Return the month of a text like 2016-03."""
    year, number = text.split("-")
    return int(year) * YEAR + int(number) - 1
