"""CRV1: the usual cluster-robust variance, as fixest and reghdfe compute it."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import linear, n_clusters
from evalkit.inference.student import by_student
from evalkit.results import Estimate, FloatArray, Inference, Influence, Linear


def crv1(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from CRV1 with G − 1 degrees of freedom.

    V = Q (Σ s_v s_v') Q · G/(G−1) · (N−1)/(N−K), s_v = r_v − S_v β (Cameron & Miller 2015, eq. 11 and 12).
    Where the estimate is no linear regression, V = factor · Σ ψ_v², with the factor that its estimator states.
    With few or unequal villages it is too short: CRV2 is the default.

    Raises
    ------
    DesignError
        There is one village.
    """
    g = n_clusters(estimate)
    if g < 2:
        raise DesignError("crv1", "there is one village", "at least two", "no interval can be given from one village")
    z, factor = influence(estimate, g)
    se = np.sqrt(factor * (z * z).sum(axis=0))
    return by_student(
        estimate, "crv1", se, np.full(len(se), g - 1.0), level, f"{g} villages, t with {g - 1} degrees of freedom"
    )


def influence(estimate: Estimate, g: int) -> tuple[FloatArray, float]:
    """Return what each village moves in the terms, (G, m), and the small-sample factor of its squares."""
    basis, n = estimate.basis, estimate.counts.n_obs
    if isinstance(basis, Influence):
        return basis.psi, basis.factor
    basis = linear(estimate, "crv1")
    z = np.asarray(scores(basis) @ basis.bread @ basis.contrasts.T, dtype=np.float64)
    return z, g / (g - 1) * (n - 1) / (n - basis.k_dof)


def scores(basis: Linear) -> FloatArray:
    """Return s_v = r_v − S_v β for each village, (G, K)."""
    return basis.sums.r1 - basis.sums.s1 @ basis.beta
