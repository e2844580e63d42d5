"""How far paths may drift apart after the start before the answer is gone (Rambachan & Roth 2023)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from evalkit.inference.contributions import contributions
from evalkit.inference.relative_magnitudes import Paths, relative_magnitudes
from evalkit.inference.smoothness import smoothness
from evalkit.results import FloatArray, Inference, Linear

LARGEST = (0.5, 1.0, 1.5, 2.0)
MOST = 10.0
"""Up to where a breakdown value is looked for."""
EXACT = 0.02
VILLAGES_A_TERM = 2
"""Fewer villages than this for each lead and the effect say too little about how their errors move together."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval of the average effect where no step after the start exceeds `largest` times the largest before it."""

    largest: float
    conf_low: float
    conf_high: float


@dataclass(frozen=True, slots=True)
class HonestDid:
    """What becomes of an event study's ``att`` where trends would not have stayed parallel; in the outcome's unit.

    ``bounds`` by `largest` (M̄); ``breakdown`` is the largest M̄ at which the interval leaves out 0, at most `MOST`; None
    where it holds 0 even without any drift. ``straight`` is the interval where the difference before the start would
    have gone on in a straight line.
    """

    n_leads: int
    bounds: tuple[Bounds, ...]
    breakdown: float | None
    straight: tuple[float, float]


def honest_did(event_study: Inference, anticipation: int = 0) -> HonestDid | None:
    """Return intervals of ``att`` under drifts as large as those before the start; it can only weaken a claim.

    Relative magnitudes by `inference.relative_magnitudes`, the straight line by `inference.smoothness` with M = 0. Both
    take estimates as normal; the covariance is widened by (t/z)² with the degrees of freedom of ``att``, so that
    without any drift the interval is about that of the method.

    Parameters
    ----------
    event_study : Inference
        By a method with a covariance (crv1, crv2, crv3, jackknife).

    Returns
    -------
    HonestDid or None
        None without a covariance, without a lead next to the base that has a standard error, with fewer than
        `VILLAGES_A_TERM` villages a term (the covariance is then close to singular, and a straight line through many
        leads would seem exact), or where the rounds from the base on are not one apart: a step then has no one length.
    """
    paths = paths_of(event_study, anticipation)
    if paths is None:
        return None
    level = event_study.conf_level
    bounds = tuple(Bounds(m, *relative_magnitudes(paths, m, level)) for m in LARGEST)
    return HonestDid(len(paths.leads), bounds, _breakdown(paths, level), smoothness(paths, 0.0, level))


def paths_of(event_study: Inference, anticipation: int = 0) -> Paths | None:
    """Return leads up to the base without a gap, ``att``, and their covariance; None where `honest_did` has none."""
    z, estimate = contributions(event_study), event_study.estimate
    base = -1 - anticipation
    place = {t: j for j, t in enumerate(estimate.columns["event_time"]) if t is not None}
    shares = _shares(event_study, place, base)
    if z is None or shares is None:
        return None
    leads: list[int] = []
    while place.get(base - 1 - len(leads)) is not None and np.isfinite(
        event_study.std_error[place[base - 1 - len(leads)]]
    ):
        leads.append(place[base - 1 - len(leads)])
    used = [*reversed(leads), estimate.terms.index("att")]
    moved = z[:, used]
    if not leads or not np.isfinite(moved).all() or len(moved) < VILLAGES_A_TERM * len(used):
        return None
    df = float(event_study.df[used[-1]])
    level = (1 + event_study.conf_level) / 2
    wider = float(stdtrit(df, level) / ndtri(level)) if math.isfinite(df) else 1.0
    covariance = moved.T @ moved * wider**2
    return Paths(estimate.values[used[:-1]], float(estimate.values[used[-1]]), covariance, shares)


def _shares(event_study: Inference, place: dict[int, int], base: int) -> FloatArray | None:
    """Return each round's share in ``att``, for rounds 1, 2, … after the base; None where one of them is missing.

    A path of `group_time` counts event times from 0 on equally.
    """
    estimate = event_study.estimate
    if isinstance(estimate.basis, Linear):
        contrasts = estimate.basis.contrasts
        whole = contrasts[estimate.terms.index("att")]
        share = {t: float(whole @ (contrasts[j] != 0)) for t, j in place.items() if t > base}
    else:
        after = [t for t in place if t >= 0 and not math.isnan(estimate.values[place[t]])]
        share = {t: 1 / len(after) if t in after else 0.0 for t in place if t > base}
    used = [t for t, s in share.items() if s]
    if not used or any(t not in share for t in range(base + 1, max(used) + 1)):
        return None
    return np.array([share[t] for t in range(base + 1, max(used) + 1)])


def _breakdown(paths: Paths, level: float) -> float | None:
    """Return the largest M̄ whose interval leaves out 0, to `EXACT`."""

    def leaves_out_zero(largest: float) -> bool:
        low, high = relative_magnitudes(paths, largest, level)
        return low > 0 or high < 0

    if not leaves_out_zero(0.0):
        return None
    if leaves_out_zero(MOST):
        return MOST
    low, high = 0.0, MOST
    while high - low > EXACT:
        middle = (low + high) / 2
        low, high = (middle, high) if leaves_out_zero(middle) else (low, middle)
    return low
