"""Disclosure: which cells are withheld, and how the numbers that remain are coarsened so that none tells on another.

The rules, each a function of its own so that a test can break it:

- `too_small`: fewer households or villages than the thresholds, or fewer that have (or lack) what a share counts.
- `protect_line`: what a line of cells withholds must be two cells at least, with as many households as the threshold.
- `protect_groups`: the same for cells that add to a total by group, as those of all cohorts at one event time.
- `near`: two cells of one variable, one within the other, that differ by fewer households than the threshold.
- `rounded`: on public pages counts are multiples of the threshold, so any two of them differ by 0 or by the threshold.
- `share_of`: a share is recomputed from the rounded count; an exact one would give the count away.
- `coarse`: a mean keeps four digits; more would give away the count of a sum of whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.programme import Disclosure
from evalkit.report.wording import Words

Held = Literal["households", "villages", "complement"]
DIGITS = 4
COUNTS = (
    *("n_obs", "n_units", "n_rows", "n_treated_units", "n_start", "n_observed", "n_units_pilot", "n_rows_pilot"),
    *("n_left", "n_right"),
)
"""Counts of households or of their records, in whatever table; the number of villages is a fact of the design."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many households and villages a cell rests on; None villages = the cell is one village by intent.

    ``n_with`` is how many of the households have what a share counts, where the cell shows a share.
    """

    n_units: int
    n_villages: int | None
    n_with: int | None = None


def withheld(sizes: Sequence[Size], limits: Disclosure) -> list[Held | None]:
    """Say for each cell of a line (cells that add to a total) whether it is withheld, and why."""
    return withheld_table([sizes], limits)[0]


def withheld_table(sizes: Sequence[Sequence[Size]], limits: Disclosure) -> list[list[Held | None]]:
    """Say for each cell of a table (equal rows, with totals by row and by column) whether it is withheld, and why.

    Empty cells hold nobody and are shown as empty.
    """
    return protected(sizes, [[too_small(size, limits) for size in line] for line in sizes], limits)


def protected(
    sizes: Sequence[Sequence[Size]], held: Sequence[Sequence[Held | None]], limits: Disclosure
) -> list[list[Held | None]]:
    """Withhold further cells until no row and no column gives away what it withholds."""
    table = [list(line) for line in held]
    while True:
        before = [list(line) for line in table]
        for i, line in enumerate(sizes):
            table[i] = protect_line(line, table[i], limits)
        for j in range(len(sizes[0]) if len(sizes) > 1 else 0):
            column = protect_line([line[j] for line in sizes], [line[j] for line in table], limits)
            for shown, cell in zip(table, column, strict=True):
                shown[j] = cell
        if table == before:
            return table


def protect_line(sizes: Sequence[Size], held: Sequence[Held | None], limits: Disclosure) -> list[Held | None]:
    """Withhold the smallest of the other cells while what is withheld is one cell, or too few households together."""
    line = list(held)
    filled = [i for i, size in enumerate(sizes) if size.n_units > 0]
    while True:
        hidden, others = [i for i in filled if line[i]], [i for i in filled if not line[i]]
        enough = len(hidden) > 1 and sum(sizes[i].n_units for i in hidden) >= limits.min_households
        if not hidden or enough or not others:
            return line
        line[min(others, key=lambda i: sizes[i].n_units)] = "complement"


def protect_groups(
    sizes: Sequence[Size], held: Sequence[Held | None], groups: Sequence[Any], limits: Disclosure
) -> list[Held | None]:
    """Withhold further cells until no group gives away what it withholds; cells of the group None add to no total."""
    line = list(held)
    for group in sorted({g for g in groups if g is not None}):
        places = [i for i, g in enumerate(groups) if g == group]
        protected_ = protect_line([sizes[i] for i in places], [line[i] for i in places], limits)
        for i, why in zip(places, protected_, strict=True):
            line[i] = why
    return line


def too_small(size: Size, limits: Disclosure) -> Held | None:
    """Say why a cell alone may not be shown; None where it may."""
    if size.n_units == 0:
        return None
    if size.n_units < limits.min_households:
        return "households"
    if size.n_villages is not None and size.n_villages < limits.min_villages:
        return "villages"
    if size.n_with is not None and _few(size.n_with, limits) | _few(size.n_units - size.n_with, limits):
        return "households"
    return None


def near(one: int, other: int, limits: Disclosure) -> bool:
    """Whether two cells, one within the other, differ by some households but fewer than the threshold."""
    return _few(abs(one - other), limits)


def rounded(count: int, limits: Disclosure) -> int:
    """Return a count as public pages show it: the nearest multiple of the threshold; as it is on internal pages."""
    if limits.audience == "internal":
        return count
    base = limits.min_households
    return (count + base // 2) // base * base


def rounded_counts(row: Mapping[str, Any], limits: Disclosure) -> dict[str, Any]:
    """Return a row of a table with its counts of households and records rounded."""
    return {k: rounded(v, limits) if k in COUNTS and v is not None else v for k, v in row.items()}


def share_of(share: float, count: int, limits: Disclosure) -> float:
    """Return a share recomputed from the rounded count: the nearest whole number of so many."""
    base = rounded(count, limits)
    return round(share * base) / base if base else math.nan


def coarse(value: float | None) -> float | None:
    """Return a number with four digits."""
    if value is None or not math.isfinite(value) or value == 0:
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def shown_cut(value: float, limits: Disclosure) -> float | None:
    """Return the cut of extreme values as public pages show it: it is the value of somebody, so to four digits."""
    return value if limits.audience == "internal" else coarse(value)


def held_text(held: Held, limits: Disclosure, words: Words) -> str:
    """Return the words in place of a withheld number."""
    if held == "complement":
        return words.label("withheld_complement")
    if held == "villages":
        return words.label("withheld_villages", n=limits.min_villages)
    return words.label("withheld", n=limits.min_households)


def few_text(limits: Disclosure, words: Words) -> str:
    """Return the words in place of a count that is too small to be shown."""
    return held_text("households", limits, words)


def _few(count: int, limits: Disclosure) -> bool:
    return 0 < count < limits.min_households
