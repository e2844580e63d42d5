"""Clustering by village and by round: for shocks that pilot villages share in a round, beside those of each village."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import is_fixed, linear
from evalkit.inference.student import by_student
from evalkit.results import Estimate, FloatArray, Inference, Linear

FEW_ROUNDS = 15
FEW_VILLAGES = 12
"""With fewer rounds, or villages in the smaller arm, the 95 % interval missed the truth up to 15 times in 100."""
NOTHING = 1e-9
"""Sums by round below this share of the largest that a village moves are 0 up to rounding."""


def two_way(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals that allow residuals to hang together within villages and within rounds.

    V = V_village + V_round − V_village×round, each Q (Σ s s') Q over its clusters, times G/(G − 1) · (N − 1)/(N − K)
    with G the smaller of the numbers of villages and rounds, and t with G − 1 degrees of freedom (Cameron, Gelbach &
    Miller 2011, section 2). The factor is fixest's: K counts neither household nor round effects, which lie within
    clusters. Round effects take out what a round brings to all; what they leave
    is shared by some villages only, as a shock to all pilot villages in a month. Shocks that last from round to round
    across villages are not allowed for. A term that is one round's own gap takes in all that the round brought: nothing
    is left from which its chance could be read, and its term must stand for several rounds (`did`, or an `event_study`
    in steps).

    Raises
    ------
    DesignError
        The estimate is no regression over rounds, there are fewer than two villages or rounds, or every round has a
        coefficient of its own.
    DataError
        Weights change between a household's rounds.
    """
    basis, sums = linear(estimate, "two_way"), sums_by_round(estimate)
    villages, rounds = len(sums), int((sums != 0).any(axis=(0, 2)).sum())
    if min(villages, rounds) < 2:
        raise DesignError("two_way", f"there are {villages} villages and {rounds} rounds", "two of both", "use crv2")
    if not _leaves_rounds(estimate, sums):
        raise DesignError(
            "two_way",
            f"{estimate.estimator} gives every round a coefficient of its own, which takes in what the round brought",
            "coefficients that stand for several rounds each",
            'use did, or event_study in steps (in a plan by month: [design] path = "year")',
        )
    g, n = min(villages, rounds), estimate.counts.n_obs
    k = basis.k_dof - (rounds - 1)
    variance = g / (g - 1) * (n - 1) / (n - k) * _three(sums)
    se = np.sqrt(np.where(variance > 0, variance, np.nan))
    reason = f"{villages} villages and {rounds} rounds, t with {g - 1} degrees of freedom"
    lost = [t for t, v in zip(estimate.terms, variance, strict=True) if v < 0]
    reason += f"; no standard error for {', '.join(lost)}: its parts do not add to a positive variance" if lost else ""
    arm = min(estimate.counts.n_treated_clusters, estimate.counts.n_comparison_clusters)
    if rounds < FEW_ROUNDS or arm < FEW_VILLAGES:
        reason += f"; too short with {rounds} rounds and {arm} villages in the smaller arm"
    return by_student(estimate, "two_way", se, np.full(len(se), g - 1.0), level, reason)


def sums_by_round(estimate: Estimate) -> FloatArray:
    """Return what each village moves in the terms in each round, (G, T, m): Q Σ x̃ẽ, for each term.

    Raises
    ------
    DesignError
        The estimate has no scores by round.
    DataError
        Weights change between a household's rounds.
    """
    basis = linear(estimate, "two_way")
    if basis.by_round is None:
        raise DesignError(
            "two_way",
            f"{estimate.estimator} has no scores by round",
            "did, or event_study in steps of several rounds, from moments",
            "leave covariates out, or use crv2",
        )
    return np.asarray(basis.by_round() @ basis.bread @ basis.contrasts.T, dtype=np.float64)


def fits_two_way(estimate: Estimate) -> bool:
    """Whether an estimate has scores by round that do not add up to 0 in each of them."""
    basis = estimate.basis
    return (
        isinstance(basis, Linear) and basis.by_round is not None and _leaves_rounds(estimate, sums_by_round(estimate))
    )


def _leaves_rounds(estimate: Estimate, sums: FloatArray) -> bool:
    """Whether what villages move adds up to more than 0 in some round; else coefficients hold all that rounds bring."""
    used = ~is_fixed(estimate)
    left, whole = np.abs(sums.sum(axis=0)[:, used]), np.abs(sums[:, :, used])
    return whole.size == 0 or bool(left.max() > NOTHING * whole.max())


def _three(sums: FloatArray) -> FloatArray:
    """Return the squares by village and by round, less those by both, (m,)."""
    by_village, by_round = sums.sum(axis=1), sums.sum(axis=0)
    both = (sums * sums).sum(axis=(0, 1))
    return np.asarray((by_village * by_village).sum(axis=0) + (by_round * by_round).sum(axis=0) - both)
