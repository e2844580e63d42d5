"""The jackknife of synthetic estimates: villages left out, weights held; for two pilot villages or more."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import donors
from evalkit.inference.student import by_student
from evalkit.results import Donors, Estimate, FloatArray, Inference


def synthetic_jackknife(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from leaving out each village in turn with the other weights rescaled, t with G − 1 df.

    Arkhangelsky et al. (2021), algorithm 3: V = (G − 1)/G Σ (τ₍₋g₎ − τ̄)²; synthdid uses the normal distribution.

    Raises
    ------
    DesignError
        The estimate has no donors, there is one pilot village, one donor has all the weight, or weights may be negative
        (`synthetic_factors`): held while a village is left out, they no longer follow what the pilots follow.
    """
    basis = donors(estimate, "synthetic_jackknife")
    pilots, used = int(basis.treated.sum()), int((basis.fit.donors > 0).sum())
    if pilots < 2 or used < 2:
        raise DesignError(
            "synthetic_jackknife",
            f"{pilots} pilot village(s) and {used} donor(s) with weight",
            "two of each: neither side may vanish",
            "use placebo",
        )
    if (basis.fit.donors < 0).any():
        raise DesignError(
            "synthetic_jackknife",
            f"{int((basis.fit.donors < 0).sum())} donor(s) with a negative weight",
            "a mix of donors, which stays one without any of them",
            "use placebo",
        )
    g = len(basis.clusters)
    away = without_each_village(basis)
    se = np.sqrt((g - 1) * away.var(axis=0))
    reason = f"jackknife over {g} villages with weights held, t with {g - 1} df"
    return by_student(estimate, "synthetic_jackknife", se, np.full(len(se), g - 1.0), level, reason)


def without_each_village(basis: Donors) -> FloatArray:
    """Return ``att`` and the gaps without each village, weights held and rescaled to sum to one, (G, 1 + T)."""
    keep = 1 - np.eye(len(basis.clusters))
    pilot, other = (keep * part / (keep * part).sum(axis=1, keepdims=True) for part in (basis.share, basis.fit.donors))
    level = (pilot - other) @ basis.means
    gaps = level - (level @ basis.fit.times)[:, None]
    return np.column_stack([gaps[:, basis.after].mean(axis=1), gaps])
