"""Which effect a planned study would find: the minimum detectable effect, before there are any results."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from evalkit.errors import DesignError, UsageError
from evalkit.inference.jackknife import FEW, degrees_of_freedom
from evalkit.moments import Moments

NODES = 400
"""Of the quadrature over χ²; powers are right to 1e-6."""
Comparison = Literal["end", "did", "ancova"]


@dataclass(frozen=True, slots=True)
class Study:
    """A planned study: villages, households, rounds and what is expected of them.

    ``households`` are those of a village at the start; ``sd`` is the outcome's standard deviation between households of
    a round, in its unit; ``icc`` the share of its variance between villages; ``autocorrelation`` the correlation of a
    household's outcome, and of a village's shock, between two rounds (rounds correlate equally: McKenzie 2012).
    ``before`` and ``after`` count rounds; ``attrition`` is the share of households lost to the end; ``take_up`` the
    share of pilot households that take part less that of comparison households.
    """

    pilot: int
    comparison: int
    households: int
    icc: float
    sd: float = 1.0
    before: int = 1
    after: int = 1
    autocorrelation: float = 0.5
    attrition: float = 0.0
    take_up: float = 1.0
    estimator: Comparison = "did"
    power: float = 0.8
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class DetectableEffect:
    """``std_error`` and ``mde`` (of offering) and ``mde_taking_part`` (mde/take_up) are in the outcome's unit.

    ``design_effect`` is 1 + (m − 1)·icc with m households left in a village; ``rounds_factor`` the variance with these
    rounds in parts of that of one round; ``df`` are the degrees of freedom that the interval of `auto` has.
    """

    study: Study
    std_error: float
    df: float
    design_effect: float
    rounds_factor: float
    mde: float
    mde_taking_part: float

    def values(self) -> dict[str, Any]:
        """Return the numbers, those assumed first."""
        found = asdict(self)
        return {**found.pop("study"), **found}


def minimum_detectable_effect(study: Study) -> DetectableEffect:
    """Return the effect that the study would find with the wanted probability, by the interval of `auto`.

    The variance of the estimate is sd² (1 + (m − 1) icc)/m · F · (1/k + 1/l) for k pilot and l comparison villages with
    m households left. F with r rounds before, s after and correlation ρ is (McKenzie 2012, eq. 1 to 3):

        end     (1 + (s − 1)ρ)/s                            the mean of the rounds after
        did     (1 − ρ)(1/r + 1/s)                          less the mean of the rounds before
        ancova  (1 + (s − 1)ρ)/s − rρ²/(1 + (r − 1)ρ)       with that mean held fixed

    The effect solves P(|t| > critical) = power with noncentral t, where Bloom (1995) adds two quantiles. `auto` is the
    jackknife from `FEW` villages an arm up: its standard error is too large by c, c² = (G − 1)/G (1/(k − 1) +
    1/(l − 1))/(1/k + 1/l), its critical value that of `degrees_of_freedom`. Below, it is CRV2, with c = 1. Villages are
    taken as alike, and as many households as planned in each: unequal ones find less.

    Raises
    ------
    UsageError
        A number is outside its range, or there are fewer than two villages in an arm.
    """
    _require_possible(study)
    k, other, m = study.pilot, study.comparison, study.households * (1 - study.attrition)
    deff, factor = 1 + (m - 1) * study.icc, rounds_factor(study)
    se = study.sd * (deff / m * factor * (1 / k + 1 / other)) ** 0.5
    limit, df, own_df = critical_value(k, other, study.level)
    mde = se * noncentrality(limit, own_df, study.power)
    return DetectableEffect(study, se, df, deff, factor, mde, mde / study.take_up)


def rounds_factor(study: Study) -> float:
    """Return F of `minimum_detectable_effect`."""
    r, s, rho = study.before, study.after, study.autocorrelation
    after = (1 + (s - 1) * rho) / s
    if study.estimator == "end":
        return after
    if study.estimator == "did":
        return (1 - rho) * (1 / r + 1 / s)
    return after - r * rho**2 / (1 + (r - 1) * rho)


def critical_value(pilot: int, comparison: int, level: float) -> tuple[float, float, float]:
    """Return what |estimate|/(true standard error · √(χ²/df)) must pass, `auto`'s df, and the df of its variance."""
    from scipy.special import stdtrit

    k, other = sorted((pilot, comparison))
    a, b = (1 / (k - 1), 1 / (other - 1)) if k >= FEW else (1 / k, 1 / other)
    own = (a + b) ** 2 / (a * a / (k - 1) + b * b / (other - 1))
    g = k + other
    too_large = ((g - 1) / g * (a + b) / (1 / k + 1 / other)) ** 0.5 if k >= FEW else 1.0
    df = degrees_of_freedom(k, other) if k >= FEW else own
    return too_large * float(stdtrit(df, (1 + level) / 2)), df, own


