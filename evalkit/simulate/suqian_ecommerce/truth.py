"""What is true in a simulated programme: the mean effect over those interviewed, and the naive change."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from evalkit.simulate.suqian_ecommerce.draw import Drawn
from evalkit.simulate.suqian_ecommerce.scenario import Scenario
from evalkit.simulate.suqian_ecommerce.trade import has_shop, orders

INDICATORS = {
    "income": "disposable_income_pc_yuan",
    "sales": "online_sales_yuan",
    "loan": "ecommerce_loan_outstanding_yuan",
    "collective": "collective_income_yuan",
}


LINE = 6000
"""Yuan a head and year: the poverty line of the article and of programme.toml."""


def truth(scenario: Scenario, drawn: Drawn) -> dict[str, Any]:
    """Return, for each indicator, the weighted mean effect on treated households over all years from adoption on.

    A household counts in each of these years, interviewed then or not: the effect on those treated, as the plan asks.
    ``pre_post`` is the change that pilot villages would show on average: effect plus general growth.
    """
    found = {indicator: _of(scenario, drawn.rows, name) for name, indicator in INDICATORS.items()}
    found |= {indicator: {"att": _mean(drawn.rows, effect)} for indicator, effect in _derived().items()}
    note = "Simulated. Mean effect over the households interviewed, all years from adoption on, in constant 2012 yuan."
    return {"note": note, "seed": scenario.seed, "indicators": found}


def _derived() -> dict[str, pl.Expr]:
    """Return what the programme did to each indicator that is made from others, by row."""
    income, effect = pl.col("income"), pl.col("income_effect")
    online = pl.col("sales_effect") * pl.col("margin") / pl.col("members")
    wage = effect * pl.col("wage_share")
    sales, sales_without = pl.col("sales"), pl.col("sales") - pl.col("sales_effect")
    poor, poor_without = ((LINE - y).clip(lower_bound=0) / LINE for y in (income, income - effect))
    return {
        "wage_income_pc_yuan": wage,
        "ecommerce_income_pc_yuan": online,
        "other_income_pc_yuan": effect - wage - online,
        "poverty_headcount": (poor > 0).cast(pl.Float64) - (poor_without > 0).cast(pl.Float64),
        "poverty_gap": poor - poor_without,
        "poverty_severity": poor**2 - poor_without**2,
        "orders": orders(sales) - orders(sales_without),
        "has_shop": has_shop(sales) - has_shop(sales_without),
    }


def _mean(rows: pl.DataFrame, effect: pl.Expr) -> float:
    """Average by cohort and year over those interviewed, then over cohorts and years: each year of a cohort counts."""
    treated = rows.filter(pl.col("year") >= pl.col("adoption")).with_columns(effect.alias("effect"))
    weighted = (pl.col("effect") * pl.col("weight")).sum() / pl.col("weight").sum()
    cells = treated.group_by("adoption", "year").agg(weighted.alias("mean"))
    households = rows.filter(pl.col("adoption").is_not_null()).unique("household")
    sizes = households.group_by("adoption").agg(pl.col("weight").sum().alias("size"))
    joined = cells.join(sizes, on="adoption").sort("adoption", "year")
    return round(float(np.average(joined["mean"].to_numpy(), weights=joined["size"].to_numpy())), 4)


def _of(scenario: Scenario, rows: pl.DataFrame, name: str) -> dict[str, float]:
    households = (
        rows.filter(pl.col("adoption").is_not_null()).group_by("household").agg(pl.col("adoption", "weight").first())
    )
    process = scenario.processes[name]
    effects, weights = [], []
    for adoption, weight in households.sort("household").select("adoption", "weight").iter_rows():
        years = [y for y in scenario.years if y >= adoption]
        effects += [process.effect_at(y - adoption) for y in years]
        weights += [weight] * len(years)
    values = {"att": float(np.average(effects, weights=weights))}
    for k in range(-1, scenario.years[-1] - int(households["adoption"].min()) + 1):  # type: ignore[arg-type]
        values[f"event_time={k}"] = process.effect_at(k)
    values["pre_post"] = values["att"] + _growth(scenario, rows, name)
    return {k: round(v, 2) for k, v in values.items()}


def _growth(scenario: Scenario, rows: pl.DataFrame, name: str) -> float:
    """Return the general growth between the years before and after adoption, over the interviews of pilot villages."""
    growth = dict(zip(scenario.years, scenario.processes[name].growth, strict=True))
    pilot = rows.filter(pl.col("adoption").is_not_null()).with_columns(
        pl.col("year").replace_strict(growth, return_dtype=pl.Float64).alias("growth")
    )
    means = (
        pilot.group_by(pl.col("year") >= pl.col("adoption"))
        .agg((pl.col("growth") * pl.col("weight")).sum() / pl.col("weight").sum())
        .sort("year")
    )
    return float(means["growth"][1] - means["growth"][0])
