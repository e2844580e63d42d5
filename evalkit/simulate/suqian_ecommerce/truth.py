"""What is true in a simulated programme: the mean effect over those interviewed, and the naive change."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from evalkit.simulate.suqian_ecommerce.draw import Drawn
from evalkit.simulate.suqian_ecommerce.scenario import Scenario

INDICATORS = {
    "income": "disposable_income_pc_yuan",
    "sales": "online_sales_yuan",
    "loan": "ecommerce_loan_outstanding_yuan",
}


def truth(scenario: Scenario, drawn: Drawn) -> dict[str, Any]:
    """Return, for each indicator, the weighted mean effect on treated households over all years from adoption on.

    A household counts in each of these years, interviewed then or not: the effect on those treated, as the plan asks.
    ``pre_post`` is the change that pilot villages would show on average: effect plus general growth.
    """
    found = {indicator: _of(scenario, drawn.rows, name) for name, indicator in INDICATORS.items()}
    note = "Simulated. Mean effect over the households interviewed, all years from adoption on, in constant 2012 yuan."
    return {"note": note, "seed": scenario.seed, "indicators": found}


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
