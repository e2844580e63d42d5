"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from evalkit.simulate.ningxia_post.draw import draw
from evalkit.simulate.ningxia_post.scenario import Scenario, read_scenario
from evalkit.simulate.ningxia_post.truth import INDICATORS, truth
from evalkit.simulate.registry import Replicate


def replicate(seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw the scenario with another seed; without lockers before the start and the neighbour's orders if ``holds``."""
    scenario = replace(read_scenario(), seed=seed)
    scenario = unbroken(scenario) if holds else scenario
    drawn = draw(without_chance(scenario) if calm else scenario)
    frame = drawn.rows.select(
        pl.col("person").alias("customer_id"),
        pl.col("place").alias("place_id"),
        "month",
        pl.col("start").alias("start_month"),
        *[pl.col(process).alias(name) for process, name in INDICATORS.items()],
    )
    found = truth(drawn, seed)["indicators"]
    return Replicate(frame, {name: values["att"] for name, values in found.items()})


def unbroken(scenario: Scenario) -> Scenario:
    """Return the scenario with nothing that breaks what the plan's estimators assume."""
    whole = {name: replace(p, earlier=0.0, neighbour=0.0) for name, p in scenario.processes.items()}
    return replace(scenario, processes=whole)


def without_chance(scenario: Scenario) -> Scenario:
    """Return the scenario in which places differ in how strongly they follow growth and season, and in nothing else."""
    still: dict[str, Any] = {"place_sd": 0.0, "shock_sd": 0.0, "own_sd": 0.0, "noise_sd": 0.0}
    return replace(scenario, processes={name: replace(p, **still) for name, p in scenario.processes.items()})
