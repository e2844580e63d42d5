"""Power of the pre-trend check (Roth 2022): which steady drift it may miss. It can warn; it never reassures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, stdtrit

from evalkit.inference.basis import linear
from evalkit.inference.crv1 import scores
from evalkit.results import Estimate, FloatArray, Inference, Influence

REJECTED = 0.05
"""Level of the check: Bonferroni over the leads, as in `pre_trend`."""
DRAWS = 40_000
"""Draws behind each power: its error is below .0025."""
SHARES = 4_000
"""Of χ² so many quantiles at equal distances are taken, each in as many draws: what they leave out is below .00025."""
STEPS = 30


@dataclass(frozen=True, slots=True)
class PreTrendPower:
    """Slopes of a linear difference in trends that the check finds with 50 and 80 % probability.

    ``slope_50`` and ``slope_80`` are in units of the outcome a round. ``bias_50`` and ``bias_80`` are what such a
    drift, had it gone on, would by itself show as the average effect ``att``.
    """

    n_leads: int
    slope_50: float
    slope_80: float
    bias_50: float
    bias_80: float


@dataclass(frozen=True, slots=True)
class _Leads:
    """Rounds from the base, below 0 (n,), standard errors (n,), degrees of freedom (n,), root of correlation (n, n)."""

    distance: FloatArray
    std_error: FloatArray
    df: FloatArray
    root: FloatArray


def pre_trend_power(event_study: Inference, anticipation: int = 0, *, seed: int = 1) -> PreTrendPower | None:
    """Return the drift that the check of the leads finds half the time, and four times out of five; None without leads.

    Under a slope γ lead k is off by γ (k − base); its t-statistic is drawn as (z + γ (k − base)/se)/√(χ²/df) with z
    correlated as the leads' scores by village are, and the check rejects where any |t| passes Bonferroni's bound
    (Roth 2022, section I, with t in place of the normal distribution).

    Parameters
    ----------
    event_study : Inference
        With degrees of freedom (crv1, crv2, crv3, jackknife); without them the normal distribution is taken.
    """
    leads = _leads(event_study, -1 - anticipation)
    if leads is None:
        return None
    power = _power_of(leads, np.random.default_rng(seed))
    slopes = [_slope_for(power, target, float(leads.std_error.max())) for target in (0.5, 0.8)]
    per_slope = _bias(event_study, -1 - anticipation)
    return PreTrendPower(len(leads.distance), *slopes, *(s * per_slope for s in slopes))


def _leads(event_study: Inference, base: int) -> _Leads | None:
    estimate = event_study.estimate
    times = np.array([np.nan if t is None else t for t in estimate.columns["event_time"]], dtype=np.float64)
    used = np.flatnonzero((times < base) & np.isfinite(event_study.std_error))
    if len(used) == 0:
        return None
    z = _scores(estimate)[:, used]
    size = np.sqrt((z * z).sum(axis=0))
    values, vectors = np.linalg.eigh(z.T @ z / np.outer(size, size))
    df = np.where(np.isfinite(event_study.df[used]), event_study.df[used], np.inf)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    return _Leads(times[used] - base, event_study.std_error[used], df, root)


def _scores(estimate: Estimate) -> FloatArray:
    """Return what each village moves in each term, (G, m)."""
    if isinstance(estimate.basis, Influence):
        return estimate.basis.psi
    basis = linear(estimate, "pre_trend_power")
    return np.asarray(scores(basis) @ basis.bread @ basis.contrasts.T, dtype=np.float64)


def _power_of(leads: _Leads, rng: np.random.Generator) -> Callable[[float], float]:
    """Return the function from a slope to the probability that the check rejects; the draws are the same for all.

    Leads lie before the base, so a rising slope lowers every t. In each draw the check rejects above the least slope
    that takes a lead below −critical, and below the largest that leaves one above +critical.
    """
    n = len(leads.distance)
    z = np.ascontiguousarray((rng.normal(size=(DRAWS, n)) @ leads.root).T)
    shares = (np.arange(SHARES) + 0.5) / SHARES
    spread = _spread(leads.df, shares)[:, rng.permutation(DRAWS) % SHARES]
    bound = stdtrit(leads.df, 1 - REJECTED / (2 * n))[:, None] * spread
    per_t = (leads.std_error / -leads.distance)[:, None]
    least, most = ((z + bound) * per_t).min(axis=0), ((z - bound) * per_t).max(axis=0)

    def power(slope: float) -> float:
        return float(((slope > least) | (slope < most)).mean())

    return power


def _spread(df: FloatArray, share: FloatArray) -> FloatArray:
    """Return √(χ²/df) at shares of its distribution, (n, shares); 1 where the normal distribution is taken.

    Leads that share their degrees of freedom share the row: inverting the distribution is what costs most here.
    """
    half, place = np.unique(np.where(np.isfinite(df), df, 1.0) / 2, return_inverse=True)
    spread = np.sqrt(gammaincinv(half[:, None], share) / half[:, None])[place]
    return np.where(np.isfinite(df)[:, None], spread, 1.0)


def _slope_for(power: Callable[[float], float], target: float, scale: float) -> float:
    """Return the slope at which the check has the power `target`, by bisection."""
    high = scale
    while power(high) < target:
        high *= 2
    low = 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle) < target else (low, middle)
    return high


def _bias(event_study: Inference, base: int) -> float:
    """Return what a slope of 1 would show as ``att``: each event time's distance from the base, weighted as in it.

    A path of `group_time` counts event times from 0 on equally.
    """
    estimate = event_study.estimate
    if isinstance(estimate.basis, Influence):
        after = [t - base for t in estimate.columns["event_time"] if t is not None and t >= 0]
        return float(np.mean(after)) if after else math.nan
    basis = linear(estimate, "pre_trend_power")
    trend = np.zeros(basis.contrasts.shape[1])
    for row, time in zip(basis.contrasts, estimate.columns["event_time"], strict=True):
        if time is not None:
            trend[row != 0] = time - base
    return float(basis.contrasts[estimate.terms.index("att")] @ trend)
