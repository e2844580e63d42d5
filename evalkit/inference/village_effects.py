"""What chance does to one village in a did: the residual change of each comparison village at the pilots' start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import factorial, perm

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.inference.basis import linear
from evalkit.inference.invert import inverted
from evalkit.results import Estimate, FloatArray, Inference, Linear, Reassignment

MIN_COMPARISON = 3
SEEN = 1e-9
"""A village with less than this share of the largest weight is not seen both before and after: it has no change."""
TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""


@dataclass(frozen=True, slots=True)
class VillageEffects:
    """``residual`` (N₀,) of comparison villages; weight in the regression and effective households by village.

    ``residual`` is the coefficient of the pilots' exposure in a village's own residuals. ``weight`` (k,) is a pilot
    village's Σ w d'M_id, by which did averages; ``pilot_size`` (k,) and ``size`` (N₀,) are (Σ w d'M_id)²/Σ w² d'M_id,
    proportional to households where weights are equal.
    """

    residual: FloatArray
    size: FloatArray
    weight: FloatArray
    pilot_size: FloatArray


@dataclass(frozen=True, slots=True)
class Draws:
    """Chance effects (B,) of a set of pilot villages; ``each`` is what one counts (1/k! where all orders are used)."""

    values: FloatArray
    each: float


def village_effects(estimate: Estimate, method: str) -> VillageEffects:
    """Find the residual change of each comparison village, from the sums of a did with one start.

    Raises
    ------
    DesignError
        The estimate is no did without covariates, villages start at several dates or are treated in part, or there
        are fewer comparison villages than pilots + 2.
    """
    basis = linear(estimate, method)
    if estimate.estimator != "did" or estimate.reassign is None:
        raise DesignError(
            f"inference {method!r}", estimate.estimator, "did without household covariates", "use did, or randomization"
        )
    design = estimate.reassign()
    pilots = _pilots(design, basis, method)
    effects = _effects(design, basis, pilots)
    if len(effects.residual) < max(MIN_COMPARISON, len(effects.weight) + 2):
        raise DesignError(
            f"inference {method!r}",
            f"{len(effects.residual)} comparison villages for {len(effects.weight)} pilot village(s)",
            f"at least {max(MIN_COMPARISON, len(effects.weight) + 2)}",
            "add comparison villages",
        )
    return effects


def _pilots(design: Reassignment, basis: Linear, method: str) -> NDArray[np.bool_]:
    sums, assigned = basis.sums, design.assigned
    whole = len(assigned) == len(sums.clusters) and not (sums.treated & sums.untreated).any()
    if not whole or len(np.unique(assigned[sums.treated])) != 1:
        raise DesignError(
            f"inference {method!r}",
            "villages start in several rounds, or are treated in part",
            "pilot villages that start in one round, and comparison villages",
            "use randomization",
        )
    return sums.treated


def _effects(design: Reassignment, basis: Linear, pilots: NDArray[np.bool_]) -> VillageEffects:
    """Treatment is the last column; under the pilots' arm it is the same sum of round dummies in each village."""
    arm = int(design.assigned[pilots][0])
    s, r = design.s[:, arm], design.r[:, arm]
    rounds = s[:, :-1, :-1].sum(axis=0)
    after = np.linalg.lstsq(rounds, s[:, -1, :-1].sum(axis=0), rcond=None)[0]
    weight = s[:, -1, -1]
    seen = weight > SEEN * weight.max()
    s, r, weight = s[seen], r[seen], weight[seen]
    residual = (r[:, -1] - s[:, -1, :-1] @ basis.beta[:-1]) / weight
    squares = (basis.sums.s2 if basis.sums.s2 is not None else basis.sums.s1)[seen]
    size = weight**2 / np.einsum("k,gkl,l->g", after, squares[:, :-1, :-1], after)
    pilot = pilots[seen]
    return VillageEffects(residual[~pilot], size[~pilot], weight[pilot], size[pilot])


def chance_effects(effects: VillageEffects, scale: FloatArray, pilot_scale: FloatArray, draws: int, seed: int) -> Draws:
    """Put residuals of k different comparison villages in the place of the pilots', in every way or `draws` of them.

    A residual counts as residual / scale × the pilot's scale. The factor N₀/(N₀ − k) makes up for residuals that sum
    to zero and for the comparison mean's own error; it is exact for equal villages and goes to 1 with N₀.
    """
    n, k = len(effects.residual), len(effects.weight)
    part = effects.weight / effects.weight.sum() * pilot_scale * n / (n - k)
    if perm(n, k) <= draws:
        chosen, each = np.array(list(permutations(range(n), k))), 1 / factorial(k)
    else:
        rng = np.random.default_rng(seed)
        chosen, each = np.argsort(rng.random((draws, n)), axis=1)[:, :k], 1.0
    return Draws((effects.residual / scale)[chosen] @ part, each)


def by_rank(estimate: Estimate, method: str, draws: Draws, level: float, reason: str) -> Inference:
    """Return p = (1 + #{|chance| ≥ |estimate − h|})/(1 + #) at h = 0, and the interval of all h not rejected."""
    sizes, value = np.abs(draws.values), float(estimate.values[0])
    total = 1 + draws.each * len(sizes)

    def p_of(h: float) -> float:
        return float((1 + draws.each * np.count_nonzero(sizes >= abs(value - h) * (1 - TIE))) / total)

    spread = float(np.sqrt((sizes**2).mean()))
    low, high = _interval(p_of, value, spread, level)
    se, none = np.array([spread if spread > 0 else np.nan]), np.array([np.nan])
    text = f"{reason}; the smallest p that can be attained is {1 / total:.2g}"
    t, p, lower, upper = (np.array([x]) for x in (value / se[0], p_of(0.0), low, high))
    return Inference(estimate, method, se, none, t, p, lower, upper, level, text)


def _interval(p_of: Callable[[float], float], value: float, spread: float, level: float) -> tuple[float, float]:
    return inverted(p_of, value, spread, level) if spread > 0 else (float("nan"), float("nan"))
