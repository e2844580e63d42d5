"""How far lost households could move an effect: Lee's bounds, where many were lost or arms lost unlike shares."""

from __future__ import annotations

import polars as pl

from evalkit.errors import DesignError
from evalkit.estimators import lee_bounds
from evalkit.inference.auto import few_villages
from evalkit.inference.infer import infer
from evalkit.panel import Panel
from evalkit.results import Inference

MATTERS = 0.05
"""Share lost in an arm above which bounds are given."""


def bounds(panel: Panel, lost: pl.DataFrame | None, notes: list[str]) -> Inference | None:
    """Return the bounds of a randomised effect with their intervals (jackknife over villages).

    None where villages were not drawn by lot (bounds would not hold), where at most `MATTERS` of each arm were lost
    alike, or where an arm has too few villages. A reason why they cannot be computed is added to `notes`.

    Parameters
    ----------
    lost : DataFrame or None
        The table of `attrition`.
    """
    if panel.design.assignment != "randomised" or lost is None or not _matters(lost):
        return None
    try:
        estimate = lee_bounds(panel)
    except DesignError as error:
        notes.append(str(error))
        return None
    return None if few_villages(estimate) or estimate.counts.n_clusters < 3 else infer(estimate, "crv3")


def _matters(lost: pl.DataFrame) -> bool:
    arms, gap = lost.filter(pl.col("arm") != "difference"), lost.filter(pl.col("arm") == "difference")
    low, high = gap["conf_low"][0], gap["conf_high"][0]
    unlike = low is not None and not low <= 0 <= high
    return unlike or float(str(arms["share_missing"].max() or 0)) > MATTERS
