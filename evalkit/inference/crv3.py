"""CRV3: the jackknife over villages."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimators.linear import refits_without
from evalkit.inference.basis import coefficients, is_fixed, n_clusters
from evalkit.inference.student import by_student
from evalkit.results import Donors, Estimate, FloatArray, Inference, Linear, LocalFit


def crv3(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from (G − 1)/G Σ (β₍₋v₎ − β)², with G − 1 degrees of freedom.

    MacKinnon, Nielsen & Webb (2023), eq. 10, centred on β. A term is null where leaving out one village leaves it
    undetermined.

    Raises
    ------
    DesignError
        There are fewer than three villages.
    """
    g, se = n_clusters(estimate), std_error(estimate, "crv3")
    return by_student(estimate, "crv3", se, np.full(len(se), g - 1.0), level, f"jackknife over {g} villages")


def std_error(estimate: Estimate, method: str) -> FloatArray:
    """Return √((G − 1)/G Σ (β₍₋v₎ − β)²) of each term, (m,); raises DesignError below three villages."""
    g = n_clusters(estimate)
    if g < 3:
        raise DesignError(method, f"there are {g} villages", "at least three", "no village can be left out")
    away = without_each(estimate) - coefficients(estimate)
    return np.asarray(np.sqrt((g - 1) / g * (away * away).sum(axis=0)), dtype=np.float64)


def without_each(estimate: Estimate) -> FloatArray:
    """Return each term's estimate without each village, (G, m); NaN where the others do not determine it.

    Raises
    ------
    DesignError
        The estimator has no refit without a village.
    """
    basis = estimate.basis
    if isinstance(basis, Linear):
        return left_out(basis)
    if isinstance(basis, Donors):
        return donors_left_out(basis)
    if isinstance(basis, LocalFit) or basis.left_out is None:
        raise DesignError(
            "inference 'crv3'",
            f"{estimate.estimator} cannot be refitted without a village",
            "an estimator with such a refit",
            "use crv1",
        )
    away = basis.left_out()
    away[:, is_fixed(estimate)] = coefficients(estimate)[is_fixed(estimate)]
    return away


def donors_left_out(basis: Donors) -> FloatArray:
    """Return ``att`` and the gaps of a synthetic estimate without each village, (G, m); NaN for the only pilot village.

    Weights are fitted anew, with the penalties of the full fit.
    """
    out = np.full((len(basis.clusters), 1 + len(basis.periods)), np.nan)
    for g in range(len(basis.clusters)):
        others = np.arange(len(basis.clusters)) != g
        share = basis.share[others]
        if share.sum() > 0 and (share == 0).any():
            fit = basis.refit(basis.means[others], share / share.sum(), basis.before, basis.after)
            out[g] = [fit.att, *fit.gaps]
    return out


def left_out(basis: Linear) -> FloatArray:
    """Return each term's estimate without each village, (G, m); NaN where the others do not determine it."""
    sums, kept = basis.sums, np.diag(basis.bread) > 0
    return refits_without(sums.s1[:, kept][:, :, kept], sums.r1[:, kept], basis.contrasts[:, kept])
