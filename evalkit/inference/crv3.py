"""CRV3: the jackknife over villages."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.student import by_student
from evalkit.results import Estimate, FloatArray, Inference, Linear

IDENTIFIED = 1e-6
"""A contrast is lost without a village where this share of it lies outside what the others determine."""
RANK = 1e-10


def crv3(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from (G − 1)/G Σ (β₍₋v₎ − β)², with G − 1 degrees of freedom.

    MacKinnon, Nielsen & Webb (2023), eq. 10, centred on β. A term is null where leaving out one village leaves it
    undetermined.

    Raises
    ------
    DesignError
        There are fewer than three villages.
    """
    g = len(estimate.basis.sums.clusters)
    se = std_error(estimate, "crv3")
    return by_student(estimate, "crv3", se, np.full(len(se), g - 1.0), level, f"jackknife over {g} villages")


def std_error(estimate: Estimate, method: str) -> FloatArray:
    """Return √((G − 1)/G Σ (β₍₋v₎ − β)²) of each term, (m,); raises DesignError below three villages."""
    g = len(estimate.basis.sums.clusters)
    if g < 3:
        raise DesignError(method, f"there are {g} villages", "at least three", "no village can be left out")
    away = left_out(estimate.basis) - estimate.values
    return np.asarray(np.sqrt((g - 1) / g * (away * away).sum(axis=0)), dtype=np.float64)


def left_out(basis: Linear) -> FloatArray:
    """Return each term's estimate without each village, (G, m); NaN where the others do not determine it."""
    sums, kept = basis.sums, np.diag(basis.bread) > 0
    s, r = sums.s1[:, kept][:, :, kept], sums.r1[:, kept]
    scale = 1 / np.sqrt(np.einsum("gkk->k", s))
    gram = (s.sum(axis=0) - s) * np.outer(scale, scale)
    values, vectors = np.linalg.eigh(gram)
    used = values > RANK * values.max(axis=1, keepdims=True)
    inverse = (vectors * np.where(used, 1 / np.where(used, values, 1.0), 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
    beta = np.einsum("gkl,gl->gk", inverse, (r.sum(axis=0) - r) * scale)
    contrasts = basis.contrasts[:, kept] * scale
    seen = np.einsum("gkl,ml->gmk", (vectors * used[:, None, :]) @ vectors.transpose(0, 2, 1), contrasts)
    lost = np.linalg.norm(seen - contrasts, axis=2) > IDENTIFIED * np.linalg.norm(contrasts, axis=1)
    return np.where(lost, np.nan, np.einsum("mk,gk->gm", contrasts, beta))
