"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.weinan_teams.draw import draw
from evalkit.simulate.weinan_teams.scenario import Scenario, read_scenario
from evalkit.simulate.weinan_teams.truth import INDICATORS, truth

NAMES = ("demonstration", "linked", "unlinked", "comparison")


def replicate(seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw the scenario with another seed; where ``holds``, villages that ask first have no trend of their own."""
    scenario = replace(read_scenario(), seed=seed)
    scenario = without_own_trends(scenario) if holds else scenario
    scenario = without_chance(scenario) if calm else scenario
    drawn = draw(scenario)
    frame = drawn.rows.select(
        pl.col("household").alias("household_id"),
        pl.col("village").alias("village_id"),
        "year",
        pl.col("start").alias("adoption_year"),
        pl.col("place").replace_strict(dict(enumerate(NAMES))).alias("exposure"),
        *[pl.col(measure).alias(name) for measure, name in INDICATORS.items()],
    )
    found = truth(scenario, drawn)["indicators"]
    return Replicate(frame, {name: values["att"] for name, values in found.items()})


def without_own_trends(scenario: Scenario) -> Scenario:
    """Return the scenario in which all villages would have gone the same way without the programme."""
    return replace(scenario, processes={k: replace(p, early_trend=0.0) for k, p in scenario.processes.items()})


def without_chance(scenario: Scenario) -> Scenario:
    """Return the scenario in which all households of a kind go the same way."""
    still: dict[str, Any] = {"household_sd": 0.0, "village_sd": 0.0, "shock_sd": 0.0, "noise_sd": 0.0}
    return replace(scenario, processes={name: replace(p, **still) for name, p in scenario.processes.items()})
