"""Unit slips: ratios near 10,000 (yuan and 10,000 yuan), 15 (mu and hectare), 2 (jin and kg), 12 (month and year)."""

from __future__ import annotations

import math

import polars as pl

from evalkit.intake.checks.rounds import previous
from evalkit.intake.checks.rule import Check, Level
from evalkit.intake.checks.survey import AREA, MASS, MONEY, Survey

SLIPS = {MONEY: ((10_000.0, 3.0), (12.0, 1.25)), AREA: ((15.0, 1.4),), MASS: ((2.0, 1.15), (1000.0, 2.0))}
"""By what is measured: the factor of a unit's slip, and how far from it (× or ÷) still counts as near."""
APART = 5.0
"""A small factor counts only where the group also lies so many MADs from the other groups' medians."""
LARGE = 1000.0
"""From this factor on no spread between groups explains it."""


def row_slips(survey: Survey) -> list[Check]:
    """Values that differ from the household's round before by a factor near 10,000 (or 1,000: kg and tonnes)."""
    if survey.design.unit is None or not survey.by_round():
        return []
    checks = []
    for name, factors in _factors(survey).items():
        large = [(f, t) for f, t in factors if f >= LARGE]
        before = previous(survey, name)
        known = (pl.col(name) > 0) & (before > 0)
        if large:
            value = pl.format("{} → {}", before.cast(pl.String), pl.col(name).cast(pl.String))
            checks.append(Check("unit_slip", name, known, _near((pl.col(name) / before).log(), large), value))
    return checks


def group_levels(survey: Survey) -> list[Level]:
    """Judge the medians of rounds, villages and enumerators: each beside the others."""
    levels = []
    if survey.by_round():
        levels.append(_level(survey, "unit_slip_round", ["_round"]))
    for rule, column in (("unit_slip_village", "_village"), ("unit_slip_enumerator", "_enumerator")):
        if survey.frame[column].n_unique() > 2:
            levels.append(_level(survey, rule, [*survey.by_round(), column]))
    return levels


def _level(survey: Survey, rule: str, groups: list[str]) -> Level:
    """Make one row a group with the logarithm of each variable's median of positive values, and the checks on them."""
    names = list(_factors(survey))
    medians = [pl.col(n).filter(pl.col(n) > 0).median().log().alias(f"_m_{n}") for n in names] + [
        (pl.col(n) > 0).sum().alias(f"_n_{n}") for n in names
    ]
    frame = survey.frame.group_by(groups).agg(medians).sort(groups)
    least = survey.plan.min_count if rule == "unit_slip_round" else max(5, survey.plan.min_count // 6)
    frame = frame.with_columns(
        pl.when(pl.col(f"_n_{n}") >= least).then(pl.col(f"_m_{n}")).alias(f"_m_{n}") for n in names
    )
    if rule == "unit_slip_round":
        frame = frame.with_columns((pl.col(f"_m_{n}").forward_fill().shift(1)).alias(f"_o_{n}") for n in names)
        return Level(frame, tuple(_check(rule, n, f, survey) for n, f in _factors(survey).items()))
    over = groups[:-1]
    for n in names:
        frame = _beside_others(frame, n, over)
    return Level(frame, tuple(_check(rule, n, f, survey) for n, f in _factors(survey).items()))


def _beside_others(frame: pl.DataFrame, name: str, over: list[str]) -> pl.DataFrame:
    """Add the median of the groups' medians, and the MAD, within a round."""
    middle = pl.col(f"_m_{name}").median()
    frame = frame.with_columns((middle.over(over) if over else middle).alias(f"_o_{name}"))
    mad = (pl.col(f"_m_{name}") - pl.col(f"_o_{name}")).abs().median()
    return frame.with_columns((mad.over(over) if over else mad).alias(f"_s_{name}"))


def _check(rule: str, name: str, factors: tuple[tuple[float, float], ...], survey: Survey) -> Check:
    ratio = pl.col(f"_m_{name}") - pl.col(f"_o_{name}")
    large, small = ([x for x in factors if (x[0] >= LARGE) is is_large] for is_large in (True, False))
    failed = _near(ratio, large)
    if rule == "unit_slip_round":
        failed = failed | _near(ratio, small)
    else:
        failed = failed | (_near(ratio, small) & (ratio.abs() > APART * 1.4826 * pl.col(f"_s_{name}")))
    value = pl.format("{} × {}", pl.lit(name), ratio.exp().round_sig_figs(3).cast(pl.String))
    return Check(rule, name, ratio.is_not_null(), failed, value)


def _factors(survey: Survey) -> dict[str, tuple[tuple[float, float], ...]]:
    return {n: SLIPS[survey.quantity(n)] for n in survey.numbers if survey.quantity(n) in SLIPS}


def _near(log_ratio: pl.Expr, factors: list[tuple[float, float]]) -> pl.Expr:
    """Whether a ratio, up or down, is near one of the factors."""
    near = [(log_ratio.abs() - math.log(factor)).abs() <= math.log(wide) for factor, wide in factors]
    return pl.any_horizontal(near) if near else pl.lit(False)
