"""The map: which villages of the programme lie where, and which of them are pilots."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalkit.intake import Outline, read_places
from evalkit.panel import Panel
from evalkit.programme import Programme


@dataclass(frozen=True, slots=True)
class VillageMap:
    """``points``: cluster, arm (pilot, comparison), longitude_deg, latitude_deg; outlines; villages without a place."""

    points: pl.DataFrame
    outlines: tuple[Outline, ...]
    n_without_place: int


def village_map(programme: Programme) -> VillageMap | None:
    """Return the villages in the panel of the first indicator with their places; None where the plan has no [map].

    A village any of whose households start within the rounds is a pilot. Places of other villages are left out.

    Raises
    ------
    DataError
        As `intake.read_places`.
    """
    places = read_places(programme)
    if places is None:
        return None
    panel = Panel.from_programme(programme, programme.indicators[0].name)
    starts = (pl.col("first_treated") <= pl.col("time").max()).fill_null(False)
    arms = panel.frame.with_columns(starts.alias("starts")).group_by("cluster").agg(pl.col("starts").any())
    arm = pl.when("starts").then(pl.lit("pilot")).otherwise(pl.lit("comparison")).alias("arm")
    points = arms.join(places.points, on="cluster", how="inner").sort("cluster")
    shown = points.select("cluster", arm, "longitude_deg", "latitude_deg")
    return VillageMap(shown, places.outlines, arms.height - points.height)
