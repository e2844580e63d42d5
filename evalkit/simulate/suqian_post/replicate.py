"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.suqian_post.draw import draw
from evalkit.simulate.suqian_post.rows import interviews
from evalkit.simulate.suqian_post.scenario import Scenario, read_scenario
from evalkit.simulate.suqian_post.truth import INDICATORS, truth


def replicate(seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw the scenario with another seed; where ``holds``, losses do not depend on the outcome or the arm."""
    scenario = replace(read_scenario(), seed=seed)
    scenario = without_chance(scenario) if calm else scenario
    drawn = draw(scenario, holds=holds)
    frame = interviews(scenario, drawn).select(
        "entity_id",
        "village_id",
        "year",
        "liaison_since",
        "county",
        pl.col("contracted").cast(pl.Float64),
        *[pl.col(name).alias(indicator) for name, indicator in INDICATORS.items()],
    )
    found = truth(scenario, drawn)["indicators"]
    effects, late = ({name: values[key] for name, values in found.items()} for key in ("att", "late"))
    return Replicate(frame, effects, late)


def without_chance(scenario: Scenario) -> Scenario:
    """Return the scenario in which entities differ in land and in what they take up, and in nothing else by chance."""
    still: dict[str, Any] = {"village_sd": 0.0, "entity_sd": 0.0, "shock_sd": 0.0, "noise_sd": 0.0}
    return replace(scenario, processes={name: replace(p, **still) for name, p in scenario.processes.items()})
