"""The ways in which an indicator of a rollout could have been computed: choices of data and of method, all combined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from evalkit.diagnostics.other_cuts import CUTS
from evalkit.estimators.rounds import some_rounds
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.panel_store import build_panel
from evalkit.programme import Programme

CHOICES = ("extremes", "weights", "rounds", "households", "method")
"""The choices, in the order in which they are made; each specification has one value of each."""


@dataclass(frozen=True, slots=True)
class DataChoice:
    """One way to prepare the data: how extreme values, weights and rounds are dealt with, and the moments made so."""

    extremes: str
    weights: str
    rounds: str
    moments: Moments


def data_choices(programme: Programme, indicator: str) -> Iterator[DataChoice]:
    """Yield the data of an indicator under every choice: extremes × weights × rounds.

    Extremes as the plan has them, and cut at 1 % and 5 %, but not for shares; weights as planned, and none; all rounds,
    without the first, the last, or the last before anyone may have changed. A choice that leaves no round before the
    first start, or none after, is left out.
    """
    plan = programme.indicator(indicator)
    cuts = {} if plan.unit in ("share", "proportion") else {k: v for k, v in CUTS.items() if v != plan.winsorise}
    panels = {"planned": Panel.from_programme(programme, indicator)}
    panels |= {k: build_panel(Panel, programme, plan.model_copy(update={"winsorise": v})) for k, v in cuts.items()}
    for extremes, panel in panels.items():
        weighted = {"planned": panel}
        if panel.design.weights is not None:
            weighted["none"] = replace(panel, design=replace(panel.design, weights=None))
        for weights, rows in weighted.items():
            for rounds, moments in round_choices(Moments.from_panel(rows)):
                yield DataChoice(extremes, weights, rounds, moments)


def round_choices(moments: Moments) -> Iterator[tuple[str, Moments]]:
    """Yield the moments with all rounds, and without one of three, where rounds before and after the start are left."""
    name, cells = moments.of()
    yield "all", moments
    periods = np.array(moments.periods)
    starts = [g for g in moments.cohorts if g is not None and g <= periods[-1]]
    before = np.flatnonzero(periods < min(starts) - moments.design.anticipation)
    if cells.blocks is not None or not len(before):
        return
    early = {"without_first": 0, "without_last_before": int(before[-1])} if len(before) > 1 else {}
    for label, gone in {**early, "without_last": len(periods) - 1}.items():
        kept, sums = some_rounds(moments, cells, np.arange(len(periods)) != gone)
        if kept.periods[-1] >= min(starts):
            yield label, replace(kept, cells={name: sums})
