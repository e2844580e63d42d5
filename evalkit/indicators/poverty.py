"""Poverty at a stated line: headcount, gap and severity (Foster, Greer & Thorbecke 1984, FGT 0, 1, 2)."""

from __future__ import annotations

import polars as pl

from evalkit.errors import PlanError
from evalkit.programme import IndicatorPlan

INCOME = "disposable_income_pc_yuan"
POWERS = {"poverty_headcount": 0, "poverty_gap": 1, "poverty_severity": 2}
"""By name of the indicator: the power to which the shortfall is raised."""


def income_plan(plan: IndicatorPlan) -> IndicatorPlan:
    """Return the plan of the income that a measure of poverty is made from, so that it is deflated first."""
    return plan.model_copy(update={"name": INCOME, "unit": "yuan/year"})


def poverty(income: pl.Series, plan: IndicatorPlan) -> pl.Series:
    """Return ((line − income)/line)^power of each household below the line, 0 at or above it, null without income.

    The mean over households is FGT 0, 1 or 2. Income is per head in constant prices, the line in the same. A negative
    income counts as a gap of more than 1. Example: a line of 6,000 yuan and an income of 4,500: headcount 1, gap .25,
    severity .0625.

    Raises
    ------
    PlanError
        The plan gives no line.
    """
    line = plan.poverty_line
    if line is None:
        raise PlanError(
            f"indicator {plan.name!r}",
            "poverty_line is missing",
            "the line in yuan per head and year, in prices of the base year",
            "add poverty_line to the indicator",
        )
    short = (line - income) / line
    measure = pl.when(pl.col("short") > 0).then(pl.col("short") ** POWERS[plan.name]).otherwise(0.0)
    known = pl.when(pl.col("short").is_not_null()).then(measure)
    return pl.DataFrame({"short": short}).select(known.alias(plan.name))[plan.name]
