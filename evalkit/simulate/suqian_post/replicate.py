"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.suqian_post.draw import draw
from evalkit.simulate.suqian_post.rows import interviews
from evalkit.simulate.suqian_post.scenario import read_scenario
from evalkit.simulate.suqian_post.truth import INDICATORS, truth


def replicate(seed: int, *, holds: bool) -> Replicate:
    """Draw the scenario with another seed; where ``holds``, losses do not depend on the outcome or the arm."""
    scenario = replace(read_scenario(), seed=seed)
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
    return Replicate(frame, {name: values["att"] for name, values in found.items()})
