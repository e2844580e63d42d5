"""What each village moves in the terms under a method: the squares and products of these are its covariance."""

from __future__ import annotations

import numpy as np

from evalkit.inference.basis import n_clusters
from evalkit.inference.crv1 import influence
from evalkit.inference.crv2 import adjusted
from evalkit.inference.crv3 import without_each
from evalkit.results import FloatArray, Inference, Linear

COVARIANCE = frozenset({"crv1", "crv2", "crv3", "jackknife"})
"""Methods that give a covariance of the terms, and not each its own interval only."""


def contributions(inference: Inference) -> FloatArray | None:
    """Return Z (G, m) with the method's covariance Z'Z; None where it has none (`wild`, `randomization`).

    A column is NaN where the term has no standard error, and zero where it is fixed.
    """
    estimate, g = inference.estimate, n_clusters(inference.estimate)
    if inference.method not in COVARIANCE:
        return None
    if inference.method == "crv2" and isinstance(estimate.basis, Linear):
        return adjusted(estimate.basis).z
    if inference.method in {"crv3", "jackknife"}:
        return np.asarray(np.sqrt((g - 1) / g) * (without_each(estimate) - estimate.values), dtype=np.float64)
    z, factor = influence(estimate, g)
    return np.asarray(np.sqrt(factor) * z, dtype=np.float64)
