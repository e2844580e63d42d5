"""Rows and the units they belong to: where each unit's rows stand together, sums by unit need no look-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.moments.codes import Codes
from evalkit.results import FloatArray

HALF = 32
"""A sum of distinct powers of two below 2^53 is exact in a double; half of the bits of a pattern are."""


@dataclass(frozen=True, slots=True)
class Units:
    """The unit of each row, ``code`` (n,), of ``n_units``; some units may have no row.

    ``starts`` are the first rows of the units where each unit's rows stand together, as files usually have them; None
    where they don't. All answers are the same either way; with `starts` they are made in one sweep over the rows.
    """

    code: Codes
    n_units: int
    starts: NDArray[np.intp] | None

    @classmethod
    def of(cls, code: Codes, n_units: int) -> Self:
        """Look whether the rows of each of the units, all of which have some, stand together."""
        starts = _starts(code)
        return cls(code, n_units, starts if len(starts) == n_units else None)

    def take(self, keep: NDArray[np.bool_]) -> Self:
        """Return the units of some of the rows; what stood together still does."""
        code = self.code[keep]
        return type(self)(code, self.n_units, None if self.starts is None else _starts(code))

    def own(self, by_row: Codes) -> tuple[Codes, bool]:
        """Return the key of each unit (that of one of its rows), and whether it differs between rows of a unit."""
        place = np.zeros(self.n_units, dtype=np.int64)
        if self.starts is None:
            place[self.code] = by_row
            return place, bool((place[self.code] != by_row).any())
        place[self.code[self.starts]] = by_row[self.starts]
        return place, bool((np.count_nonzero(by_row[1:] != by_row[:-1])) > self._changes_at_starts(by_row))

    def _changes_at_starts(self, by_row: Codes) -> int:
        """Count the units, but the first, whose key is another than that of the row before them."""
        first = self.starts[1:] if self.starts is not None else np.zeros(0, dtype=np.intp)
        return int(np.count_nonzero(by_row[first] != by_row[first - 1]))

    def to_rows(self, by_unit: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a unit's value for each of its rows."""
        if self.starts is None:
            return by_unit[self.code]
        return np.repeat(by_unit[self.code[self.starts]], np.diff(self.starts, append=len(self.code)))

    def patterns(self, period: Codes, n_periods: int) -> NDArray[np.uint64]:
        """Return the periods of each unit's rows as bits, (n_units,); no period may occur twice in a unit."""
        pattern = np.zeros(self.n_units, dtype=np.uint64)
        if self.starts is not None:
            if len(self.starts):
                bits = np.left_shift(np.uint64(1), np.arange(n_periods, dtype=np.uint64))[period]
                pattern[self.code[self.starts]] = np.bitwise_or.reduceat(bits, self.starts)
            return pattern
        for low in range(0, n_periods, HALF):
            every = np.arange(n_periods)
            powers = np.where((every >= low) & (every < low + HALF), 2.0 ** (every - low), 0.0)
            half = np.bincount(self.code, weights=powers[period], minlength=self.n_units)
            pattern |= half.astype(np.uint64) << np.uint64(low)
        return pattern

    def has_doubles(self, period: Codes, n_periods: int) -> bool:
        """Whether some unit has two rows in a period."""
        if self.starts is not None:
            falls = np.count_nonzero(period[1:] <= period[:-1])
            first = self.starts[1:]
            if falls == np.count_nonzero(period[first] <= period[first - 1]):
                return False  # within each unit periods rise
        spots = np.zeros(self.n_units * n_periods, dtype=bool)
        spots[self.code * n_periods + period] = True
        return int(spots.sum()) < len(self.code)

    def any(self, of_row: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return whether something is true of any row of each unit, (n_units,)."""
        out = np.zeros(self.n_units, dtype=bool)
        out[self.code[of_row]] = True
        return out

    def extremes(self, y: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return whether each unit has a positive, and whether it has a negative value, each (n_units,)."""
        if self.starts is None or not len(self.starts):
            return self.any(y > 0), self.any(y < 0)
        out = np.zeros((2, self.n_units), dtype=bool)
        own = self.code[self.starts]
        out[0, own] = np.maximum.reduceat(y, self.starts) > 0
        out[1, own] = np.minimum.reduceat(y, self.starts) < 0
        return out[0], out[1]


def _starts(code: Codes) -> NDArray[np.intp]:
    """Return the rows whose unit is not that of the row before."""
    if not len(code):
        return np.zeros(0, dtype=np.intp)
    return np.concatenate([np.zeros(1, dtype=np.intp), np.flatnonzero(code[1:] != code[:-1]) + 1])
