"""Changes of villages at the pilots' start in a did, and the sets of villages that might have been pilots."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial, perm

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.inference.basis import linear
from evalkit.inference.ranks import MIN_COMPARISON, Sets, ranked
from evalkit.results import Estimate, FloatArray, Inference, Linear, Reassignment

SEEN = 1e-9
"""A village with less than this share of the largest weight is not seen both before and after: it has no change."""


@dataclass(frozen=True, slots=True)
class VillageEffects:
    """Changes of the G villages seen before and after the start, beyond the comparison villages' mean.

    ``change`` (G,) is the coefficient of the pilots' exposure in a village's own residuals, with the effect still in
    those of pilots; ``weight`` (G,) is Σ w d'M_id, by which did averages, ``size`` (G,) is weight²/Σ w² d'M_id,
    proportional to households where weights are equal; ``pilot`` (G,) says who is one. did is the pilots' weighted mean
    change; that of comparison villages is 0.
    """

    change: FloatArray
    weight: FloatArray
    size: FloatArray
    pilot: NDArray[np.bool_]


def village_effects(estimate: Estimate, method: str) -> VillageEffects:
    """Find each village's change from the sums of a did with one start.

    Raises
    ------
    DesignError
        The estimate is no did without covariates, pilot villages start at several dates or are treated in part, or
        there are fewer than three comparison villages.
    """
    basis = linear(estimate, method)
    if estimate.estimator != "did" or estimate.reassign is None:
        raise DesignError(
            f"inference {method!r}", estimate.estimator, "did without household covariates", "use did, or randomization"
        )
    design = estimate.reassign()
    effects = _effects(design, basis, _pilots(design, basis, method))
    n = int((~effects.pilot).sum())
    if n < MIN_COMPARISON:
        raise DesignError(
            f"inference {method!r}",
            f"{n} comparison villages seen before and after the start",
            f"at least {MIN_COMPARISON}",
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
    change = (r[:, -1] - s[:, -1, :-1] @ basis.beta[:-1]) / weight
    squares = (basis.sums.s2 if basis.sums.s2 is not None else basis.sums.s1)[seen]
    size = weight**2 / np.einsum("k,gkl,l->g", after, squares[:, :-1, :-1], after)
    return VillageEffects(change, weight, size, pilots[seen])


def pilot_sets(effects: VillageEffects, scale: FloatArray, draws: int, seed: int) -> Sets:
    """Put k villages in the place of the pilots, in every way or `draws` of them, against all others.

    A village's change counts as change / its `scale` (G,) × the scale of the pilot in whose place it stands, with that
    pilot's part in the average; the others are averaged by weight.
    """
    own = np.flatnonzero(effects.pilot)
    chosen, each, exact = _places(len(effects.pilot), own, draws, seed)
    part = effects.weight[own] / effects.weight[own].sum() * scale[own]
    values = np.column_stack([effects.change, effects.pilot.astype(np.float64)])
    inside = np.einsum("k,bkc->bc", part, (values / scale[:, None])[chosen])
    weighted = values * effects.weight[:, None]
    rest = weighted.sum(axis=0) - weighted[chosen].sum(axis=1)
    others = rest / (effects.weight.sum() - effects.weight[chosen].sum(axis=1))[:, None]
    at_zero, slope = (inside - others).T
    return Sets(at_zero, slope, each, exact)


def _places(n: int, own: NDArray[np.intp], draws: int, seed: int) -> tuple[NDArray[np.intp], float, bool]:
    """Return the villages in the pilots' places (B, k), the real ones first."""
    k = len(own)
    if perm(n, k) <= draws:
        every = np.array(list(permutations(range(n), k)), dtype=np.intp)
        real = (every == own).all(axis=1)
        return np.concatenate([own[None, :], every[~real]]), 1 / factorial(k), True
    rng = np.random.default_rng(seed)
    drawn = np.argsort(rng.random((draws, n)), axis=1)[:, :k]
    return np.concatenate([own[None, :], drawn]), 1.0, False


def by_rank(estimate: Estimate, method: str, sets: Sets, level: float, reason: str) -> Inference:
    """Return the inference of a did from the rank of the real set."""
    value = float(estimate.values[0])
    spread, p, low, high = ranked(sets, value, level)
    se, df, t, p_value, lower, upper = (np.array([x]) for x in (spread, np.nan, value / spread, p, low, high))
    return Inference(estimate, method, se, df, t, p_value, lower, upper, level, f"{reason}; {sets.text}")
