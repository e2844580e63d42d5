"""One village beside the arms: weighted means by round; a description, never an estimate of an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.columns import CLUSTER
from evalkit.errors import DataError, nearest
from evalkit.panel import Panel


@dataclass(frozen=True, slots=True)
class VillageProfile:
    """Means of one indicator in one village and in both arms.

    ``means`` has arm ("village", "pilot", "comparison"), time, mean (weighted), n_units, n_villages.
    """

    indicator: str
    village: str
    first_treated: int | None
    means: pl.DataFrame


def village_profiles(panels: Sequence[Panel], village: str) -> list[VillageProfile]:
    """Describe one village in each indicator that its households have.

    Raises
    ------
    DataError
        It is in none of the panels.
    """
    there = [p for p in panels if (p.frame[CLUSTER] == village).any()]
    return [village_profile(p, village) for p in there or panels]


def village_profile(panel: Panel, village: str) -> VillageProfile:
    """Describe one village; the arms' means include it.

    Raises
    ------
    DataError
        The panel has no such village.
    """
    own = panel.frame.filter(pl.col(CLUSTER) == village)
    if own.height == 0:
        raise unknown_village(village, panel.frame[CLUSTER].unique().sort().to_list())
    means = pl.concat([village_means(own, panel), arm_means(panel)])
    return VillageProfile(panel.outcome, village, first_treated(own), means)


def unknown_village(village: str, names: Sequence[str]) -> DataError:
    """Return the error of a village that has no values."""
    return DataError(
        f"village {village!r}",
        f"no household of it has a value ({nearest(village, names)})",
        "a village of the panel",
        "correct the name",
    )


def first_treated(own: pl.DataFrame) -> int | None:
    """Return the first round in which a household of these rows is treated; None where none ever is."""
    return min(own["first_treated"].drop_nulls().unique().to_list(), default=None)


def village_means(own: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    """Return the means of one village, from its rows in the panel."""
    return _means(own, "village", panel.outcome)


def arm_means(panel: Panel) -> pl.DataFrame:
    """Return the means of all pilot and of all comparison villages."""
    rows = panel.frame
    pilot = (pl.col("first_treated") <= rows["time"].max()).fill_null(False)
    return pl.concat(
        [
            _means(rows.filter(pilot), "pilot", panel.outcome),
            _means(rows.filter(~pilot), "comparison", panel.outcome),
        ]
    )


def _means(rows: pl.DataFrame, arm: str, outcome: str) -> pl.DataFrame:
    mean = (pl.col(outcome) * pl.col("weight")).sum() / pl.col("weight").sum()
    return (
        rows.group_by("time")
        .agg(
            mean.alias("mean"),
            pl.col("unit").n_unique().cast(pl.Int64).alias("n_units"),
            pl.col("cluster").n_unique().cast(pl.Int64).alias("n_villages"),
        )
        .sort("time")
        .select(pl.lit(arm).alias("arm"), pl.all())
    )
