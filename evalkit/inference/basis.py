"""Which methods fit which estimates: some need a linear regression, some only the influence of each village."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.results import Estimate, Influence, Linear


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
        "use crv1, or crv3 (the jackknife over villages)",
    )


def n_clusters(estimate: Estimate) -> int:
    """Return the number of villages that an estimate rests on."""
    basis = estimate.basis
    return len(basis.clusters if isinstance(basis, Influence) else basis.sums.clusters)


def is_fixed(estimate: Estimate) -> NDArray[np.bool_]:
    """Whether a term is set and not estimated (the base of an event study), (m,)."""
    basis = estimate.basis
    part = basis.psi.T if isinstance(basis, Influence) else basis.contrasts
    return np.asarray(~(part != 0).any(axis=1), dtype=np.bool_)
