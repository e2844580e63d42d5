"""Logic across rounds: households whose size jumps."""

from __future__ import annotations

import polars as pl

from evalkit.intake.checks.rule import Check
from evalkit.intake.checks.survey import Survey

SIZE = "resident_members"


def size_jumps(survey: Survey) -> list[Check]:
    """Members more or fewer than in the household's round before by at least `size_jump`."""
    name = survey.plan.size or SIZE
    if name not in survey.frame.columns or survey.design.unit is None or not survey.by_round():
        return []
    before = previous(survey, name)
    return [
        Check(
            "size_jump",
            name,
            before.is_not_null() & pl.col(name).is_not_null(),
            (pl.col(name) - before).abs() >= survey.plan.size_jump,
            pl.format("{} → {}", before.cast(pl.String), pl.col(name).cast(pl.String)),
        )
    ]


def previous(survey: Survey, name: str) -> pl.Expr:
    """Return a household's last known value in a round before; null where there is none."""
    value = pl.col(name).forward_fill().shift(1)
    return value.over(survey.design.unit, order_by="_round")
