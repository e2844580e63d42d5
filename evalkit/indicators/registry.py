"""Building an indicator: a canonical column, or a registered function of several; deflated where it is money."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.indicators import credit, income, sales
from evalkit.indicators.deflation import constant_prices
from evalkit.indicators.poverty import POWERS, income_plan, poverty
from evalkit.intake.months import YEAR
from evalkit.programme import IndicatorPlan, Programme

FUNCTIONS: dict[str, Callable[[], tuple[tuple[str, ...], pl.Expr]]] = {
    "disposable_income_pc_yuan": income.disposable_income_pc_yuan,
    "wage_income_pc_yuan": income.wage_income_pc_yuan,
    "ecommerce_income_pc_yuan": income.ecommerce_income_pc_yuan,
    "other_income_pc_yuan": income.other_income_pc_yuan,
    "credit_use_rate": credit.credit_use_rate,
    "loan_overdue_share": credit.loan_overdue_share,
    "order_value_yuan": sales.order_value_yuan,
    "sales_online_share": sales.sales_online_share,
    "sales_return_rate": sales.sales_return_rate,
}
"""By name: the canonical columns that an indicator needs, and the expression that makes it."""


def build(frame: pl.DataFrame, plan: IndicatorPlan, programme: Programme, prices: pl.DataFrame | None) -> pl.Series:
    """Return the indicator of each row of intake's frame, in constant prices where it is money and there is a deflator.

    Raises
    ------
    PlanError
        No column bears the indicator's name and no function makes it; a measure of poverty has no line.
    DataError
        A column that the function needs is missing, or the deflator lacks a round.
    """
    if plan.name in POWERS:
        return poverty(build(frame, income_plan(plan), programme, prices), plan)
    expression = _expression(frame, plan)
    if prices is not None and programme.design.time is not None and plan.unit.split("/")[0] == "yuan":
        rounds = frame[programme.design.time]
        years = rounds // YEAR if programme.design.period == "month" else rounds
        expression = expression * constant_prices(years, prices, programme.about.base_year)
    return frame.select(expression.cast(pl.Float64).alias(plan.name))[plan.name]


def columns_of(frame: pl.DataFrame, plan: IndicatorPlan) -> tuple[str, ...]:
    """Return the canonical columns that an indicator is made of; none where nothing bears its name."""
    if plan.name in POWERS:
        return columns_of(frame, income_plan(plan))
    if plan.name in frame.columns:
        return (plan.name,)
    return FUNCTIONS[plan.name]()[0] if plan.name in FUNCTIONS else ()


def _expression(frame: pl.DataFrame, plan: IndicatorPlan) -> pl.Expr:
    if plan.name in frame.columns:
        return pl.col(plan.name)
    if plan.name not in FUNCTIONS:
        known = [*FUNCTIONS, *POWERS, *frame.columns]
        raise PlanError(
            f"indicator {plan.name!r}",
            f"no column and no function bears this name ({nearest(plan.name, known)})",
            "a canonical column of the codebook, or an indicator that evalkit builds",
            "correct the name, or enter the column in the codebook",
        )
    needs, expression = FUNCTIONS[plan.name]()
    absent = [c for c in needs if c not in frame.columns]
    if absent:
        raise DataError(
            f"indicator {plan.name!r}",
            f"the columns {listed(absent)} are missing",
            f"the columns {listed(needs)}",
            "enter them in the codebook",
        )
    return expression
