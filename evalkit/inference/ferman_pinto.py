"""Ferman & Pinto (2019): as Conley & Taber, with shocks that shrink as villages have more households."""

from __future__ import annotations

import numpy as np

from evalkit.inference.village_effects import VillageEffects, by_rank, pilot_sets, village_effects
from evalkit.results import Estimate, FloatArray, Inference


def ferman_pinto(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return p and the interval by inversion from residual changes brought to the pilot villages' size.

    Ferman & Pinto (2019), section III: Var(change) = A + B/M with M the village's households, fitted to the squared
    residual changes of comparison villages with A, B ≥ 0; a change counts as change/√(A + B/M) × √(A + B/M_pilot). Sets
    of villages as in `conley_taber`.

    A 95 % interval needs 19 comparison villages beside one pilot village, 5 beside two, 4 beside three.

    Raises
    ------
    DesignError
        See `village_effects`.
    """
    effects = village_effects(estimate, "ferman_pinto")
    sets = pilot_sets(effects, scales(effects), draws, seed)
    reason = (
        f"changes of {int((~effects.pilot).sum())} comparison villages, brought to the pilots' size (Ferman & Pinto); "
        "assumes that shocks of pilot and comparison villages differ only as far as their numbers of households do"
    )
    return by_rank(estimate, "ferman_pinto", sets, level, reason)


def scales(effects: VillageEffects) -> FloatArray:
    """Return the fitted standard deviation of each village's change, (G,)."""
    from scipy.optimize import nnls

    unit = effects.size.mean()
    terms = np.column_stack([np.ones_like(effects.size), unit / effects.size])
    fitted, _ = nnls(terms[~effects.pilot], effects.change[~effects.pilot] ** 2)
    return np.sqrt(terms @ fitted) if fitted.any() else np.ones_like(effects.size)
