"""Income, as the National Bureau of Statistics defines it for its household survey."""

from __future__ import annotations

import polars as pl

PARTS = ("wage_income_yuan", "business_net_income_yuan", "property_net_income_yuan", "transfer_net_income_yuan")


def disposable_income_pc_yuan() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and disposable income per resident member in yuan a year.

    Disposable income = wages + net business + net property + net transfer income, divided by resident household
    members. Missing where a part is missing or nobody is resident. Example: 30,000 + 12,000 + 0 + 2,000 yuan with 4
    members = 11,000 yuan.
    """
    total = pl.sum_horizontal(PARTS, ignore_nulls=False)
    members = pl.col("resident_members")
    return (*PARTS, "resident_members"), pl.when(members > 0).then(total / members)