def noncentrality(limit: float, df: float, power: float) -> float:
    """Return δ with P(|Z + δ| > limit · √(χ²/df)) = power, that is for noncentral t, by quadrature over χ²."""
    from scipy.optimize import brentq
    from scipy.special import gammaincinv, ndtr

    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    scale = limit * np.sqrt(gammaincinv(df / 2, (nodes + 1) / 2) / (df / 2))

    def short(delta: float) -> float:
        return float(weights @ (ndtr(delta - scale) + ndtr(-delta - scale))) / 2 - power

    high = 1.0
    while short(high) < 0:
        high *= 2
    return float(brentq(short, 0.0, high))


def variance_between(moments: Moments, outcome: str | None = None) -> tuple[float, float, float]:
    """Return standard deviation, ICC and mean households a village of one round, from its sums by village.

    Analysis of variance: with mean squares B between and W within villages and n₀ = (N − Σn²/N)/(G − 1), the ICC is
    (B − W)/(B + (n₀ − 1)W), at least 0 (Donner & Klar 2000, eq. 1.6), and the variance W + (B − W)/n₀.

    Raises
    ------
    DesignError
        There are several rounds, or weights: their squares are not in the sums. Or fewer than two villages, or none
        with two households.
    """
    name, cells = moments.of(outcome, pooled=True)
    n, y, yy = (np.bincount(cells.cluster, weights=v) for v in (cells.n_units, cells.sum_y[:, 0], cells.sum_yy[:, 0]))
    n, y, yy = n[n > 0], y[n > 0], yy[n > 0]
    if len(moments.periods) > 1 or moments.design.weights or len(n) < 2 or n.sum() == len(n):
        raise DesignError(
            "power, baseline",
            f"{len(moments.periods)} round(s), {len(n)} villages, {n.sum():.0f} rows of {name!r}"
            + (", weighted" if moments.design.weights else ""),
            "one round without weights, two villages or more, and several households in a village",
            "make moments of the baseline round alone, or give --sd and --icc",
        )
    total, g = n.sum(), len(n)
    within = float((yy - y * y / n).sum() / (total - g))
    between = float((n * (y / n - y.sum() / total) ** 2).sum() / (g - 1))
    typical = (total - (n * n).sum() / total) / (g - 1)
    icc = max(0.0, (between - within) / (between + (typical - 1) * within))
    return max(within + (between - within) / typical, 0.0) ** 0.5, float(icc), float(total / g)


def _require_possible(study: Study) -> None:
    """Raise UsageError for the first number that cannot be."""
    first = 0 if study.estimator == "end" else 1
    left = study.households * (1 - study.attrition)
    ranges = {
        "pilot": (study.pilot >= 2, "2 villages or more"),
        "comparison": (study.comparison >= 2, "2 villages or more"),
        "estimator": (study.estimator in get_args(Comparison), "end, did or ancova"),
        "icc": (0 <= study.icc < 1, "0 to below 1"),
        "sd": (study.sd > 0, "a positive number"),
        "before": (study.before >= first, f"{first} rounds or more for {study.estimator}"),
        "after": (study.after >= 1, "1 round or more"),
        "autocorrelation": (0 <= study.autocorrelation < 1, "0 to below 1"),
        "attrition": (0 <= study.attrition < 1, "0 to below 1"),
        "households": (left >= 1, "one household left in a village or more"),
        "take_up": (0 < study.take_up <= 1, "above 0 to 1"),
        "power": (1 - study.level < study.power < 1, "above 1 − level and below 1"),
        "level": (0 < study.level < 1, "between 0 and 1"),
    }
    for name, (is_possible, needed) in ranges.items():
        if not is_possible:
            raise UsageError(f"power, {name}", f"{getattr(study, name)}", needed, "correct it")
