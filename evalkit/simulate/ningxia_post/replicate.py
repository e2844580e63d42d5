"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from evalkit.simulate.ningxia_post.draw import draw
from evalkit.simulate.ningxia_post.scenario import Scenario, read_scenario
from evalkit.simulate.ningxia_post.truth import INDICATORS, truth
from evalkit.simulate.registry import Replicate


def replicate(seed: int, *, holds: bool) -> Replicate:
    """Draw the scenario with another seed; without lockers before the start and the neighbour's orders if ``holds``."""
    scenario = replace(read_scenario(), seed=seed)
    drawn = draw(unbroken(scenario) if holds else scenario)
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
