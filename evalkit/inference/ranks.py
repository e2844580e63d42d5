"""The rank of the real pilots among all sets of villages that might have been pilots, and its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from evalkit.inference.invert import inverted
from evalkit.results import FloatArray

MIN_COMPARISON = 3
TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Sets:
    """The estimate of each set of villages (B,) had it been the pilots: ``at_zero − h · slope`` if the effect is h.

    The first is the set that really was. ``each`` is what one counts: 1/k! where all orders are used, else 1.
    """

    at_zero: FloatArray
    slope: FloatArray
    each: float
    exact: bool

    @property
    def total(self) -> float:
        """How many sets there are."""
        return self.each * len(self.at_zero)

    @property
    def text(self) -> str:
        """Say how many sets there are, and the smallest p that follows."""
        which = f"{'all' if self.exact else 'drawn'} {round(self.total)} sets of villages that might have been pilots"
        return f"rank among {which}, the smallest p that can be attained is {1 / self.total:.2g}"


def ranked(sets: Sets, value: float, level: float) -> tuple[float, float, float, float]:
    """Return spread, p, low and high of an estimate.

    p at an effect h is the share of sets with an estimate at least as large (in size) once h is taken off the pilots;
    the interval holds the h that are not rejected. The spread is the root mean square of the sets' estimates at
    h = estimate; NaN, as all else, where they do not vary.
    """

    def p_of(h: float) -> float:
        sizes = np.abs(sets.at_zero - h * sets.slope)
        return float(np.count_nonzero(sizes >= sizes[0] * (1 - TIE)) / len(sizes))

    spread = float(np.sqrt(((sets.at_zero - value * sets.slope) ** 2).mean()))
    if not spread > TIE * np.abs(sets.at_zero).max():
        return (float("nan"),) * 4
    return spread, p_of(0.0), *inverted(p_of, value, spread, level)


def enough_comparison(n_pilot: int, level: float = 0.95) -> int:
    """Return how many comparison villages a rank needs to reject anything at 1 − level: 19 for one pilot, 5 for two.

    Where both arms are equally large a set and its complement tie, so one more may be needed.
    """
    n = MIN_COMPARISON
    while comb(n + n_pilot, n_pilot) * (1 - level) * (1 + TIE) < (2 if n == n_pilot else 1):
        n += 1
    return n
