"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.suqian_ecommerce.draw import draw
from evalkit.simulate.suqian_ecommerce.scenario import Scenario, read_scenario
from evalkit.simulate.suqian_ecommerce.truth import INDICATORS, truth


def replicate(seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw the scenario with another seed; nothing in it breaks what its plan assumes, so ``holds`` changes nothing."""
    scenario = replace(read_scenario(), seed=seed)
    scenario = without_chance(scenario) if calm else scenario
    drawn = draw(scenario)
    frame = drawn.rows.select(
        pl.col("household").alias("household_id"),
        pl.col("village").alias("village_id"),
        "year",
        pl.col("adoption").alias("adoption_year"),
        "weight",
        *[pl.col(process).alias(name) for process, name in INDICATORS.items()],
    )
    found = truth(scenario, drawn)["indicators"]
    return Replicate(frame, {name: found[name]["att"] for name in INDICATORS.values()})


def without_chance(scenario: Scenario) -> Scenario:
    """Return the scenario in which all households of a kind go the same way."""
    still: dict[str, Any] = {"household_sd": 0.0, "village_sd": 0.0, "shock_sd": 0.0, "noise_sd": 0.0}
    return replace(scenario, processes={name: replace(p, **still) for name, p in scenario.processes.items()})
