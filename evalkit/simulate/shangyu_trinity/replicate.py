"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.shangyu_trinity.draw import draw
from evalkit.simulate.shangyu_trinity.scenario import Scenario, read_scenario
from evalkit.simulate.shangyu_trinity.truth import INDICATORS, truth

RATING = {
    "score": "rating_score",
    "unsecured": "unsecured_line",
    "contract": "contract_sales_yuan",
    "overdue": "overdue_yuan",
}


def replicate(seed: int, *, holds: bool, calm: bool = False) -> Replicate:
    """Draw the scenario with another seed; where ``holds``, nobody is lifted over a cut-off."""
    scenario = replace(read_scenario(), seed=seed, holds=holds)
    scenario = without_chance(scenario) if calm else scenario
    drawn = draw(scenario)
    frame = drawn.rows.select(
        pl.col("member").alias("member_id"),
        pl.col("township").alias("township_id"),
        "year",
        pl.col("adoption").alias("start_year"),
        *[pl.col(process).alias(name) for process, name in {**INDICATORS, **RATING}.items()],
    )
    found = truth(scenario, drawn)["indicators"]
    return Replicate(frame, {name: values["att"] for name, values in found.items()})


def without_chance(scenario: Scenario) -> Scenario:
    """Return the scenario in which all members go the same way, and as many are lost whatever they sell."""
    still: dict[str, Any] = {"township_sd": 0.0, "member_sd": 0.0, "shock_sd": 0.0, "noise_sd": 0.0}
    lost = scenario.members["attrition"] + scenario.members["attrition_low"] / 2
    return replace(
        scenario,
        processes={name: replace(p, **still) for name, p in scenario.processes.items()},
        members={**scenario.members, "attrition": lost, "attrition_low": 0.0},
    )
