"""Income, as the National Bureau of Statistics defines it for its household survey."""

from __future__ import annotations

import polars as pl

PARTS = ("wage_income_yuan", "business_net_income_yuan", "property_net_income_yuan", "transfer_net_income_yuan")

MEMBERS = "resident_members"


def disposable_income_pc_yuan() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and disposable income per resident member in yuan a year.

    Disposable income = wages + net business + net property + net transfer income, divided by resident household
    members. Missing where a part is missing or nobody is resident. Example: 30,000 + 12,000 + 0 + 2,000 yuan with 4
    members = 11,000 yuan.
    """
    total = pl.sum_horizontal(PARTS, ignore_nulls=False)
    return (*PARTS, MEMBERS), _per_head(total)


def wage_income_pc_yuan() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and wage income per resident member in yuan a year.

    Example: 30,000 yuan with 4 members = 7,500 yuan.
    """
    return ("wage_income_yuan", MEMBERS), _per_head(pl.col("wage_income_yuan"))


def ecommerce_income_pc_yuan() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and net income from online sales per resident member in yuan a year.

    A part of net business income. Example: 6,000 yuan with 4 members = 1,500 yuan.
    """
    return ("ecommerce_income_yuan", MEMBERS), _per_head(pl.col("ecommerce_income_yuan"))


def other_income_pc_yuan() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and per resident member what is neither wage nor from online sales, in yuan a year.

    Disposable income less both, so that the three add up to it. Example: of 44,000 yuan with 4 members 30,000 are wages
    and 6,000 from online sales: 8,000/4 = 2,000 yuan.
    """
    total = pl.sum_horizontal(PARTS, ignore_nulls=False)
    rest = total - pl.col("wage_income_yuan") - pl.col("ecommerce_income_yuan")
    return (*PARTS, "ecommerce_income_yuan", MEMBERS), _per_head(rest)


def _per_head(amount: pl.Expr) -> pl.Expr:
    """Divide by resident members; missing where nobody is resident."""
    return pl.when(pl.col(MEMBERS) > 0).then(amount / pl.col(MEMBERS))
