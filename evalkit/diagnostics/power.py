"""Which effect a planned study would find: the minimum detectable effect, before there are any results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from evalkit.diagnostics.study import Study, design_effect, require_possible, rounds_factor
from evalkit.errors import UsageError
from evalkit.inference.jackknife import FEW, degrees_of_freedom
from evalkit.results import FloatArray

NODES = 400
"""Of the quadrature over χ²; powers are right to 1e-6."""
MOST_VILLAGES = 100_000
"""An effect that needs more pilot villages than this is refused: no programme has as many."""


@dataclass(frozen=True, slots=True)
class DetectableEffect:
    """``std_error`` and ``mde`` (of offering) and ``mde_taking_part`` (mde/take_up) are in the outcome's unit.

    ``design_effect`` is 1 + ((1 + cv²)m − 1)·icc with m households left in a village; ``rounds_factor`` the variance
    with these rounds in parts of that of one round; ``df`` are the degrees of freedom that the interval of `auto` has.
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

    The variance of the estimate is sd² · deff/m · F · (1/k + 1/l) for k pilot and l comparison villages with m
    households left on average, deff of `design_effect` and F of `rounds_factor` (evalkit.diagnostics.study).

    The effect solves P(|t| > critical) = power with noncentral t, where Bloom (1995) adds two quantiles. `auto` is the
    jackknife from `FEW` villages an arm up: its standard error is too large by c, c² = (G − 1)/G (1/(k − 1) +
    1/(l − 1))/(1/k + 1/l), its critical value that of `degrees_of_freedom`. Below, it is CRV2, with c = 1. Degrees of
    freedom are those of villages that are alike: much unequal ones find a little less. `simulated_power` tries.

    Raises
    ------
    UsageError
        A number is outside its range, or there are fewer than two villages in an arm.
    """
    require_possible(study)
    se = standard_error(study)
    limit, df, own_df = critical_value(study.pilot, study.comparison, study.level)
    mde = se * noncentrality(limit, own_df, study.power)
    return DetectableEffect(study, se, df, design_effect(study), rounds_factor(study), mde, mde / study.take_up)


def standard_error(study: Study) -> float:
    """Return the standard deviation of the estimate, in the outcome's unit."""
    variance = design_effect(study) / study.left * rounds_factor(study) * (1 / study.pilot + 1 / study.comparison)
    return float(study.sd * variance**0.5)


def probability_of_finding(study: Study, effect: float) -> float:
    """Return the probability that the interval of `auto` excludes 0 where households of pilot villages gain `effect`.

    `effect` is in the outcome's unit and of offering: that of taking part times ``take_up``. Its sign does not matter.
    `minimum_detectable_effect` inverts it; at 0 it is how often the interval errs, at most about 1 − level. It is for a
    study that is being planned: of one that is done, read the interval.

    Raises
    ------
    UsageError
        As `minimum_detectable_effect`.
    """
    require_possible(study)
    limit, _, own_df = critical_value(study.pilot, study.comparison, study.level)
    return exceeds(abs(effect) / standard_error(study), scales(limit, own_df))


def villages_needed(study: Study, effect: float) -> tuple[int, int]:
    """Return the fewest pilot and comparison villages, in the study's proportion, that find `effect` as wanted.

    Households a village, rounds and all else stay. Comparison villages are rounded up.

    Raises
    ------
    UsageError
        The effect is 0, a number is outside its range, or it would take more than `MOST_VILLAGES` pilot villages.
    """
    require_possible(study)
    ratio = study.comparison / study.pilot

    def arms(pilot: int) -> tuple[int, int]:
        return pilot, max(2, int(np.ceil(round(pilot * ratio, 9))))

    def finds(pilot: int) -> bool:
        own, other = arms(pilot)
        return probability_of_finding(replace(study, pilot=own, comparison=other), effect) >= study.power

    high = 2
    while high <= MOST_VILLAGES and not finds(high):
        high *= 2
    if high > MOST_VILLAGES or effect == 0:
        raise UsageError(
            "power, effect", f"{effect:g} would take more than {MOST_VILLAGES} pilot villages", "a larger effect", "ask"
        )
    low = 1 if high == 2 else high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if finds(middle) else (middle, high)
    return arms(high)


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


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of the quadrature; found once, since that takes longer than all else here."""
    return np.polynomial.legendre.leggauss(NODES)


def scales(limit: float, df: float) -> tuple[FloatArray, FloatArray]:
    """Return limit · √(χ²/df) at the nodes of a quadrature over χ², and the weights of the nodes, summing to one."""
    from scipy.special import gammaincinv

    nodes, weights = _nodes()
    return limit * np.sqrt(gammaincinv(df / 2, (nodes + 1) / 2) / (df / 2)), weights / 2


def exceeds(delta: float, scale: tuple[FloatArray, FloatArray]) -> float:
    """Return P(|Z + δ| > limit · √(χ²/df)), a noncentral t beyond its limit."""
    from scipy.special import ndtr

    at, weights = scale
    return float(weights @ (ndtr(delta - at) + ndtr(-delta - at)))


def noncentrality(limit: float, df: float, power: float) -> float:
    """Return δ with P(|Z + δ| > limit · √(χ²/df)) = power."""
    from scipy.optimize import brentq

    scale = scales(limit, df)
    high = 1.0
    while exceeds(high, scale) < power:
        high *= 2
    return float(brentq(lambda delta: exceeds(delta, scale) - power, 0.0, high))
