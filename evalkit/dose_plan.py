"""What a plan may ask beyond averages: dose groups ([dose]), thresholds of an indicator, a path by years of months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from evalkit.plan_tables import DesignPlan, Frozen, IndicatorPlan, Name, Text


class DosePlan(Frozen):
    """[dose]: how much of the programme each village had, and the dose groups, named before results are seen.

    From the roster, as the mean of a survey's or ledger's column since the start, or as requests taken a year.
    """

    source: Literal["roster", "survey", "requests"]
    column: Name | None = None
    label: Text
    unit: Text
    cuts: tuple[float, ...] = Field(min_length=1)
    slope: Text | None = None

    @model_validator(mode="after")
    def _has_a_column(self) -> DosePlan:
        if (self.column is None) != (self.source == "requests"):
            raise ValueError("[dose] needs column where source is roster or survey, and none where it is requests")
        if any(not low < high for low, high in pairwise((0.0, *self.cuts))):
            raise ValueError("[dose] cuts must ascend, and be above 0")
        return self


def dose_problems(dose: DosePlan | None, design: DesignPlan, kinds: Set[str]) -> Iterator[str]:
    """Yield what a dose needs and the plan lacks: villages that start in some round, and the source that it names."""
    if dose is None:
        return
    if design.time is None or design.first_treated is None or design.assigned_to != "cluster":
        yield '[dose] needs rounds, first_treated and assigned_to = "cluster": villages that start'
    if dose.source not in kinds:
        yield f"[dose] source = {dose.source!r}, but no [[sources]] is of that kind"


def threshold_problems(plan: IndicatorPlan, design: DesignPlan) -> Iterator[str]:
    """Yield what is wrong with an indicator's thresholds: they ascend, and effects are differences of shares."""
    if any(not low < high for low, high in pairwise(plan.thresholds)):
        yield f"indicator {plan.name!r}: thresholds must ascend"
    if plan.thresholds and design.time is None:
        yield f"indicator {plan.name!r}: thresholds need rounds before and after"
    if plan.thresholds and plan.estimator in NO_THRESHOLDS:
        yield f"indicator {plan.name!r}: thresholds are not for estimator = {plan.estimator!r}"


NO_THRESHOLDS = ("ppml", "discontinuity", "discontinuity_clustered")
"""A proportional effect on a share is none of those that are meant; at a cut-off few lie above a threshold."""


def path_problems(plans: Sequence[IndicatorPlan], design: DesignPlan) -> Iterator[str]:
    """Yield what is wrong with a path by year: rounds are no months, the start is not clear of it, or paths differ."""
    if design.path is None:
        return
    if design.period != "month":
        yield '[design] path = "year" is for rounds that are months (period = "month")'
    if design.anticipation % design.path_step:
        yield f'[design] path = "year" and anticipation = {design.anticipation}: anticipation must be whole years (12)'
    for plan in (p for p in plans if p.estimator in OWN_PATHS):
        yield f'[design] path = "year" is for estimators without a path of their own, not for {plan.estimator!r}'


OWN_PATHS = frozenset({"event_study", "group_time", "group_time_balanced"})
"""Estimators whose result is itself a path, by rounds."""
