"""Which methods fit which estimates: some need a linear regression, some only the influence of each village."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.results import Donors, Estimate, FloatArray, Influence, Linear, LocalFit


def linear(estimate: Estimate, method: str) -> Linear:
    """Return the regression behind an estimate.

    Raises
    ------
    DesignError
        The estimate is no linear regression.
    """
    if isinstance(estimate.basis, Linear):
        return estimate.basis
    raise DesignError(
        f"inference {method!r}",
        f"{estimate.estimator} is not one linear regression",
        "an estimator such as did, event_study or itt",
        "use placebo"
        if isinstance(estimate.basis, Donors)
        else "use multiplier (a bootstrap), crv1, or crv3 (the jackknife over villages)",
    )


def donors(estimate: Estimate, method: str) -> Donors:
    """Return the village means and weights behind a synthetic estimate.

    Raises
    ------
    DesignError
        The estimate has no donors.
    """
    if isinstance(estimate.basis, Donors):
        return estimate.basis
    raise DesignError(
        f"inference {method!r}",
        f"{estimate.estimator} has no donors",
        "synthetic_control, synthetic_did or synthetic_factors",
        "use conley_taber or randomization where few villages are treated",
    )


def local_fit(estimate: Estimate, method: str) -> LocalFit:
    """Return the lines on either side of the cut-off behind an estimate.

    Raises
    ------
    DesignError
        The estimate is not made at a cut-off.
    """
    if isinstance(estimate.basis, LocalFit):
        return estimate.basis
    raise DesignError(
        f"inference {method!r}", f"{estimate.estimator} is not made at a cut-off", "discontinuity", "use auto"
    )


def n_clusters(estimate: Estimate) -> int:
    """Return the number of villages that an estimate rests on."""
    basis = estimate.basis
    return len(basis.sums.clusters if isinstance(basis, Linear) else basis.clusters)


def matched_rounds(estimate: Estimate) -> int:
    """Return the rounds before the start in which a synthetic estimate is matched; 0 for other estimates."""
    return int(estimate.basis.before.sum()) if isinstance(estimate.basis, Donors) else 0


def is_fixed(estimate: Estimate) -> NDArray[np.bool_]:
    """Whether a term is set and not estimated (the base of an event study), (m,)."""
    basis = estimate.basis
    if isinstance(basis, Donors | LocalFit):
        return np.zeros(len(estimate.terms), dtype=np.bool_)
    part = basis.psi.T if isinstance(basis, Influence) else basis.contrasts
    return np.asarray(~(part != 0).any(axis=1), dtype=np.bool_)


def coefficients(estimate: Estimate) -> FloatArray:
    """Return what standard errors are of: the terms, or log(1 + term) of proportional effects, (m,)."""
    return np.log1p(estimate.values) if is_log(estimate) else estimate.values


def is_log(estimate: Estimate) -> bool:
    """Whether the terms are proportional effects exp(b) − 1."""
    return isinstance(estimate.basis, Influence) and estimate.basis.log
