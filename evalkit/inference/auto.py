"""The default interval: chosen from the numbers of pilot and comparison villages, never from the outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.crv1 import crv1
from evalkit.inference.crv2 import crv2
from evalkit.inference.crv3 import crv3
from evalkit.inference.jackknife import FEW, jackknife, villages_having
from evalkit.results import Estimate, Inference, Influence, Linear

MIN_ARM = 2
"""With fewer pilot or comparison villages than this no interval follows from variation between villages."""


def auto(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return an interval of a method that covered in every design of the study with such numbers of villages.

    The jackknife where every term compares all pilot with all comparison villages and the smaller arm has four or
    more; CRV2 with Satterthwaite degrees of freedom elsewhere. Measured in docs/coverage.md. Estimates that are no
    regression have the jackknife CRV3, or CRV1 where they cannot be refitted without a village; not measured there.

    Raises
    ------
    DesignError
        There are fewer than 2 pilot or 2 comparison villages.
    """
    too_few = few_villages(estimate)
    if too_few:
        raise DesignError(
            "inference",
            too_few,
            f"at least {MIN_ARM} pilot and {MIN_ARM} comparison villages",
            "report the change without an interval, or add villages",
        )
    if not isinstance(estimate.basis, Linear):
        return _without_regression(estimate, level)
    smaller = _arm_of_all_terms(estimate, estimate.basis)
    chosen = jackknife(estimate, level) if smaller >= FEW else crv2(estimate, level)
    return replace(chosen, reason=f"{chosen.reason}; {_why(smaller, estimate)}")


def _without_regression(estimate: Estimate, level: float) -> Inference:
    """Return the jackknife over villages, or influence sums where the estimator has no refit without a village."""
    refits = isinstance(estimate.basis, Influence) and estimate.basis.left_out is not None
    return (crv3 if refits else crv1)(estimate, level)


def _arm_of_all_terms(estimate: Estimate, basis: Linear) -> int:
    """Return the villages of the smaller arm; 0 where terms rest on different villages, or a village has both arms."""
    pilot, other = arm_villages(estimate)
    used = np.any(basis.contrasts != 0, axis=0)
    all_with_all = bool((villages_having(basis)[used] == pilot).all())
    return min(pilot, other) if all_with_all and pilot + other == estimate.counts.n_clusters else 0


def _why(smaller: int, estimate: Estimate) -> str:
    if smaller >= FEW:
        return f"covers from {FEW} villages an arm up, also where sizes are unequal and shocks differ between the arms"
    if smaller:
        return f"with {smaller} villages in an arm it covered in every design of the study"
    if arm_villages(estimate)[1] == 0:
        return "there are no comparison villages"
    return "degrees of freedom for each term, since not all terms compare all pilot with all comparison villages"


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
