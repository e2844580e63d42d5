"""CRV3 with degrees of freedom from the numbers of villages, for arms whose shocks may differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.inference.basis import linear, n_clusters
from evalkit.inference.crv3 import std_error
from evalkit.inference.student import by_student
from evalkit.results import Estimate, FloatArray, Inference, Influence, Linear

RATIO = 2.25
"""Variance of a village of the smaller arm in variances of the other's: shocks half as large again."""
FEW = 4
"""With fewer villages than this the excess of CRV3 no longer makes up for a degree of freedom: k − 1 are left."""
PRESENT = 1e-12
"""A village has a regressor where its sum of squares is above this share of the largest village's."""


def jackknife(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from CRV3 with Welch's degrees of freedom where the smaller arm has larger shocks.

    With k villages in the smaller arm of a term and m in the other, a = R/k, b = 1/m and R = `RATIO`,
    df = (a + b)² / (a²/k + b²/m): Welch (1947), with k and m for k − 1 and m − 1 because CRV3 overstates the variance
    of k villages by k/(k − 1). R was chosen by measurement (docs/coverage.md): larger, the interval is longer than need
    be with 4 + 4 villages; smaller, it covers less with 4 + 36. A term is null where leaving out one village leaves it
    undetermined.

    Raises
    ------
    DesignError
        There are fewer than three villages.
    """
    se = std_error(estimate, "jackknife")
    if isinstance(estimate.basis, Influence) and estimate.basis.arms is not None:
        return _by_arms(estimate, estimate.basis.arms, se, level)
    basis = linear(estimate, "jackknife")
    g = len(basis.sums.clusters)
    smaller = smaller_arm(basis)
    df = np.array([degrees_of_freedom(int(k), g - int(k)) for k in smaller])
    arm = f"{smaller[0]} in the smaller arm" if smaller[0] else "each on both sides"
    reason = f"{g} villages, {arm}: jackknife (CRV3) with {df[0]:.1f} degrees of freedom"
    return by_student(estimate, "jackknife", se, df, level, reason)


def _by_arms(estimate: Estimate, arms: NDArray[np.int64], se: FloatArray, level: float) -> Inference:
    """Return the intervals of terms that say which villages stand on either side, (m, 2)."""
    most = n_clusters(estimate) - 1.0
    df = np.array([min(degrees_of_freedom(int(a.min()), int(a.max())), most) for a in arms])
    reason = f"jackknife (CRV3), {df.min():.1f} to {df.max():.1f} degrees of freedom from the smaller side of each term"
    return by_student(estimate, "jackknife", se, df, level, reason)


def degrees_of_freedom(smaller: int, larger: int) -> float:
    """Return Welch's degrees of freedom at `RATIO`; below `FEW` villages one fewer than there are.

    Five and ten villages: (.45 + .1)² / (.45²/5 + .1²/10) = .3025/.0415 = 7.289. Without a second arm, or with
    both in every village (``smaller`` = 0), as many as there are villages, less one.
    """
    if smaller == 0:
        return larger - 1.0
    if smaller < FEW:
        return smaller - 1.0
    a, b = RATIO / smaller, 1 / larger
    return (a + b) ** 2 / (a * a / smaller + b * b / larger)


def smaller_arm(basis: Linear) -> NDArray[np.int64]:
    """Return the number of villages in the smaller arm of each term, (m,); of several regressors the smallest counts.

    A regressor of a term splits the villages into those that have it and those that don't. A fixed term has none: 0.
    """
    has, g = villages_having(basis), len(basis.sums.clusters)
    used = basis.contrasts != 0
    smallest = np.where(used, np.minimum(has, g - has), g).min(axis=1)
    return np.where(used.any(axis=1), smallest, 0).astype(np.int64)


def villages_having(basis: Linear) -> NDArray[np.int64]:
    """Return the number of villages that have each regressor, (K,)."""
    size = np.einsum("gkk->gk", basis.sums.s1)
    return np.asarray((size > PRESENT * size.max(axis=0)).sum(axis=0), dtype=np.int64)
