"""What stands beside a main result: the path by rounds, other ways to estimate, the pilot villages' own change."""

from __future__ import annotations

from evalkit.diagnostics import other_cuts
from evalkit.errors import DataError, DesignError
from evalkit.estimators import itt, pre_post
from evalkit.estimators.registry import estimate_by_name, path_by_name
from evalkit.inference.infer import fits, infer_or_none
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.programme import IndicatorPlan, Programme
from evalkit.results import Estimate, Inference


def _beside(estimate: Estimate, method: str, seed: int) -> Inference:
    """Infer by the plan's method, or by the default where that is for others; the table names the method."""
    return infer_or_none(estimate, method if fits(method, estimate) else "auto", seed=seed)


def event_study(
    programme: Programme, plan: IndicatorPlan, moments: Moments, main: Inference, seed: int, notes: list[str]
) -> Inference | None:
    """Return effects by rounds since the start, by the plan's estimator where it has a path of its own."""
    if main.estimate.estimator == "event_study":
        return main
    if moments.design.time is None:
        return None
    try:
        path = path_by_name(main.estimate.estimator, moments, programme.design.path_step)
        return _beside(path, plan.inference, seed)
    except DesignError as error:
        notes.append(str(error))
        return None


def robustness(
    programme: Programme, plan: IndicatorPlan, moments: Moments, panel: Panel, seed: int, notes: list[str]
) -> tuple[tuple[str, Inference], ...]:
    """Return the plan's other estimators, and its own under other cuts; what the data do not allow becomes a note."""
    found = []
    ways = [(name, name, moments, panel) for name in plan.robustness]
    for name, estimator, sums, rows in (*ways, *((n, plan.estimator, m, p) for n, m, p in other_cuts(programme, plan))):
        try:
            found.append((name, _beside(estimate_by_name(estimator, sums, rows), plan.inference, seed)))
        except (DataError, DesignError) as error:
            notes.append(f"{name}: {error}")
    return tuple(found)


def naive(moments: Moments, seed: int, notes: list[str]) -> Inference | None:
    """Return what an article would say: before and after in pilot villages, or all above a cut-off against the rest."""
    if moments.design.running is not None:
        return infer_or_none(itt(moments, strata=False), "auto", seed=seed)
    if moments.design.time is None:
        return None
    try:
        return infer_or_none(pre_post(moments), "auto", seed=seed)
    except DesignError as error:
        notes.append(str(error))
        return None
