"""Intervals by inversion: the values that a test does not reject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

WIDEST = 2.0**12
"""How many standard errors from the estimate an endpoint is looked for."""
STEPS = 60
ROUNDING = 1e-9
"""Relative: 1 − .9 is a little less than .1, and a p of 1/10 must still reject at 90 %."""


def inverted(p_of: Callable[[float], float], centre: float, scale: float, level: float) -> tuple[float, float]:
    """Return the endpoints of {h : p(h) > 1 − level}, searched outwards from `centre` in steps of `scale`.

    An endpoint is NaN where p stays above 1 − level within `WIDEST` scales: too few assignments to reject anything.
    """
    low, high = (_endpoint(p_of, centre, sign * scale, (1 - level) * (1 + ROUNDING)) for sign in (-1.0, 1.0))
    return low, high


def _endpoint(p_of: Callable[[float], float], centre: float, step: float, alpha: float) -> float:
    inside, reach = 0.0, 1.0
    while p_of(centre + reach * step) > alpha:
        inside, reach = reach, reach * 2
        if reach > WIDEST:
            return float("nan")
    outside = reach
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        if middle in {inside, outside}:
            break
        if p_of(centre + middle * step) > alpha:
            inside = middle
        else:
            outside = middle
    return float(np.float64(centre + inside * step))
