"""The scenario drawn anew, as an evaluator would hold it after intake."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from evalkit.simulate.registry import Replicate
from evalkit.simulate.shangyu_trinity.draw import draw
from evalkit.simulate.shangyu_trinity.scenario import read_scenario
from evalkit.simulate.shangyu_trinity.truth import INDICATORS, truth

RATING = {
    "score": "rating_score",
    "unsecured": "unsecured_line",
    "contract": "contract_sales_yuan",
    "overdue": "overdue_yuan",
}


def replicate(seed: int, *, holds: bool) -> Replicate:
    """Draw the scenario with another seed; where ``holds``, nobody is lifted over a cut-off."""
    scenario = replace(read_scenario(), seed=seed, holds=holds)
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
