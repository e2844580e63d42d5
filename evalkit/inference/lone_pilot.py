"""Which methods may give an interval for a single pilot village; the wild bootstrap only where it covered."""

from __future__ import annotations

from evalkit.errors import DesignError
from evalkit.inference.ranks import MIN_COMPARISON
from evalkit.inference.village_effects import village_effects
from evalkit.results import Estimate

FEW_PILOTS = frozenset({"placebo", "placebo_normal", "conley_taber", "ferman_pinto"})
"""Methods that read chance off comparison villages, and so give an interval for a single pilot village."""
LARGEST = 1.0
"""Most that the pilot village may weigh, in comparison villages of mean weight. Where its shocks are twice as large as
theirs the wild bootstrap covered up to here; of a pilot half as large again it did not."""
ANY_SIZE = 3
"""Beside so few comparison villages it covered whatever the pilot's size: its interval is very long."""
ROUNDING = 1e-9


def relative_weight(estimate: Estimate) -> float | None:
    """Return the weight of a did's single pilot village in comparison villages of mean weight.

    Weights are those by which did averages changes (`VillageEffects.weight`): proportional to households that are seen
    before and after. None where the estimate is no did without covariates of one whole pilot village with three or more
    comparison villages: of such the study says nothing.
    """
    counts = estimate.counts
    whole = counts.n_treated_clusters + counts.n_comparison_clusters == counts.n_clusters
    is_did = estimate.estimator == "did" and estimate.reassign is not None
    if not (is_did and whole and counts.n_treated_clusters == 1 and counts.n_comparison_clusters >= MIN_COMPARISON):
        return None
    try:
        effects = village_effects(estimate, "wild")
    except DesignError:
        return None
    return float(effects.weight[effects.pilot].sum() / effects.weight[~effects.pilot].mean())


def wild_covers(estimate: Estimate) -> bool:
    """Whether the wild bootstrap covered in every design of the study with one pilot village of such a weight."""
    weight = relative_weight(estimate)
    few = estimate.counts.n_comparison_clusters <= ANY_SIZE
    return weight is not None and (few or weight <= LARGEST * (1 + ROUNDING))


def covers_one_pilot(estimate: Estimate, method: str) -> bool:
    """Whether a method's interval may be shown for a single pilot village."""
    return method in FEW_PILOTS or (method == "wild" and wild_covers(estimate))
