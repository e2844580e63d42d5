"""Ferman & Pinto (2019): as Conley & Taber, with shocks that shrink as villages have more households."""

from __future__ import annotations

import numpy as np

from evalkit.inference.village_effects import VillageEffects, by_rank, chance_effects, village_effects
from evalkit.results import Estimate, FloatArray, Inference


def ferman_pinto(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return p and the interval by inversion from residual changes brought to the pilot villages' size.

    Ferman & Pinto (2019), section III: Var(residual) = A + B/M with M the village's households, fitted to the squared
    residuals of comparison villages with A, B ≥ 0; a residual counts as residual/√(A + B/M) × √(A + B/M_pilot).

    An interval at 95 % needs 19 comparison villages beside one pilot village, 7 beside two, 6 beside three.

    Raises
    ------
    DesignError
        See `village_effects`.
    """
    effects = village_effects(estimate, "ferman_pinto")
    scale, pilot_scale = scales(effects)
    chance = chance_effects(effects, scale, pilot_scale, draws, seed)
    reason = (
        f"residual changes of {len(effects.residual)} comparison villages, brought to the pilots' size (Ferman & "
        "Pinto); assumes that shocks of pilot and comparison villages differ only as far as their numbers of "
        "households do"
    )
    return by_rank(estimate, "ferman_pinto", chance, level, reason)


def scales(effects: VillageEffects) -> tuple[FloatArray, FloatArray]:
    """Return the fitted standard deviation of comparison villages (N₀,) and of pilot villages (k,)."""
    from scipy.optimize import nnls

    unit = effects.size.mean()
    terms = np.column_stack([np.ones_like(effects.size), unit / effects.size])
    fitted, _ = nnls(terms, effects.residual**2)
    if not fitted.any():
        return np.ones_like(effects.size), np.ones_like(effects.pilot_size)
    return np.sqrt(terms @ fitted), np.sqrt(fitted[0] + fitted[1] * unit / effects.pilot_size)
