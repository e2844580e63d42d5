"""Classical standard errors: rows independent, one variance. For individually randomised cross-sections."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import linear
from evalkit.inference.student import by_student
from evalkit.results import Estimate, Inference


def classical(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from s² = RSS/(N − K), with N − K degrees of freedom.

    Raises
    ------
    DesignError
        The estimate does not carry its residual sum of squares (household effects, or weights from Moments).
    """
    basis = linear(estimate, "classical")
    if basis.rss is None:
        raise DesignError(
            "classical inference",
            f"{estimate.estimator} has no residual sum of squares here",
            "an unweighted cross-section",
            "use crv2, which follows the villages",
        )
    df = float(estimate.counts.n_obs - basis.k_dof)
    variance = np.einsum("mk,kl,ml->m", basis.contrasts, basis.bread, basis.contrasts) * basis.rss / df
    return by_student(
        estimate, "classical", np.sqrt(variance), np.full(len(variance), df), level, "rows taken as independent"
    )
