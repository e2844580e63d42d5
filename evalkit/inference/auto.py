"""The default interval: chosen from the numbers of pilot and comparison villages, never from the outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.crv1 import crv1
from evalkit.inference.crv2 import crv2
from evalkit.inference.crv3 import crv3
from evalkit.inference.ferman_pinto import ferman_pinto
from evalkit.inference.jackknife import FEW, jackknife, villages_having
from evalkit.inference.lone_pilot import covers_one_pilot, relative_weight, wild_covers
from evalkit.inference.ranks import MIN_COMPARISON, enough_comparison
from evalkit.inference.wild import wild
from evalkit.results import Estimate, Inference, Influence, Linear

MIN_ARM = 2
"""With fewer pilot or comparison villages than this no interval follows from variation between villages."""
TWO = 2
WILD_FROM = 20
"""With two pilot villages of so many the wild bootstrap covered in every design of the study; of twelve it did not."""


def auto(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return an interval of a method that covered in every design of the study with such numbers of villages.

    A did with one pilot village and 19 comparison villages or more: Ferman & Pinto; with one beside 3 comparison
    villages, or no larger than the mean of 4 to 18, or with two pilot and 18 comparison villages or more: the wild
    bootstrap. Elsewhere the jackknife where every term compares all pilot with all comparison villages and the smaller
    arm has four or more, else CRV2 with Satterthwaite degrees of freedom. Measured in docs/coverage.md. Estimates that
    are no regression have the jackknife CRV3, or CRV1 where they cannot be refitted without a village; not measured
    there. Where they tell which villages stand on either side of each term (`by_dose`), degrees of freedom are those of
    the jackknife above; measured there. `draws` and `seed` are for the methods that draw.

    Raises
    ------
    DesignError
        There are fewer than 2 pilot or 2 comparison villages, and it is not one of the cases of one pilot village.
    """
    too_few = few_villages(estimate)
    if too_few:
        raise DesignError(
            "inference",
            too_few,
            f"at least {MIN_ARM} pilot and {MIN_ARM} comparison villages",
            "report the change without an interval, or add villages (a did of one pilot village has an interval beside "
            f"{enough_comparison(1)} comparison villages, beside {MIN_COMPARISON}, or beside more whose mean is no "
            "smaller)",
        )
    if not isinstance(estimate.basis, Linear):
        return _without_regression(estimate, level)
    name = choose(estimate, estimate.basis)
    drawing = {"ferman_pinto": ferman_pinto, "wild": wild}
    if name in drawing:
        chosen = drawing[name](estimate, level, draws=draws, seed=seed)
    else:
        chosen = jackknife(estimate, level) if name == "jackknife" else crv2(estimate, level)
    return replace(chosen, reason=f"{chosen.reason}; {_why(name, estimate, estimate.basis)}")


def choose(estimate: Estimate, basis: Linear) -> str:
    """Return the method for a regression, from the numbers of villages alone."""
    if _reads_chance_off_comparison(estimate):
        return "ferman_pinto"
    if _two_beside_many(estimate, basis) or wild_covers(estimate):
        return "wild"
    return "jackknife" if _arm_of_all_terms(estimate, basis) >= FEW else "crv2"


def _reads_chance_off_comparison(estimate: Estimate) -> bool:
    """Whether one whole pilot village stands beside enough comparison villages for a rank to reject anything."""
    pilot, other = arm_villages(estimate)
    whole = pilot + other == estimate.counts.n_clusters
    is_did = estimate.estimator == "did" and estimate.reassign is not None
    return pilot == 1 and whole and is_did and other >= enough_comparison(1)


def _two_beside_many(estimate: Estimate, basis: Linear) -> bool:
    """Whether a did has two pilot villages of twenty or more: there CRV2 is 1.6 times as long as need be."""
    pilot, other = arm_villages(estimate)
    many = pilot == TWO and pilot + other >= WILD_FROM
    return estimate.estimator == "did" and many and _arm_of_all_terms(estimate, basis) == TWO


def _without_regression(estimate: Estimate, level: float) -> Inference:
    """Return the jackknife over villages, or influence sums where the estimator has no refit without a village."""
    if isinstance(estimate.basis, Influence) and estimate.basis.arms is not None:
        return jackknife(estimate, level)
    refits = isinstance(estimate.basis, Influence) and estimate.basis.left_out is not None
    return (crv3 if refits else crv1)(estimate, level)


def _arm_of_all_terms(estimate: Estimate, basis: Linear) -> int:
    """Return the villages of the smaller arm; 0 where terms rest on different villages, or a village has both arms."""
    pilot, other = arm_villages(estimate)
    used = np.any(basis.contrasts != 0, axis=0)
    all_with_all = bool((villages_having(basis)[used] == pilot).all())
    return min(pilot, other) if all_with_all and pilot + other == estimate.counts.n_clusters else 0


def _why(name: str, estimate: Estimate, basis: Linear) -> str:
    if name == "ferman_pinto":
        return "with one pilot village only comparison villages can show how far chance goes"
    if name == "wild" and arm_villages(estimate)[0] == 1:
        return "with one pilot village and few others the interval is long and can hardly show an effect"
    smaller = _arm_of_all_terms(estimate, basis)
    if smaller >= FEW:
        return f"covers from {FEW} villages an arm up, also where sizes are unequal and shocks differ between the arms"
    if smaller:
        return f"with {smaller} villages in an arm it covered in every design of the study"
    if arm_villages(estimate)[1] == 0:
        return "there are no comparison villages"
    return "degrees of freedom for each term, since not all terms compare all pilot with all comparison villages"


def few_villages(estimate: Estimate, method: str = "auto") -> str:
    """Say which arm has too few villages for an interval of this method; empty where both have enough."""
    pilot, other = arm_villages(estimate)
    if pilot < MIN_ARM and not _alone_suffices(estimate, method):
        return f"{pilot} pilot village{'' if pilot == 1 else 's'}{_too_large(estimate)}"
    if estimate.estimator != "pre_post" and other < MIN_ARM:
        return f"{other} comparison village{'' if other == 1 else 's'}"
    return ""


def _alone_suffices(estimate: Estimate, method: str) -> bool:
    if method == "auto":
        return _reads_chance_off_comparison(estimate) or wild_covers(estimate)
    return covers_one_pilot(estimate, method)


def _too_large(estimate: Estimate) -> str:
    """Say by how much a single pilot village is larger than the others, where that is why no interval covers."""
    weight = relative_weight(estimate)
    return (
        ""
        if weight is None or wild_covers(estimate)
        else f", {weight:.2f} times as large as the mean comparison village"
    )


def arm_villages(estimate: Estimate) -> tuple[int, int]:
    """Return the numbers of villages with treated and with untreated households."""
    counts = estimate.counts
    return counts.n_treated_clusters, counts.n_comparison_clusters
