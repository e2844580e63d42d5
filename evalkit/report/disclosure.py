"""Disclosure: cells that hold too few households or villages are withheld, and what would give them away too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.programme import Disclosure
from evalkit.report.wording import WORDS, Language

Held = Literal["households", "villages", "complement"]


@dataclass(frozen=True, slots=True)
class Size:
    """How many households and villages a cell rests on; None villages = the cell is one village by intent."""

    n_units: int
    n_villages: int | None


def withheld(sizes: Sequence[Size], limits: Disclosure) -> list[Held | None]:
    """Say for each cell of a group whether it is withheld, and why.

    Where exactly one cell of a group of at least two is withheld, the smallest of the others is withheld too:
    it would give the first away together with the group's total. Empty cells hold nobody and are shown as empty.
    """
    held = [_too_small(size, limits) for size in sizes]
    filled = [i for i, size in enumerate(sizes) if size.n_units > 0]
    hidden = [i for i in filled if held[i]]
    others = [i for i in filled if not held[i]]
    if len(hidden) == 1 and others:
        held[min(others, key=lambda i: sizes[i].n_units)] = "complement"
    return held


def held_text(held: Held, limits: Disclosure, lang: Language) -> str:
    """Return the words in place of a withheld number."""
    words = WORDS[lang]
    if held == "complement":
        return words.label("withheld_complement")
    if held == "villages":
        return words.label("withheld_villages", n=limits.min_villages)
    return words.label("withheld", n=limits.min_households)


def _too_small(size: Size, limits: Disclosure) -> Held | None:
    if size.n_units == 0:
        return None
    if size.n_units < limits.min_households:
        return "households"
    if size.n_villages is not None and size.n_villages < limits.min_villages:
        return "villages"
    return None


def shown_terms(rows: Sequence[dict[str, Any]], limits: Disclosure) -> list[dict[str, Any]]:
    """Return the tidy rows that rest on enough treated households and villages; a count that isn't there is no bar."""

    def enough(row: dict[str, Any]) -> bool:
        units, villages = row.get("n_treated_units"), row.get("n_treated_villages")
        return (units is None or units >= limits.min_households) and (
            villages is None or villages >= limits.min_villages
        )

    return [r for r in rows if r["term"] == "att" or enough(r)]
