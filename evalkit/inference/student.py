"""From standard errors and degrees of freedom to t, p and intervals: the only place where this is done."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr, stdtrit

from evalkit.errors import UsageError
from evalkit.inference.basis import coefficients, is_fixed, is_log
from evalkit.results import Estimate, FloatArray, Inference, Influence, Linear

EXACT_FIT = 1e-10
"""A standard error below this share of what the estimate is a difference of is rounding, not precision."""


def by_student(
    estimate: Estimate, method: str, std_error: FloatArray, df: FloatArray, level: float, reason: str = ""
) -> Inference:
    """Build the Inference of terms from standard errors (m,) and df (m,); NaN stays NaN, never 0.

    Terms that are fixed (the base of an event study) have neither standard error nor interval. Proportional effects
    exp(b) − 1 come with the standard errors of b: statistic, p and ends are those of b, the ends transformed; the
    standard error returned is exp(b) times that of b (delta method).
    """
    if not 0 < level < 1:
        raise UsageError("conf_level", f"{level}", "a number between 0 and 1", "give for example .95")
    se, df = _defined(estimate, std_error, df)
    b = coefficients(estimate)
    statistic = b / se
    p = two_sided(statistic, df)
    half = stdtrit(df, (1 + level) / 2) * se
    low, high = b - half, b + half
    if is_log(estimate):
        se, low, high = se * np.exp(b), np.expm1(low), np.expm1(high)
    return Inference(estimate, method, se, df, statistic, p, low, high, level, reason)


def critical(df: float, level: float) -> float:
    """Return the value that |t| exceeds with probability 1 − level."""
    if not 0 < level < 1:
        raise UsageError("conf_level", f"{level}", "a number between 0 and 1", "give for example .95")
    return float(stdtrit(df, (1 + level) / 2))


def two_sided(statistic: FloatArray, df: FloatArray) -> FloatArray:
    """Return the p-value of a statistic in either direction, by t with `df` degrees of freedom."""
    return np.asarray(2 * stdtr(df, -np.abs(statistic)), dtype=np.float64)


def by_normal(
    estimate: Estimate, method: str, centre: FloatArray, std_error: FloatArray, level: float, reason: str = ""
) -> Inference:
    """Build the Inference of terms by the normal distribution, with intervals around `centre` (m,); ``df`` is NaN."""
    return around(estimate, method, centre, std_error, np.full(len(centre), np.inf), level, reason)


def around(
    estimate: Estimate,
    method: str,
    centre: FloatArray,
    std_error: FloatArray,
    df: FloatArray,
    level: float,
    reason: str = "",
) -> Inference:
    """Build the Inference of terms with intervals around `centre` (m,), by t; the normal distribution where df is ∞.

    The centre is not the estimate where a bias is taken off it first.
    """
    se, finite = np.where(std_error > 0, std_error, np.nan), np.where(np.isfinite(df), df, np.nan)
    half = np.array([critical(d, level) for d in df]) * se
    p = two_sided(centre / se, df)
    return Inference(estimate, method, se, finite, centre / se, p, centre - half, centre + half, level, reason)


def no_interval(estimate: Estimate, method: str, level: float, reason: str) -> Inference:
    """Return an Inference without any interval, and the reason why there is none."""
    nothing = np.full(len(estimate.terms), np.nan)
    return Inference(
        estimate, method, nothing, nothing, nothing, nothing, nothing, nothing, conf_level=level, reason=reason
    )


def _defined(estimate: Estimate, std_error: FloatArray, df: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Set standard error and df to NaN where a term is fixed or the fit is exact."""
    basis = estimate.basis
    scale = np.abs(coefficients(estimate))
    if isinstance(basis, Linear):
        scale = scale + np.abs(basis.contrasts @ basis.bread) @ np.abs(basis.sums.r1).sum(axis=0)
    elif isinstance(basis, Influence) and basis.scale is not None:
        scale = scale + basis.scale
    undefined = is_fixed(estimate) | ~(std_error > EXACT_FIT * scale) | ~(df > 0)
    return np.where(undefined, np.nan, std_error), np.where(undefined, np.nan, df)
