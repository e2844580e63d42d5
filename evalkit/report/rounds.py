"""How rounds are called: years, numbers, or months written as 2016-03."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evalkit.finding import Finding
from evalkit.intake.months import month_label
from evalkit.programme import Programme
from evalkit.report.wording import WORDS, Language

FIRST_YEAR = 1900
"""Rounds numbered higher are years."""
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
MANY = 24
"""Up to so many rounds a figure has a tick for each."""


def is_monthly(programme: Programme) -> bool:
    """Whether the programme's rounds are months."""
    return programme.design.period == "month"


def round_label(value: Any, programme: Programme) -> str:
    """Write a round, given as a number or as its text."""
    return month_label(int(value)) if is_monthly(programme) and value is not None else str(value)


def round_in_words(value: Any, programme: Programme, lang: Language) -> str:
    """Write a round within a sentence: a month with its name, a year or a number as it is."""
    if value is None or not is_monthly(programme):
        return str(value)
    year, month = month_label(int(value)).split("-")
    name = MONTHS[int(month) - 1] if lang == "en" else str(int(month))
    return WORDS[lang].label("month_in_words", year=year, month=name)


def round_name(value: Any, programme: Programme, lang: Language) -> str:
    """Call a round within a sentence: a month, a year, or the number of the round."""
    if is_monthly(programme):
        return round_in_words(value, programme, lang)
    return WORDS[lang].label("round_in_year" if int(value) > FIRST_YEAR else "round_numbered", n=int(value))


def round_places(values: Iterable[Any], programme: Programme) -> list[Any]:
    """Return rounds as a figure's axis takes them: numbers, or months as text, which it reads as dates."""
    return [round_label(v, programme) for v in values] if is_monthly(programme) else list(values)


def time_word(finding: Finding) -> str:
    """Return the label's key for rounds: calendar years, months, or numbered."""
    if is_monthly(finding.programme):
        return "month"
    times = finding.means["time"].drop_nulls()
    return "time" if len(times) and int(str(times.min())) > FIRST_YEAR else "round"


def earlier_rounds(n: int, programme: Programme, lang: Language) -> str:
    """Count rounds before the start: months where they are months."""
    key = ("leads_month" if is_monthly(programme) else "leads_round") + ("_one" if n == 1 else "")
    return WORDS[lang].label(key, n=n)


def path_word(programme: Programme) -> str:
    """Return the label's key for what a path before and after the start counts: rounds, months, or years of months."""
    return "event_time_year" if programme.design.path == "year" else event_word(programme)


def by_path(key: str, programme: Programme) -> str:
    """Return the key of a text about the path: of its own where a point is a year of months."""
    return f"{key}_year" if programme.design.path == "year" else key


def event_word(programme: Programme) -> str:
    """Return the label's key for rounds since the start."""
    return "event_time_month" if is_monthly(programme) else "event_time"
