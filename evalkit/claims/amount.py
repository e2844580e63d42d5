"""Amount: a figure with the values that it leaves open, and arithmetic that keeps them.

The rules are those of interval arithmetic (Moore 1966): if each true value lies in its interval, the true result lies
in the interval of the result. Whether one figure occurs twice in a computation is not seen, so a result may be wider
than it need be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import inf, nextafter


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure as stated, and the lowest and highest value that it leaves open; either end may be infinite."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value} does not lie from {self.low} to {self.high}")

    def __mul__(self, other: Amount) -> Amount:
        return _hull(self.value * other.value, [_times(a, b) for a, b in _corners(self, other)])

    def __truediv__(self, other: Amount) -> Amount:
        """Divide; a divisor that may be 0 leaves the result open on the side on which it grows."""
        if other.low < 0 or other.value == 0:
            raise ZeroDivisionError("the divisor must be above 0")
        return _hull(self.value / other.value, [_over(a, b) for a, b in _corners(self, other)])

    def __add__(self, other: Amount) -> Amount:
        return _hull(self.value + other.value, [self.low + other.low, self.high + other.high])

    def __sub__(self, other: Amount) -> Amount:
        return _hull(self.value - other.value, [self.low - other.high, self.high - other.low])

    def scaled(self, factor: float) -> Amount:
        """Return the amount in another unit; `factor` is above 0."""
        return self if factor == 1 else self * Amount(factor, factor, factor)

    def overlaps(self, other: Amount) -> bool:
        """Whether both may be the same number."""
        return self.low <= other.high and other.low <= self.high

    @property
    def is_open(self) -> bool:
        """Whether nothing bounds the amount from above or from below (0 bounds nothing that cannot be negative)."""
        return math.isinf(self.high) or (self.low == 0 and self.value > 0)


def exactly(value: float) -> Amount:
    """Return an amount that leaves nothing open."""
    return Amount(value, value, value)


def total(amounts: Iterable[Amount]) -> Amount:
    """Return the sum."""
    first, *rest = amounts
    for amount in rest:
        first = first + amount
    return first


def _corners(a: Amount, b: Amount) -> Iterable[tuple[float, float]]:
    return product((a.low, a.high), (b.low, b.high))


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _over(a: float, b: float) -> float:
    """Divide ends of intervals in the limit: by 0 the result grows without bound, by infinity it vanishes."""
    if b == 0:
        return 0.0 if a == 0 else math.copysign(inf, a)
    if math.isinf(b):
        return math.copysign(inf, a) if math.isinf(a) else 0.0
    return a / b


def _hull(value: float, ends: list[float]) -> Amount:
    """Return the narrowest interval around all ends, one step of the machine wider: rounding loses no value."""
    low, high = min(*ends, value), max(*ends, value)
    return Amount(value, low if low == 0 else nextafter(low, -inf), nextafter(high, inf))
