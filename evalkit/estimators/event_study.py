"""Event study with household and round effects, from Moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.estimators.linear import solve
from evalkit.estimators.reassign import village_reassignment
from evalkit.estimators.within import event_times, within_sums
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import Estimate, FloatArray


def event_study(moments: Moments, outcome: str | None = None, *, anticipation: int | None = None) -> Estimate:
    """Estimate one effect for each round relative to adoption, and their average from adoption on.

    The base is the last round before adoption and before `anticipation` (``event_time = -1 - anticipation``).

    Parameters
    ----------
    moments : Moments
    outcome : str, optional
        May be left out where the moments hold one outcome.
    anticipation : int, optional
        Rounds before adoption in which behaviour may already change; the design's where left out.

    Returns
    -------
    Estimate
        Terms ``att`` (average of the coefficients from 0 on, each weighted by the observed treated household-rounds)
        and ``event_time=k``; columns ``event_time`` and ``n_treated_units``. The base is a term with the value 0.

    Raises
    ------
    DesignError
        No round of the base or after adoption is observed for any pilot village, or all villages are treated.

    Notes
    -----
    One coefficient for each event time, common to all cohorts: right where effects by time since adoption are the same
    for early and late adopters, else a mixture (Sun & Abraham 2021).
    """
    name, cells = moments.of(outcome)
    base = -1 - (moments.design.anticipation if anticipation is None else anticipation)
    seen, n_treated, weight = _observed(moments, cells)
    times = seen[seen != base]
    _require(seen, base, moments)

    def leads_and_lags(cohort: int | None) -> FloatArray:
        return np.asarray(event_times(moments, cohort)[:, None] == times, dtype=np.float64)

    within = within_sums(moments, cells, leads_and_lags, [f"event_time={int(k)}" for k in times])
    n_periods = len(within.names) - len(times)
    contrasts = np.zeros((1 + len(seen), len(within.names)))
    after = times >= 0
    share = np.where(after, weight[seen != base], 0.0)
    contrasts[0, n_periods:] = share / share.sum()
    rows = np.flatnonzero(seen != base)
    contrasts[1 + rows, n_periods + np.arange(len(times))] = 1.0
    basis = solve(within.sums, contrasts, within.names, k_extra=1)
    columns = {
        "event_time": (None, *(int(k) for k in seen)),
        "n_treated_units": (int(n_treated[seen >= 0].max()), *(int(n) for n in n_treated)),
    }
    reassign = village_reassignment(moments, cells, leads_and_lags)
    terms = ("att", *(f"event_time={int(k)}" for k in seen))
    return Estimate(
        "event_study",
        name,
        terms,
        contrasts @ basis.beta,
        basis,
        within.counts,
        columns,
        (f"base: event_time={base}",),
        reassign,
    )


def _observed(moments: Moments, cells: Cells) -> tuple[FloatArray, NDArray[np.int64], FloatArray]:
    """Return the observed event times, the treated households in each, and their weights; households seen once left out."""
    repeated = (cells.attended.sum(axis=1) > 1)[:, None] & cells.attended
    units = np.where(repeated, cells.n_units[:, None], 0)
    weights = np.where(repeated, cells.sum_w, 0.0)
    times = np.stack([event_times(moments, g) for g in moments.cohorts])[cells.cohort]
    here = ~np.isnan(times) & (units > 0)
    seen = np.unique(times[here])
    counts = np.array([units[here & (times == k)].sum() for k in seen], dtype=np.int64)
    return seen, counts, np.array([weights[here & (times == k)].sum() for k in seen])


def _require(seen: FloatArray, base: int, moments: Moments) -> None:
    if base not in seen:
        raise DesignError(
            "event study",
            f"no pilot household is observed at event_time={base}, the base",
            "a round before adoption (and before anticipation)",
            "use fewer rounds of anticipation, or report the change only",
        )
    if not np.any(seen >= 0):
        raise DesignError(
            "event study",
            "no pilot household is observed after adoption",
            "a treated round",
            "check the adoption rounds",
        )
    if not any(g is None or g > max(moments.periods) for g in moments.cohorts):
        raise DesignError(
            "event study",
            "there is no comparison village",
            "villages that are never treated in the observed rounds",
            "add comparison villages",
        )
