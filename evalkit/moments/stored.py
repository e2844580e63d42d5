"""Moments of a programme's indicator: from the cache, or from its panel."""

from __future__ import annotations

from evalkit.cache import cache_folder
from evalkit.moments.value import Moments
from evalkit.panel import Panel
from evalkit.panel_store import panel_key
from evalkit.programme import IndicatorPlan, Programme


def stored_moments(programme: Programme, plan: IndicatorPlan, panel: Panel) -> Moments:
    """Return the moments of an indicator's panel, from the cache where they stand there."""
    file = cache_folder(programme.folder) / f"{panel_key(programme, plan)}.moments.parquet"
    if file.is_file():
        return Moments.read(file)
    moments = Moments.from_panel(panel)
    file.parent.mkdir(parents=True, exist_ok=True)
    moments.write(file)
    return moments
