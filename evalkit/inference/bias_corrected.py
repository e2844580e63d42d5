"""Intervals at a cut-off: around the estimate less its bias, with the bias's own uncertainty counted (CCT 2014)."""

from __future__ import annotations

from evalkit.inference.basis import local_fit
from evalkit.inference.student import by_normal
from evalkit.results import Estimate, Inference

METHOD = "robust_bias_corrected"


def robust_bias_corrected(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return the interval around the bias-corrected estimate, with its robust standard error.

    A local line bends away from the curve that it stands for, and the usual bandwidths leave that bias in the usual
    interval. Calonico, Cattaneo & Titiunik (2014), theorem 1 and eq. 3: (τ̂ − B̂) ± z · √(V + W), where W is what
    estimating B̂ adds. ``estimate`` in the tidy table stays the local-linear one, off the interval's middle.

    Raises
    ------
    DesignError
        The estimate is not made at a cut-off.
    """
    basis = local_fit(estimate, METHOD)
    reason = "around the estimate less its estimated bias, with robust standard errors (Calonico, Cattaneo & Titiunik)"
    return by_normal(estimate, METHOD, basis.corrected, basis.robust_error, level, reason)


def local_conventional(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return the usual interval of the local lines, which leaves their bias in: shown beside, not instead."""
    basis = local_fit(estimate, "local_conventional")
    reason = "around the estimate itself; leaves out that a local line bends away from the curve it stands for"
    return by_normal(estimate, "local_conventional", estimate.values, basis.std_error, level, reason)
