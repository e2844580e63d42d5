"""Conley & Taber (2011): a did with few pilot villages, chance read off the other villages' changes."""

from __future__ import annotations

import numpy as np

from evalkit.inference.village_effects import by_rank, pilot_sets, village_effects
from evalkit.results import Estimate, Inference


def conley_taber(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return p and the interval by inversion from residual changes of villages.

    Conley & Taber (2011), section III, eq. 8: with the number of pilot villages fixed, did − effect is an average of
    the pilots' own shocks, and comparison villages' residuals show how large such shocks are. They draw from these
    residuals as if there were infinitely many; here every set of k among all villages, with the effect under test taken
    off the pilots, is set against the rest. The two agree as comparison villages grow many, and with few of them this
    one holds its size exactly where villages are exchangeable (of one size, with like shocks).

    A 95 % interval needs 19 comparison villages beside one pilot village, 5 beside two, 4 beside three
    (`ranks.enough_comparison`).

    Raises
    ------
    DesignError
        See `village_effects`.
    """
    effects = village_effects(estimate, "conley_taber")
    sets = pilot_sets(effects, np.ones_like(effects.size), draws, seed)
    reason = (
        f"changes of {int((~effects.pilot).sum())} comparison villages (Conley & Taber); assumes that shocks of pilot "
        "and comparison villages have one distribution"
    )
    return by_rank(estimate, "conley_taber", sets, level, reason)
