"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.suqian_live.draw import Drawn, draw
from evalkit.simulate.suqian_live.scenario import Scenario, read_scenario
from evalkit.simulate.suqian_live.truth import ORDERS, SALES, truth


def replicate(seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw the scenario with another seed; nothing in it breaks what its plan assumes, so ``holds`` changes nothing.

    Calm, shops sell what is expected of them, without orders drawn one by one.
    """
    scenario = replace(read_scenario(), seed=seed)
    scenario = without_chance(scenario) if calm else scenario
    drawn = draw(scenario)
    sales, orders = _expected(drawn) if calm else _sums(drawn)
    place, month = (a.ravel() for a in np.indices(drawn.expected.shape))
    start = np.where(drawn.shops["pilot"].to_numpy() == 1, scenario.start, 0)
    frame = pl.DataFrame(
        {
            "shop_id": drawn.shops["shop"].gather(place),
            "village_id": drawn.shops["village"].gather(place),
            "month": scenario.months[month],
            "room_month": start[place],
            SALES: sales.ravel(),
            ORDERS: orders.ravel(),
        }
    ).with_columns(pl.when(pl.col("room_month") > 0).then("room_month").alias("room_month"))
    found = truth(scenario, drawn)["indicators"]
    return Replicate(frame, {name: values["att"] for name, values in found.items()})


def _sums(drawn: Drawn) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return what was sold, and in how many orders, by shop and month."""
    n, months = drawn.expected.shape
    cell = drawn.orders["shop"].to_numpy() * months + drawn.orders["month"].to_numpy()
    amount = np.bincount(cell, drawn.orders["amount"].to_numpy(), n * months)
    return amount, np.bincount(cell, minlength=n * months).astype(np.float64)


def _expected(drawn: Drawn) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return drawn.expected, drawn.expected / drawn.shops["value"].to_numpy()[:, None]


def without_chance(scenario: Scenario) -> Scenario:
    """Return the scenario in which villages differ in how strongly they follow the season, and in nothing else."""
    still = {"village_sd": 0.0, "shop_sd": 0.0, "noise_sd": 0.0, "month_scale": 0.0}
    return replace(scenario, sales={**scenario.sales, **still})
