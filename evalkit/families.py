"""Families of a programme's indicators: one index for each, the family's first outcome; and evaluate_families()."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.errors import DataError, DesignError
from evalkit.estimators import family_index
from evalkit.estimators.registry import estimate_by_name
from evalkit.inference.infer import infer_or_none
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.programme import IndicatorPlan, Programme
from evalkit.results import Inference


def evaluate_families(programme: Programme, *, seed: int = 1) -> dict[str, Inference | None]:
    """Estimate one index for each family of several indicators that share a design: the family's first outcome.

    By the estimator and inference that the plan states for them (Anderson 2008; see `family_index`). None where the
    plan asks for different ones or weights, or the outcomes cannot be put together.
    """
    found: dict[str, Inference | None] = {}
    for family in dict.fromkeys(p.family for p in programme.indicators):
        plans = [p for p in programme.indicators if p.family == family]
        if len(plans) < 2:
            continue
        one_design = len({(p.weights, p.running, p.cutoff, p.estimator, p.inference) for p in plans}) == 1
        found[family] = _index(programme, plans, seed) if one_design else None
    return found


def _index(programme: Programme, plans: Sequence[IndicatorPlan], seed: int) -> Inference | None:
    panels = [Panel.from_programme(programme, p.name) for p in plans]
    try:
        panel = family_index(panels, [p.better for p in plans])
        estimate = estimate_by_name(plans[0].estimator, Moments.from_panel(panel), panel)
        return infer_or_none(estimate, plans[0].inference, seed=seed)
    except (DataError, DesignError):
        return None
