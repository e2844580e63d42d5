"""Winsorising otherwise: the same indicator without it, at 1 % and at 5 %, to show what hangs on the cut."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.panel_store import build_panel
from evalkit.programme import IndicatorPlan, Programme

CUTS = {"winsorise_none": None, "winsorise_99": 0.99, "winsorise_95": 0.95}
"""By name: the quantile above which values are set to it."""


def other_cuts(programme: Programme, plan: IndicatorPlan) -> Iterator[tuple[str, Moments, Panel]]:
    """Yield name, moments and panel of an indicator that is winsorised, under the cuts that its plan does not have."""
    if plan.winsorise is None:
        return
    for name, quantile in CUTS.items():
        if quantile != plan.winsorise:
            panel = build_panel(Panel, programme, plan.model_copy(update={"winsorise": quantile}))
            yield name, Moments.from_panel(panel), panel
