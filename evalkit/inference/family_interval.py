"""The interval of one outcome of a family that holds together with the intervals of the others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.errors import UsageError
from evalkit.inference.infer import METHODS, infer
from evalkit.results import Inference

ENDS = ("conf_low", "conf_high")


@dataclass(frozen=True, slots=True)
class FamilyInterval:
    """One of the n intervals of a family: in `joint_level` of all studies every one of them holds its true value.

    ``conf_level`` is what the single interval has; an end is None where no value is far enough to be rejected at it.
    """

    n: int
    joint_level: float
    conf_level: float
    conf_low: float | None
    conf_high: float | None

    @property
    def is_bounded(self) -> bool:
        """Whether it has both ends."""
        return self.conf_low is not None and self.conf_high is not None


def family_interval(result: Inference, n: int, *, term: str = "att", seed: int = 1) -> FamilyInterval | None:
    """Return the interval of a result as one of n outcomes; None where the result has none, or stands alone.

    Each of n intervals has the level 1 − α/n (Bonferroni; Dunn 1961, section 2): whatever ties the outcomes together,
    all n hold with 1 − α. It is computed anew by the result's own method, since intervals by rank are no multiples of
    a standard error.

    Parameters
    ----------
    n : int
        How many outcomes the plan has in the family, whether or not they have an interval.
    seed : int
        The seed of the result, for methods that draw.

    Raises
    ------
    UsageError
        n is below one.
    """
    if n < 1:
        raise UsageError("family_interval", f"n is {n}", "the number of outcomes in the family", "count them")
    if n == 1 or result.method not in METHODS or None in _ends(result, term):
        return None
    level = 1 - (1 - result.conf_level) / n
    low, high = _ends(infer(result.estimate, result.method, level=level, seed=seed), term)
    return FamilyInterval(n, result.conf_level, level, low, high)


def _ends(result: Inference, term: str) -> tuple[float | None, float | None]:
    """Return the ends of an interval; None for one that is undefined or infinite."""
    row = result.row(term)
    low, high = (row[end] if row[end] is not None and math.isfinite(row[end]) else None for end in ENDS)
    return low, high
