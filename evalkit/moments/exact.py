"""Sums that do not depend on the order of their terms.

Floating-point addition is not associative, so a sum over rows would change with threads, chunks and
file layout. Each number is split on a fixed grid into integers small enough that any sum of them is
exact in a double (Demmel & Nguyen 2015, reproducible summation, with a grid known in advance);
exact sums commute, and the pieces are put together once at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.results import FloatArray

MANTISSA = 53
LARGEST = 2.0**900
"""Beyond this the powers of two of the grid would leave the range of doubles; no indicator comes near it."""


def exact_group_sum(values: FloatArray, codes: NDArray[np.integer], n_groups: int) -> FloatArray:
    """Sum `values` (n,) by group code (n,), to a result (n_groups,) whose bits do not depend on row order.

    The grid starts at the largest absolute value, so the absolute error of each term is below 2⁻⁵³ of that value.

    Raises
    ------
    OverflowError
        A value is beyond 2⁹⁰⁰ or not finite.
    """
    largest = max(float(values.max()), -float(values.min())) if values.size else 0.0
    if largest == 0.0:
        return np.zeros(n_groups)
    if not largest < LARGEST:
        raise OverflowError(f"values up to {largest} cannot be summed exactly")
    bits = MANTISSA - 1 - int(values.size - 1).bit_length()
    exponent = max(int(np.frexp(largest)[1]), -900)
    total = np.zeros(n_groups)
    rest = values
    for piece in range(1, -(-MANTISSA // bits) + 1):
        unit = 2.0 ** (exponent - piece * bits)
        whole = rest * (1 / unit)
        np.rint(whole, out=whole)
        total += np.bincount(codes, weights=whole, minlength=n_groups) * unit
        whole *= unit
        rest = np.subtract(rest, whole, out=whole)
    return total


def exact_group_sums(values: FloatArray, codes: NDArray[np.integer], n_groups: int) -> FloatArray:
    """Sum each column of `values` (n, m) by group; the result has shape (n_groups, m)."""
    columns = [exact_group_sum(np.ascontiguousarray(values[:, j]), codes, n_groups) for j in range(values.shape[1])]
    return np.column_stack(columns) if columns else np.zeros((n_groups, 0))
