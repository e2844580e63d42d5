"""Conley & Taber (2011): a did with few pilot villages, chance read off the comparison villages' residuals."""

from __future__ import annotations

import numpy as np

from evalkit.inference.village_effects import by_rank, chance_effects, village_effects
from evalkit.results import Estimate, Inference


def conley_taber(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return p and the interval by inversion from residual changes of comparison villages.

    Conley & Taber (2011), section III, eq. 8: with the number of pilot villages fixed, did − effect is an average of
    the pilots' own shocks, whose distribution is that of the comparison villages' residuals. Here with different
    villages in a set, a factor N₀/(N₀ − k), and the estimate counted as one of the draws, so that size holds with few
    comparison villages; all three vanish as N₀ grows.

    An interval at 95 % needs 19 comparison villages beside one pilot village, 7 beside two, 6 beside three.

    Raises
    ------
    DesignError
        See `village_effects`.
    """
    effects = village_effects(estimate, "conley_taber")
    chance = chance_effects(effects, np.ones_like(effects.size), np.ones_like(effects.weight), draws, seed)
    reason = (
        f"residual changes of {len(effects.residual)} comparison villages (Conley & Taber); assumes that shocks of "
        "pilot and comparison villages have one distribution"
    )
    return by_rank(estimate, "conley_taber", chance, level, reason)
