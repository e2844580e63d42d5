"""Outliers by a robust rule: median and MAD of each round, on a log scale where a variable is never negative."""

from __future__ import annotations

import polars as pl

from evalkit.intake.checks.rule import Check, Level, shown
from evalkit.intake.checks.survey import AREA, MASS, MONEY, Survey

TO_SD = 1.4826
"""The MAD of a normal distribution times this is its standard deviation."""


def outlier_level(survey: Survey) -> Level:
    """Judge values farther from their round's median than so many MADs, where a round has `min_count` values or more.

    A variable that is never negative is judged by the logarithm of its positive values: money and yields are skewed,
    and on their own scale every well-off household would be an outlier. Codes to ignore are not values.
    """
    names = [n for n in survey.numbers if survey.quantity(n) in (MONEY, AREA, MASS)]
    over = survey.by_round()
    frame = survey.frame.with_columns(_scaled(survey, n).alias(f"_x_{n}") for n in names)
    for name in names:
        frame = with_distance(frame, f"_x_{name}", f"_d_{name}", over)
    return Level(frame, tuple(_outlier(survey, n, over) for n in names))


def with_distance(frame: pl.DataFrame, name: str, distance: str, over: list[str]) -> pl.DataFrame:
    """Add |x − median| / (1.4826 · MAD) within groups; null where the MAD is 0.

    Example: 1, 2, 3, 4, 100 have the median 3 and the MAD 1, so 100 lies 97 / 1.4826 = 65.4 away.
    """
    away = frame.with_columns((pl.col(name) - within(pl.col(name).median(), over)).abs().alias("_away"))
    mad = within(pl.col("_away").median(), over)
    apart = pl.when(mad > 0).then(pl.col("_away") / (TO_SD * mad))
    return away.with_columns(apart.alias(distance)).drop("_away")


def within(expression: pl.Expr, groups: list[str]) -> pl.Expr:
    """Return an aggregate by group, or of all rows where there are no groups."""
    return expression.over(groups) if groups else expression


def _scaled(survey: Survey, name: str) -> pl.Expr:
    """Return the values to judge: without codes, as logarithms where none is negative."""
    codes = list(survey.plan.ignore_codes)
    value = pl.col(name).cast(pl.Float64)
    raw = pl.when(value.is_in(codes)).then(None).otherwise(value) if codes else value
    lowest = survey.frame.select(raw.min()).item()
    return pl.when(raw > 0).then(raw.log()) if lowest is not None and lowest >= 0 else raw


def _outlier(survey: Survey, name: str, over: list[str]) -> Check:
    distance = pl.col(f"_d_{name}")
    enough = within(pl.col(f"_x_{name}").count(), over) >= survey.plan.min_count
    value = pl.format("{} ({} MAD)", shown([name]), distance.round(1).cast(pl.String))
    return Check("outlier", name, enough & distance.is_not_null(), distance > survey.plan.outlier_mads, value)
