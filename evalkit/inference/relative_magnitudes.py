"""Intervals where paths may drift apart after the start by up to so many times the largest step before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t

from evalkit.results import FloatArray

KAPPA = 0.1
"""Part of the level that the first stage takes (Andrews, Roth & Pakes 2023, section 4.3, as HonestDiD has it)."""
POINTS = 401
REACH = 20.0
"""The interval is looked for within so many standard errors around the largest set that the estimates allow."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Leads (n,) before the base in order of time, an effect after it, and their covariance (n + 1, n + 1).

    The effect is Σ_t l_t β_t over the rounds t = 1, 2, … after the base, with ``shares`` l (T,).
    """

    leads: FloatArray
    effect: float
    covariance: FloatArray
    shares: FloatArray

    @property
    def steps(self) -> FloatArray:
        """The map from (leads, effect) to the n steps between neighbouring rounds up to the base, (n, n + 1)."""
        n = len(self.leads)
        return np.asarray(np.eye(n, n + 1, 1) - np.eye(n, n + 1), dtype=np.float64) * (np.arange(n + 1) < n)

    @property
    def reach(self) -> float:
        """By how much steps of one a round, in the worst order of signs, would shift the effect."""
        return float(np.abs(np.cumsum(self.shares[::-1])).sum())


def relative_magnitudes(paths: Paths, largest: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of the effect where no step after the base exceeds `largest` times the largest before it.

    Rambachan & Roth (2023), section 2.4.1, Δ^RM(M̄), with the hybrid of least-favourable and conditional critical
    values (Andrews, Roth & Pakes 2023): which step was largest is not taken as known, nor is its size. The set is a
    union over steps and their signs; the interval holds the effects that one of its parts does not reject. In each part
    |effect's drift| ≤ M̄ · `reach` · (that step): steps after the base are free up to the bound, so no nuisance
    parameter is left, and inequalities among earlier steps are not used (HonestDiD's default).
    """
    y = np.append(paths.leads, paths.effect)
    parts = [_Part.of(paths, sign * step, largest, level) for step in paths.steps for sign in (1.0, -1.0)]
    drift = largest * paths.reach * float(np.abs(paths.steps @ y).max())
    slack = drift + REACH * float(np.sqrt(paths.covariance[-1, -1]))
    low, high = paths.effect - slack, paths.effect + slack
    inside = _accepted(parts, y, np.linspace(low, high, POINTS), level)
    fine = np.linspace(0, (high - low) / (POINTS - 1), POINTS)
    below = _accepted(parts, y, inside.min() - fine, level)
    above = _accepted(parts, y, inside.max() + fine, level)
    return float(below.min()), float(above.max())


@dataclass(frozen=True, slots=True)
class _Part:
    """Two inequalities `a` (2, n + 1) in their standard deviations, their correlation, the first stage's value."""

    a: FloatArray
    correlation: float
    first: float

    @classmethod
    def of(cls, paths: Paths, step: FloatArray, largest: float, level: float) -> _Part:
        drift = np.zeros(len(step))
        drift[-1] = 1.0
        a = np.array([sign * drift - largest * paths.reach * step for sign in (1.0, -1.0)])
        variance = a @ paths.covariance @ a.T
        size = np.sqrt(np.diag(variance))
        correlation = float(variance[0, 1] / size.prod())
        return cls(a / size[:, None], correlation, _largest_of_two(correlation, 1 - KAPPA * (1 - level)))


def _largest_of_two(correlation: float, level: float) -> float:
    """Return the quantile of the larger of two standard normals: P(both ≤ c) = Φ(c) − 2T(c, √((1 − ρ)/(1 + ρ)))."""
    if correlation > 1 - 1e-12:
        return float(ndtri(level))
    angle = np.sqrt((1 - correlation) / max(1 + correlation, 1e-12))
    return float(brentq(lambda c: ndtr(c) - 2 * owens_t(c, angle) - level, 0.0, 10.0))


def _accepted(parts: list[_Part], y: FloatArray, effects: FloatArray, level: float) -> FloatArray:
    """Return which of the effects some part does not reject; the estimate itself where none is left."""
    kept = ~np.logical_and.reduce([_rejects(part, y, effects, level) for part in parts])
    return effects[kept] if kept.any() else y[-1:]


def _rejects(part: _Part, y: FloatArray, effects: FloatArray, level: float) -> NDArray[np.bool_]:
    """Test each effect: whether both inequalities may hold of y less the effect in its last place.

    The larger of the two moments is compared with a normal distribution truncated from below to where it is the larger,
    and from above to where the first stage does not reject.
    """
    moments = part.a @ y - np.outer(effects, part.a[:, -1])
    larger, smaller = moments.max(axis=1), moments.min(axis=1)
    rho = min(part.correlation, 1 - 1e-12)
    low = np.minimum((smaller - rho * larger) / (1 - rho), part.first)
    alpha = (1 - level) * (1 - KAPPA) / (1 - KAPPA * (1 - level))
    share = ndtr(low) + (1 - alpha) * (ndtr(part.first) - ndtr(low))
    return np.asarray((larger > part.first) | (larger > np.maximum(0.0, ndtri(share))), dtype=np.bool_)
