"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.suqian_ecommerce.draw import draw
from evalkit.simulate.suqian_ecommerce.scenario import read_scenario
from evalkit.simulate.suqian_ecommerce.truth import INDICATORS, truth


def replicate(seed: int, *, holds: bool) -> Replicate:
    """Draw the scenario with another seed; without what breaks parallel trends where ``holds``."""
    scenario = replace(read_scenario(), seed=seed)
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
