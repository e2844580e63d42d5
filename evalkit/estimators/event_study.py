"""Event study with household and round effects, from Moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError
from evalkit.estimators.by_round import with_round_scores
from evalkit.estimators.linear import solve
from evalkit.estimators.reassign import village_reassignment
from evalkit.estimators.within import event_times, within_sums
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import Estimate, FloatArray

MIN_VILLAGES = 2


def event_study(
    moments: Moments,
    outcome: str | None = None,
    *,
    anticipation: int | None = None,
    window: tuple[int, int] | None = None,
    step: int = 1,
) -> Estimate:
    """Estimate one effect for each round relative to adoption, and their average from adoption on.

    The base is the last round before adoption and before `anticipation` (``event_time = -1 - anticipation``).

    Parameters
    ----------
    moments : Moments
    outcome : str, optional
        May be left out where the moments hold one outcome.
    anticipation : int, optional
        Rounds before adoption in which behaviour may already change; the design's where left out.
    window : (int, int), optional
        First and last event time of their own; all rounds before the first share its coefficient, and all after the
        last share the last one's. Without it each observed event time has its own.
    step : int
        Rounds that share one coefficient, counted from adoption on and backwards from it: 12 makes years of months.
        ``event_time``, the window and the base then count steps, and `anticipation` is in whole steps.

    Returns
    -------
    Estimate
        Terms ``att`` (average of the coefficients from 0 on, each weighted by the observed treated household-rounds;
        event times seen in one village only are left out and named in the notes) and ``event_time=k``; columns
        ``event_time``, ``n_treated_units`` (of a bin, those of its largest round), ``n_treated_villages`` and
        ``is_binned``. The base is a term with the value 0.

    Raises
    ------
    UsageError
        The window does not hold the base and 0, or a step has no round or does not fit the anticipation.
    DesignError
        No round of the base or after adoption is observed for any pilot village, or all villages are treated.

    Notes
    -----
    One coefficient for each event time, common to all cohorts: right where effects by time since adoption are the same
    for early and late adopters, else a mixture (Sun & Abraham 2021).
    """
    name, cells = moments.of(outcome, folded=True, pooled=True)
    ahead = moments.design.anticipation if anticipation is None else anticipation
    _require_step(step, ahead)
    base = -1 - ahead // step
    _require_window(window, base)
    seen = _observed(moments, cells, window, step)
    _require(seen.times, base, moments)
    free = seen.times != base
    times = seen.times[free]

    def leads_and_lags(cohort: int | None) -> FloatArray:
        return np.asarray(_binned(event_times(moments, cohort) // step, window)[:, None] == times, dtype=np.float64)

    within = within_sums(moments, cells, leads_and_lags, [f"event_time={int(k)}" for k in times])
    contrasts = _contrasts(seen, free, len(within.names) - len(times))
    basis = solve(within.sums, contrasts, within.names, k_extra=1)
    basis = with_round_scores(basis, moments, cells, leads_and_lags)
    columns = {
        "event_time": (None, *(int(k) for k in seen.times)),
        "n_treated_units": (int(seen.units[seen.times >= 0].max()), *(int(n) for n in seen.units)),
        "n_treated_villages": (int(seen.villages[seen.times >= 0].max()), *(int(n) for n in seen.villages)),
        "is_binned": (None, *(bool(b) for b in seen.binned)),
    }
    terms = ("att", *(f"event_time={int(k)}" for k in seen.times))
    values = contrasts @ basis.beta
    notes = _notes(base, seen)
    reassign = village_reassignment(moments, cells, leads_and_lags)
    return Estimate("event_study", name, terms, values, basis, within.counts, columns, notes, reassign)


@dataclass(frozen=True, slots=True)
class _Observed:
    """The observed event times or bins, sorted, and the treated households, villages and weight in each."""

    times: FloatArray
    units: NDArray[np.int64]
    villages: NDArray[np.int64]
    weight: FloatArray
    binned: NDArray[np.bool_]

    @property
    def averaged(self) -> NDArray[np.bool_]:
        """Which times enter ``att``: from adoption on, in two villages at least where any time has two."""
        after = self.times >= 0
        enough = after & (self.villages >= MIN_VILLAGES)
        return enough if enough.any() else after


def _binned(times: FloatArray, window: tuple[int, int] | None) -> FloatArray:
    """Return event times moved to the ends of the window; NaN (never treated) stays."""
    return times if window is None else np.clip(times, *window)


def _observed(moments: Moments, cells: Cells, window: tuple[int, int] | None, step: int) -> _Observed:
    """Count what is observed at each event time; households seen once are left out."""
    repeated = (cells.attended.sum(axis=1) > 1)[:, None] & cells.attended
    units = np.where(repeated, cells.n_at, 0)
    weights = np.where(repeated, cells.sum_w, 0.0)
    rounds = np.stack([event_times(moments, g) for g in moments.cohorts])[cells.cohort]
    single = rounds // step
    times = _binned(single, window)
    seen = np.unique(times[~np.isnan(times) & (units > 0)])
    here = [(times == k) & (units > 0) for k in seen]
    villages = np.array([len(np.unique(cells.cluster[h.any(axis=1)])) for h in here], dtype=np.int64)
    counts = np.array([max(units[h & (rounds == k)].sum() for k in np.unique(rounds[h])) for h in here], dtype=np.int64)
    binned = np.array([bool((single[h] != k).any()) for k, h in zip(seen, here, strict=True)])
    return _Observed(seen, counts, villages, np.array([weights[h].sum() for h in here]), binned)


def _contrasts(seen: _Observed, free: NDArray[np.bool_], n_periods: int) -> FloatArray:
    """Return the rows of ``att`` and of each event time; the base's row is zero."""
    contrasts = np.zeros((1 + len(free), n_periods + int(free.sum())))
    share = np.where(seen.averaged, seen.weight, 0.0)[free]
    contrasts[0, n_periods:] = share / share.sum()
    contrasts[1 + np.flatnonzero(free), n_periods + np.arange(int(free.sum()))] = 1.0
    return contrasts


def _notes(base: int, seen: _Observed) -> tuple[str, ...]:
    left_out = seen.times[(seen.times >= 0) & ~seen.averaged]
    notes: tuple[str, ...] = (f"base: event_time={base}",)
    notes += tuple(
        f"event_time={int(k)} stands for all rounds {'before it' if k < 0 else 'after it'} as well"
        for k in seen.times[seen.binned]
    )
    if len(left_out) == 0:
        return notes
    names = ", ".join(f"event_time={int(k)}" for k in left_out)
    return (*notes, f"att leaves out {names}: seen in one pilot village only, where no interval is possible")


def _require_step(step: int, anticipation: int) -> None:
    if step < 1 or anticipation % step:
        raise UsageError(
            "event_study, step",
            f"{step} rounds, with {anticipation} rounds of anticipation",
            "1 round or more, and anticipation in whole steps",
            "correct step",
        )


def _require_window(window: tuple[int, int] | None, base: int) -> None:
    if window is not None and not (window[0] <= base and window[1] >= 0):
        raise UsageError(
            "event_study, window",
            f"{window[0]} to {window[1]}",
            f"a window from {base} (the base) or earlier to 0 or later",
            "widen it",
        )


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
