"""Decomposition of an effect: indicators that add up to another one, and the share that each has in its effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from evalkit.columns import CANONICAL, TIME, UNIT
from evalkit.diagnostics import FourCell, four_cell
from evalkit.errors import DataError, DesignError
from evalkit.estimators import pre_post
from evalkit.estimators.registry import estimate_by_name
from evalkit.flow import SampleFlow
from evalkit.inference.auto import few_villages
from evalkit.inference.fieller import Ratio, fieller
from evalkit.inference.infer import infer
from evalkit.moments import Moments
from evalkit.panel import Panel, flow_step, follow
from evalkit.programme import IndicatorPlan, Programme
from evalkit.results import Donors, Inference

ADDS_UP = 1e-6
"""Relative: the parts of a row must add up to its total to this; amounts are stored with two to four decimals."""


@dataclass(frozen=True, slots=True)
class Source:
    """One part: the pilot villages' own change and its share of theirs, the effect and its share of the effect."""

    plan: IndicatorPlan
    change: float
    share_of_change: float
    effect: Inference
    share_of_effect: Ratio


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The effect on a total and on its parts, all on the rows in which the total and every part are known.

    ``cells`` are the arms of these rows.
    """

    programme: Programme
    plan: IndicatorPlan
    change: float
    effect: Inference
    sources: tuple[Source, ...]
    cells: FourCell


def decompose(programme: Programme, indicator: str, *, seed: int = 1) -> Decomposition | None:
    """Return the parts of an indicator's effect by its plan; None where programme.toml has no decomposition of it.

    All effects are estimated by the estimator of the total, on the same rows: the parts then add up to it exactly,
    since each is linear in the outcome. A share has Fieller's interval, and none where the total's own effect cannot be
    told from 0.

    Raises
    ------
    DataError
        The parts do not add up to the total.
    DesignError
        There are too few villages for an interval, or no round before the programme.
    """
    stated = next((d for d in programme.decompositions if d.total == indicator), None)
    if stated is None:
        return None
    plans = [programme.indicator(name) for name in (stated.total, *stated.parts)]
    panels = [Panel.from_programme(programme, p.name) for p in plans]
    rows = _joined(panels)
    _require_sum(rows, stated.total, stated.parts)
    effects, changes = [], []
    for plan in plans:
        panel = _on(rows, panels[0], plan.name)
        effects.append(_effect(panel, plans[0], seed))
        changes.append(float(pre_post(Moments.from_panel(panel)).values[0]))
    sources = [
        Source(plan, change, change / changes[0], effect, fieller(effect, effects[0]))
        for plan, change, effect in zip(plans[1:], changes[1:], effects[1:], strict=True)
    ]
    cells = four_cell(Moments.from_panel(_on(rows, panels[0], plans[0].name)))
    return Decomposition(programme, plans[0], changes[0], effects[0], tuple(sources), cells)


def _effect(panel: Panel, plan: IndicatorPlan, seed: int) -> Inference:
    estimate = estimate_by_name(plan.estimator, Moments.from_panel(panel), panel)
    few = few_villages(estimate, plan.inference)
    if few or isinstance(estimate.basis, Donors):
        raise DesignError(
            "decomposition", few or "villages are matched by donors", "several villages in both arms", "leave it out"
        )
    return infer(estimate, plan.inference, seed=seed)


def _joined(panels: Sequence[Panel]) -> pl.DataFrame:
    """Return the rows that all panels have, with all outcomes."""
    rows = panels[0].frame
    for panel in panels[1:]:
        rows = rows.join(panel.frame.select(UNIT, TIME, panel.outcome), on=[UNIT, TIME], how="inner")
    return rows.select(*CANONICAL, *[p.outcome for p in panels]).sort(UNIT, TIME)


def _on(rows: pl.DataFrame, like: Panel, outcome: str) -> Panel:
    """Return the panel of one of the joined outcomes."""
    frame = rows.select(*CANONICAL, outcome)
    flow = SampleFlow((flow_step("raw_rows", frame, 0),))
    return replace(like, frame=frame, followed=follow(frame, outcome), outcome=outcome, flow=flow, winsorised=None)


def _require_sum(rows: pl.DataFrame, total: str, parts: Sequence[str]) -> None:
    off = (pl.sum_horizontal(parts) - pl.col(total)).abs() > ADDS_UP * pl.col(total).abs().clip(lower_bound=1.0)
    n = rows.filter(off).height
    if n:
        raise DataError(
            f"[[decompositions]] of {total!r}",
            f"in {n} of {rows.height} rows the parts do not add up to it",
            f"{' + '.join(parts)} = {total} in every row",
            "correct the parts, or add one for the rest; parts that are winsorised do not add up",
        )
