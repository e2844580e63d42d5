"""The names by which programme.toml asks for an estimator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evalkit.errors import PlanError, nearest
from evalkit.estimators.ancova import ancova
from evalkit.estimators.did import did
from evalkit.estimators.discontinuity import discontinuity
from evalkit.estimators.event_study import event_study
from evalkit.estimators.group_time import group_time
from evalkit.estimators.imputation import imputation
from evalkit.estimators.itt import itt
from evalkit.estimators.late import late
from evalkit.estimators.late_ancova import late_ancova
from evalkit.estimators.ppml import ppml
from evalkit.estimators.pre_post import pre_post
from evalkit.estimators.spillover import spillover
from evalkit.estimators.sun_abraham import sun_abraham
from evalkit.estimators.synthetic_control import synthetic_control
from evalkit.estimators.synthetic_did import synthetic_did
from evalkit.estimators.synthetic_factors import synthetic_factors
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
    "group_time": group_time,
    "group_time_balanced": partial(group_time, balance=True),
    "imputation": imputation,
    "itt": itt,
    "itt_unadjusted": _itt_unadjusted,
    "late": late,
    "ppml": ppml,
    "pre_post": pre_post,
    "sun_abraham": sun_abraham,
    "synthetic_control": synthetic_control,
    "synthetic_did": synthetic_did,
    "synthetic_factors": synthetic_factors,
}
FROM_PANEL: dict[str, Callable[[Panel], Estimate]] = {
    "ancova": ancova,
    "discontinuity": discontinuity,
    "discontinuity_clustered": partial(discontinuity, clustered=True),
    "itt_lin": _itt_lin,
    "late_ancova": late_ancova,
    "spillover": spillover,
}
"""What village sums do not suffice for."""


PATHS: dict[str, Callable[[Moments], Estimate]] = {
    "group_time": partial(group_time, base="universal", aggregate="dynamic"),
    "group_time_balanced": partial(group_time, base="universal", aggregate="dynamic", balance=True),
}
"""Estimators that show their own path by event time; beside all others stands `event_study`."""


def path_by_name(name: str, moments: Moments, step: int = 1) -> Estimate:
    """Estimate the path by rounds since adoption that belongs to an estimator, from one base for all rounds.

    ``step`` rounds share a point, where the estimator has no path of its own.
    """
    return PATHS[name](moments) if name in PATHS else event_study(moments, step=step)


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
