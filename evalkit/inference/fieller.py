"""The interval of a ratio of two effects on the same villages (Fieller 1954), which may be unbounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.errors import UsageError
from evalkit.inference.crv3 import without_each
from evalkit.inference.student import critical
from evalkit.results import Inference


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two effects with its interval; without ends (None) where the divisor cannot be told from 0."""

    value: float
    low: float | None
    high: float | None

    @property
    def is_bounded(self) -> bool:
        """Whether there is an interval."""
        return self.low is not None


def fieller(part: Inference, total: Inference, level: float = 0.95) -> Ratio:
    """Return the ratio of two effects and the values ρ that do not contradict the data.

    Parameters
    ----------
    part, total : Inference
        Of the first term each, from the same rows and villages; ``total`` is the divisor.

    Raises
    ------
    UsageError
        The two rest on different villages.

    Notes
    -----
    ρ is kept where |a − ρb| ≤ t·s(a − ρb), a quadratic in ρ (Fieller 1954, eq. 6). The covariance of a and b is the
    jackknife's, (G − 1)/G Σ (a₍₋v₎ − a)(b₍₋v₎ − b); t has the smaller of the two degrees of freedom. Where b itself
    is not told from 0 at this level the kept set is unbounded, and no interval is given.
    """
    a, b = float(part.estimate.values[0]), float(total.estimate.values[0])
    left_a, left_b = without_each(part.estimate)[:, 0], without_each(total.estimate)[:, 0]
    if len(left_a) != len(left_b):
        raise UsageError(
            "ratio",
            f"the effects rest on {len(left_a)} and {len(left_b)} villages",
            "two effects on the same villages",
            "estimate both from the same rows",
        )
    v = (len(left_a) - 1) / len(left_a) * _products(left_a - a, left_b - b)
    df = min(float(part.df[0]), float(total.df[0]))
    if not np.isfinite(v).all() or not np.isfinite(df):
        return Ratio(a / b, None, None)
    t2 = critical(df, level) ** 2
    square, middle, constant = b * b - t2 * v[1, 1], a * b - t2 * v[0, 1], a * a - t2 * v[0, 0]
    if square <= 0:
        return Ratio(a / b, None, None)
    half = float(np.sqrt(middle * middle - square * constant))
    return Ratio(a / b, float((middle - half) / square), float((middle + half) / square))


def _products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    both = np.stack([x, y])
    return np.asarray(both @ both.T, dtype=np.float64)
