"""The names by which programme.toml asks for an estimator."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.errors import PlanError, nearest
from evalkit.estimators.ancova import ancova
from evalkit.estimators.did import did
from evalkit.estimators.event_study import event_study
from evalkit.estimators.itt import itt
from evalkit.estimators.late import late
from evalkit.estimators.ppml import ppml
from evalkit.estimators.pre_post import pre_post
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.results import Estimate


def _itt_unadjusted(moments: Moments) -> Estimate:
    return itt(moments, strata=False)


def _itt_lin(panel: Panel) -> Estimate:
    return itt(panel, lin=True)


ESTIMATORS: dict[str, Callable[[Moments], Estimate]] = {
    "did": did,
    "event_study": event_study,
    "itt": itt,
    "itt_unadjusted": _itt_unadjusted,
    "late": late,
    "ppml": ppml,
    "pre_post": pre_post,
}
FROM_PANEL: dict[str, Callable[[Panel], Estimate]] = {
    "ancova": ancova,
    "itt_lin": _itt_lin,
}
"""What village sums do not suffice for."""


def estimate_by_name(name: str, moments: Moments, panel: Panel | None = None) -> Estimate:
    """Estimate by the plan's name; raise PlanError naming the nearest where it is unknown, or needs a panel."""
    if name in FROM_PANEL and panel is not None:
        return FROM_PANEL[name](panel)
    if name in FROM_PANEL:
        raise PlanError(
            f"estimator {name!r}", "there are moments only", "the panel", "pass it: village sums are too few"
        )
    if name not in ESTIMATORS:
        raise PlanError(
            "programme.toml, estimator",
            f"{name!r} is unknown ({nearest(name, [*ESTIMATORS, *FROM_PANEL])})",
            "a known estimator",
            "correct the name",
        )
    return ESTIMATORS[name](moments)
