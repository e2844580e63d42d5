"""Doubles beyond the key: further ids that occur twice in a round, and households with all answers alike."""

from __future__ import annotations

import polars as pl

from evalkit.intake.checks.rule import Check, shown
from evalkit.intake.checks.survey import Survey


def duplicate_ids(survey: Survey) -> list[Check]:
    """Ids of [quality] that more than one row of a round bears; values of identifiers are not shown."""
    hidden = {e.name for e in survey.entries if e.identifier}
    checks = []
    for names in survey.plan.ids:
        known = pl.all_horizontal(pl.col(n).is_not_null() for n in names)
        copies = pl.len().over([*names, *survey.by_round()])
        value = shown([n for n in names if n not in hidden]) if set(names) - hidden else pl.lit("")
        checks.append(Check("duplicate_ids", "+".join(names), known, copies > 1, value))
    return checks


def identical_answers(survey: Survey) -> list[Check]:
    """Rows of one round whose measured numbers are all alike, where enough of them are neither missing nor 0."""
    names = survey.numbers
    if len(names) < survey.plan.min_answers:
        return []
    telling = pl.sum_horizontal((pl.col(n) != 0).fill_null(False) for n in names) >= survey.plan.min_answers
    copies = pl.len().over([*names, *survey.by_round()])
    return [Check("identical_answers", f"{len(names)}", telling, copies > 1, pl.lit(f"{len(names)} = {len(names)}"))]
