"""The rollout: how many villages and households start in which round."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalkit.panel import Panel
from evalkit.programme import Programme


@dataclass(frozen=True, slots=True)
class Rollout:
    """The rounds, and one row a start (null = never, last): ``first_treated``, ``n_villages``, ``n_units``."""

    rounds: tuple[int, ...]
    starts: pl.DataFrame


def rollout(programme: Programme) -> Rollout:
    """Return the rollout in the panel of the programme's first indicator."""
    return rollout_in(Panel.from_programme(programme, programme.indicators[0].name))


def rollout_in(panel: Panel) -> Rollout:
    """Count starts in a panel.

    A start after the last round is never, as for all estimators. Where some households of a village are treated and
    others are not, the village counts in each of its starts.
    """
    rounds = panel.frame["time"].unique().sort().to_list()
    start = pl.when(pl.col("first_treated") <= rounds[-1]).then("first_treated").alias("first_treated")
    counts = panel.frame.group_by(start).agg(
        pl.col("cluster").n_unique().cast(pl.Int64).alias("n_villages"),
        pl.col("unit").n_unique().cast(pl.Int64).alias("n_units"),
    )
    return Rollout(tuple(rounds), counts.sort("first_treated", nulls_last=True))
