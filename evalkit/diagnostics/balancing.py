"""Balancing: where pilot villages and their comparison stood before the start, as they are and weighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimators.group_balanced import Balance, balanced_pairs
from evalkit.estimators.group_cells import pairs_of, sum_pairs
from evalkit.moments import Moments
from evalkit.moments.stored import stored_moments
from evalkit.panel import Panel
from evalkit.programme import Programme

BALANCED = "group_time_balanced"


@dataclass(frozen=True, slots=True)
class Gap:
    """Means of one round before the start, over all cohorts by their size; in the outcome's unit."""

    pilot: float
    comparison: float
    weighted: float


@dataclass(frozen=True, slots=True)
class Balancing:
    """First and last round before villages may change; None where no weights were found.

    ``villages`` and ``units`` count villages and households of pilots and of those that they are compared with (a
    village that starts later may be both); ``effective`` is the number of comparison villages alike that would be as
    precise, for the cohort where it is smallest.
    """

    first: Gap | None
    last: Gap | None
    villages: tuple[int, int]
    units: tuple[int, int]
    effective: float


def balancing(programme: Programme, indicator: str) -> Balancing | None:
    """Return how `group_time_balanced` weighs comparison villages; None where the plan does not ask for it."""
    plan = programme.indicator(indicator)
    if BALANCED not in (plan.estimator, *plan.robustness):
        return None
    return balancing_of(stored_moments(programme, plan, Panel.from_programme(programme, indicator)))


def balancing_of(moments: Moments) -> Balancing:
    """Return the same from moments: cohorts are averaged with Σ w of their villages.

    Means of the comparison are those that serve in the round of the start.
    """
    _, cells = moments.of(None)
    ahead = moments.design.anticipation
    pairs = [
        p
        for p in pairs_of(moments, moments.design.comparison, "varying", ahead)
        if moments.periods[p.time] == moments.cohorts[p.cohort]
    ]
    arms = [p.cohort for p in pairs], [k for p in pairs for k in p.comparison]
    pilot, other = (np.isin(cells.cohort, cohorts) for cohorts in arms)
    villages = len(np.unique(cells.cluster[pilot])), len(np.unique(cells.cluster[other]))
    units = int(cells.n_units[pilot].sum()), int(cells.n_units[other].sum())
    try:
        _, balances = balanced_pairs(moments, cells, pairs, sum_pairs(moments, cells, pairs, "pairwise"), ahead)
    except DesignError:
        balances = ()
    if not balances:
        return Balancing(None, None, villages, units, 0.0)
    fewest = min(b.effective for b in balances)
    return Balancing(_gap(balances, 0), _gap(balances, -1), villages, units, fewest)


def _gap(balances: tuple[Balance, ...], place: int) -> Gap:
    size = [b.own_size.sum() for b in balances]
    means = [(b.target, b.comparison(weighted=False), b.comparison(weighted=True)) for b in balances]
    return Gap(*(float(np.average([m[i][place] for m in means], weights=size)) for i in range(3)))
