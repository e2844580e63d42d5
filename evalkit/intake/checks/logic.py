"""Logic across questions: signs of income parts, and parts that exceed their whole."""

from __future__ import annotations

import polars as pl

from evalkit.intake.checks.rule import Check, Level, shown
from evalkit.intake.checks.survey import Survey

INCOME_PARTS = (
    "wage_income_yuan",
    "business_net_income_yuan",
    "property_net_income_yuan",
    "transfer_net_income_yuan",
)
NEVER_NEGATIVE = (
    "sales",
    "sold",
    "produced",
    "granted",
    "used",
    "outstanding",
    "disbursed",
    "overdue",
    "repaid",
    "line",
)
"""Words in canonical names of amounts that have no sign."""
LOGS = ("log", "ln", "log1p", "asinh", "ihs")
"""First words of names of columns that are logarithms, or stand in for them where there are zeros."""
PARTS = (
    ("used", "granted"),
    ("used", "line"),
    ("outstanding", "granted"),
    ("outstanding", "line"),
    ("disbursed", "granted"),
    ("overdue", "outstanding"),
    ("sold", "produced"),
    ("online_sales", "sales"),
    ("returned", "sales"),
)
"""A column whose name has the first word is a part of the column named alike with the second."""


def negative_parts(survey: Survey) -> list[Check]:
    """Income parts below zero, and amounts that have no sign below zero."""
    names = [n for n in survey.numbers if n in INCOME_PARTS or set(n.split("_")) & set(NEVER_NEGATIVE)]
    return [Check("negative_part", n, pl.col(n).is_not_null(), pl.col(n) < 0, shown([n])) for n in names]


def parts_above_whole(survey: Survey) -> list[Check]:
    """Credit used above the line, more sold than produced, and pairs that [[quality.at_most]] names."""
    pairs = [(p.part, p.whole) for p in survey.plan.at_most]
    pairs += [pair for pair in _named_pairs(survey.numbers) if pair not in pairs]
    return [
        Check(
            "part_above_whole",
            part,
            pl.col(part).is_not_null() & pl.col(whole).is_not_null(),
            pl.col(part) > pl.col(whole),
            shown([part, whole]),
        )
        for part, whole in pairs
    ]


def zero_level(survey: Survey) -> Level:
    """Judge columns that are named as logarithms (``log_sales_yuan``) in one row: how many of their zeros are zeros.

    A value of 0 has no logarithm. Where the column has a value for it (of log(1 + y), of asinh y), an effect on it
    depends on the unit of y and has no size (Chen & Roth 2024).
    """
    names = {n: n.partition("_")[2] for n in survey.numbers if n.partition("_")[0] in LOGS}
    zero = {n: (pl.col(raw if raw in survey.numbers else n) == 0) & pl.col(n).is_not_null() for n, raw in names.items()}
    counts = [e.sum().cast(pl.Int64).alias(f"_z_{n}") for n, e in zero.items()]
    frame = survey.frame.select(pl.len().alias("_n"), *counts)
    checks = (
        Check("log_of_zero", n, pl.lit(value=True), pl.col(f"_z_{n}") > 0, pl.format("{} / {}", f"_z_{n}", "_n"))
        for n in names
    )
    return Level(frame, tuple(checks))


def _named_pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    found = []
    for name in names:
        for part, whole in PARTS:
            padded = f"_{name}_"
            other = padded.replace(f"_{part}_", f"_{whole}_").strip("_")
            if f"_{part}_" in padded and other in names and other != name:
                found.append((name, other))
    return list(dict.fromkeys(found))
