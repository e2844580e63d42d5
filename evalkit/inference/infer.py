"""infer(): from an Estimate to its Inference by a named method, or by the default for the design."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.errors import DesignError, UsageError, nearest
from evalkit.inference.classical import classical
from evalkit.inference.crv1 import crv1
from evalkit.inference.crv2 import crv2
from evalkit.inference.crv3 import crv3
from evalkit.inference.multiplier import multiplier
from evalkit.inference.randomization import randomization
from evalkit.inference.wild import wild
from evalkit.results import Estimate, Inference, Linear

MIN_ARM = 2
"""With fewer pilot or comparison villages than this no interval follows from variation between villages."""

METHODS: dict[str, Callable[..., Inference]] = {
    "classical": classical,
    "crv1": crv1,
    "crv2": crv2,
    "crv3": crv3,
    "multiplier": multiplier,
    "wild": wild,
    "randomization": randomization,
}
DRAWING = frozenset({"multiplier", "wild", "randomization"})
"""Methods that draw, and so take `draws` and `seed`."""


def infer(
    estimate: Estimate, method: str = "auto", *, level: float = 0.95, seed: int = 1, draws: int = 9999
) -> Inference:
    """Give standard errors, p-values and intervals.

    Parameters
    ----------
    method : str
        ``auto`` or one of `METHODS`. ``auto`` is CRV2 with Satterthwaite degrees of freedom.
    level : float
        Confidence level.
    seed, draws : int
        For methods that draw (``multiplier``, ``wild``, ``randomization``); analytic methods do not use them.

    Raises
    ------
    DesignError
        ``auto`` with fewer than 2 pilot or 2 comparison villages, or a method that does not fit the estimate.
    UsageError
        An unknown method.
    """
    if method != "auto" and method not in METHODS:
        raise UsageError(
            "inference",
            f"{method!r} is unknown ({nearest(method, ['auto', *METHODS])})",
            "a known method",
            "choose one of them",
        )
    if method == "auto":
        too_few = few_villages(estimate)
        if too_few:
            raise DesignError(
                "inference",
                too_few,
                f"at least {MIN_ARM} pilot and {MIN_ARM} comparison villages",
                "report the change without an interval, or add villages",
            )
        return _default(estimate)(estimate, level)
    if method in DRAWING:
        return METHODS[method](estimate, level, draws=draws, seed=seed)
    return METHODS[method](estimate, level)


def _default(estimate: Estimate) -> Callable[..., Inference]:
    """CRV2 for regressions; for other estimators the jackknife, or their influence sums where they have no refit."""
    basis = estimate.basis
    if isinstance(basis, Linear):
        return crv2
    return crv1 if basis.left_out is None else crv3


def few_villages(estimate: Estimate) -> str:
    """Say which arm has too few villages for an interval; empty where both have enough."""
    pilot, other = arm_villages(estimate)
    if pilot < MIN_ARM:
        return f"{pilot} pilot village{'' if pilot == 1 else 's'}"
    if estimate.estimator != "pre_post" and other < MIN_ARM:
        return f"{other} comparison village{'' if other == 1 else 's'}"
    return ""


def arm_villages(estimate: Estimate) -> tuple[int, int]:
    """Return the numbers of villages with treated and with untreated households."""
    counts = estimate.counts
    return counts.n_treated_clusters, counts.n_comparison_clusters
