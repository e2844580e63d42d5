"""Shares of credit and sales: each worked example of a docstring, and null where there is nothing to divide by."""

from __future__ import annotations

import polars as pl
import pytest

from evalkit.indicators.registry import FUNCTIONS

LINE = {"credit_line_yuan": [50_000.0, 0.0], "loan_outstanding_yuan": [20_000.0, 0.0]}
LATE = {"loan_overdue_yuan": [5_000.0, 0.0], "loan_outstanding_yuan": [20_000.0, 0.0]}
SOLD = {"sales_gross_yuan": [1_200.0, 0.0], "sales_online_yuan": [300.0, 0.0]}
BACK = {"sales_gross_yuan": [1_200.0, 0.0], "sales_returned_yuan": [60.0, 10.0]}
MANY = {"sales_gross_yuan": [1_200.0, 0.0], "orders": [8, 0]}


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("credit_use_rate", LINE, 0.4),
        ("loan_overdue_share", LATE, 0.25),
        ("sales_online_share", SOLD, 0.25),
        ("sales_return_rate", BACK, 0.05),
        ("order_value_yuan", MANY, 150.0),
    ],
)
def test_by_hand(name: str, columns: dict[str, list[float]], expected: float) -> None:
    needs, expression = FUNCTIONS[name]()
    assert set(needs) == set(columns)
    assert pl.DataFrame(columns).select(expression.alias("x"))["x"].to_list() == [expected, None]
