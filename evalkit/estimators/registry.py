"""The names by which programme.toml asks for an estimator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evalkit.errors import PlanError, nearest
from evalkit.estimators.did import did
from evalkit.estimators.event_study import event_study
from evalkit.estimators.group_time import group_time
from evalkit.estimators.itt import itt
from evalkit.estimators.pre_post import pre_post
from evalkit.moments import Moments
from evalkit.results import Estimate


def _itt_unadjusted(moments: Moments) -> Estimate:
    return itt(moments, strata=False)


ESTIMATORS: dict[str, Callable[[Moments], Estimate]] = {
    "did": did,
    "event_study": event_study,
    "group_time": group_time,
    "itt": itt,
    "itt_unadjusted": _itt_unadjusted,
    "pre_post": pre_post,
}


PATHS: dict[str, Callable[[Moments], Estimate]] = {
    "group_time": partial(group_time, base="universal", aggregate="dynamic"),
}
"""Estimators that show their own path by event time; beside all others stands `event_study`."""


def path_by_name(name: str, moments: Moments) -> Estimate:
    """Estimate the path by rounds since adoption that belongs to an estimator, from one base for all rounds."""
    return PATHS.get(name, event_study)(moments)


def estimate_by_name(name: str, moments: Moments) -> Estimate:
    """Estimate by the plan's name; raise PlanError naming the nearest where it is unknown."""
    if name not in ESTIMATORS:
        raise PlanError(
            "programme.toml, estimator",
            f"{name!r} is unknown ({nearest(name, ESTIMATORS)})",
            "a known estimator",
            "correct the name",
        )
    return ESTIMATORS[name](moments)
