"""Event study by cohort, averaged by cohort shares (Sun & Abraham 2021), from Moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.estimators.by_round import with_round_scores
from evalkit.estimators.linear import solve
from evalkit.estimators.reassign import village_reassignment
from evalkit.estimators.rounds import before_round, require_patterns
from evalkit.estimators.within import event_times, followed, within_sums
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import Estimate, FloatArray


def sun_abraham(
    moments: Moments, outcome: str | None = None, *, anticipation: int | None = None, min_villages: int = 2
) -> Estimate:
    """Estimate an effect for each cohort and event time, and average them by the cohorts' shares.

    Cohorts are compared with those never treated, or where there are none with the last treated before it adopts; so no
    early adopter serves as comparison, and effects may differ by cohort and grow with time.

    Parameters
    ----------
    moments : Moments
    outcome : str, optional
        May be left out where the moments hold one outcome.
    anticipation : int, optional
        Rounds before adoption in which behaviour may already change; the design's where left out. The base of every
        cohort is the round before them, ``event_time = -1 - anticipation``.
    min_villages : int
        A cohort's event time seen in fewer pilot villages is left out of the averages, and named in the notes, wherever
        others remain: its coefficient fits the village exactly, and has no interval. 1 averages all, as fixest does.

    Returns
    -------
    Estimate
        Terms ``att`` (all cohorts and event times from 0 on, weighted by their treated rows) and ``event_time=k``;
        columns ``event_time``, ``n_treated_units`` and ``n_treated_villages``.
        The base is a term with the value 0. The shares are taken as
        known, as fixest and pyfixest take them: intervals are those of the averaged coefficients.

    Raises
    ------
    DataError
        There is no household that is never treated, and weights change between rounds.
    DesignError
        No cohort has a base, or a cohort's effect cannot be told from the effects of rounds.

    Notes
    -----
    y_it = α_i + λ_t + Σ_g Σ_{k ≠ base} δ_gk 1(g_i = g, t − g = k) + ε; the term of k is Σ_g δ_gk n_gk / Σ_g n_gk with
    n_gk the weight of the cohort's rows at k (their equations 25 to 27). Cohorts without a household seen at the base
    are left out and named.
    """
    name, cells = moments.of(outcome)
    base = -1 - (moments.design.anticipation if anticipation is None else anticipation)
    moments, cells, notes = _compared(moments, cells, base)
    cells, without_base = _with_base(moments, cells, base)
    pairs = _pairs(moments, followed(cells)[0], base)
    free = pairs.time != base

    def saturated(cohort: int | None) -> FloatArray:
        own = [moments.cohorts[g] == cohort for g in pairs.cohort[free]]
        return np.asarray((event_times(moments, cohort)[:, None] == pairs.time[free]) & own, dtype=np.float64)

    labels = [f"cohort={moments.cohorts[g]},event_time={int(k)}" for g, k in zip(*pairs.keys(free), strict=True)]
    within = within_sums(moments, cells, saturated, labels)
    averages = _averages(pairs, min_villages)
    contrasts = np.zeros((len(averages.weights), len(within.names)))
    contrasts[:, len(within.names) - int(free.sum()) :] = averages.weights[:, free]
    basis = solve(within.sums, contrasts, within.names, k_extra=1)
    basis = with_round_scores(basis, moments, cells, saturated)
    after = max(n for k, n in zip(averages.times, averages.units, strict=True) if k >= 0)
    villages = _villages(moments, followed(cells)[0], pairs, averages)
    columns = {
        "event_time": (None, *averages.times),
        "n_treated_units": (after, *averages.units),
        "n_treated_villages": (max(n for k, n in zip(averages.times, villages, strict=True) if k >= 0), *villages),
    }
    return Estimate(
        "sun_abraham",
        name,
        ("att", *(f"event_time={k}" for k in averages.times)),
        contrasts @ basis.beta,
        basis,
        within.counts,
        columns,
        (f"base: event_time={base}", *notes, *without_base, *_lone_notes(moments, pairs, averages)),
        village_reassignment(moments, cells, saturated),
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Each observed cohort and event time, P of them: place of the cohort, households, villages and weight."""

    cohort: NDArray[np.int64]
    time: FloatArray
    units: NDArray[np.int64]
    villages: NDArray[np.int64]
    weight: FloatArray

    def keys(self, which: NDArray[np.bool_]) -> tuple[list[int], list[float]]:
        return self.cohort[which].tolist(), self.time[which].tolist()


@dataclass(frozen=True, slots=True)
class _Averages:
    """Weights of the pairs in ``att`` and in each event time, (1 + K, P)."""

    times: tuple[int, ...]
    units: tuple[int, ...]
    weights: FloatArray
    used: NDArray[np.bool_]


def _compared(moments: Moments, cells: Cells, base: int) -> tuple[Moments, Cells, tuple[str, ...]]:
    """Keep all rounds where somebody is never treated; else those before the last cohort may change."""
    dates = sorted(g for g in {moments.cohorts[c] for c in cells.cohort} if g is not None)
    moving = _moving(moments, base)
    if not moving[cells.cohort].all():
        return moments, cells, ()
    if len(dates) < 2:
        raise DesignError(
            "sun_abraham",
            "all villages are treated in one round",
            "villages that are never treated, or later",
            "add comparison villages",
        )
    require_patterns(cells, "sun_abraham without households that are never treated")
    stop = dates[-1] + base + 1
    note = f"nobody is never treated: the comparison is the cohort of {dates[-1]}, in rounds before {stop}"
    return *before_round(moments, cells, stop), (note,)


def _moving(moments: Moments, base: int) -> NDArray[np.bool_]:
    """Whether a cohort of the moments may change within the rounds: it adopts in them, or just after."""
    return np.array([g is not None and g + base + 1 <= max(moments.periods) for g in moments.cohorts])


def _with_base(moments: Moments, cells: Cells, base: int) -> tuple[Cells, tuple[str, ...]]:
    """Leave out cohorts of which no household seen twice is seen at the base."""
    seen, _ = followed(cells)
    since = np.stack([event_times(moments, g) for g in moments.cohorts])[seen.cohort]
    based = set(seen.cohort[(seen.attended & (since == base)).any(axis=1)].tolist())
    moving = np.flatnonzero(_moving(moments, base))
    lost = [int(c) for c in np.unique(cells.cohort) if c in moving and c not in based]
    if not based.intersection(moving.tolist()):
        raise DesignError(
            "sun_abraham",
            f"no pilot household is observed at event_time={base}, the base",
            "a round before adoption (and before anticipation)",
            "use fewer rounds of anticipation, or report the change only",
        )
    if not lost:
        return cells, ()
    names = ", ".join(str(moments.cohorts[c]) for c in lost)
    kept = cells.where(np.asarray(~np.isin(cells.cohort, lost)))
    return kept, (f"cohorts left out, as no household of theirs is seen at event_time={base}: {names}",)


def _pairs(moments: Moments, cells: Cells, base: int) -> _Pairs:
    """Count what is observed of each moving cohort at each event time, in order of cohort and time."""
    since = np.stack([event_times(moments, g) for g in moments.cohorts])
    found = []
    for cohort in np.flatnonzero(_moving(moments, base)):
        own = cells.cohort == cohort
        for t in np.flatnonzero(cells.attended[own].any(axis=0)):
            here = own & cells.attended[:, t]
            villages = len(np.unique(cells.cluster[here]))
            weight = float(cells.sum_w[here, t].sum())
            found.append((int(cohort), float(since[cohort, t]), int(cells.n_units[here].sum()), villages, weight))
    columns = [np.array(column) for column in zip(*found, strict=True)]
    return _Pairs(*columns)


def _averages(pairs: _Pairs, min_villages: int) -> _Averages:
    """Weigh the pairs by their rows' weight; pairs of too few villages count only where there are no others."""
    times = np.unique(pairs.time)
    masks = np.stack([pairs.time >= 0, *(pairs.time == k for k in times)])
    if not masks[0].any():
        raise DesignError(
            "sun_abraham", "no pilot household is observed after adoption", "a treated round", "check adoption rounds"
        )
    enough = masks & (pairs.villages >= min_villages)
    used = np.where(enough.any(axis=1, keepdims=True), enough, masks)
    weights = used * pairs.weight
    units = [int(pairs.units[mask].sum()) for mask in used[1:]]
    return _Averages(tuple(int(k) for k in times), tuple(units), weights / weights.sum(axis=1, keepdims=True), used)


def _villages(moments: Moments, cells: Cells, pairs: _Pairs, averages: _Averages) -> tuple[int, ...]:
    """Count the pilot villages that each averaged event time rests on."""
    since = np.stack([event_times(moments, g) for g in moments.cohorts])[cells.cohort]
    found = []
    for time, used in zip(averages.times, averages.used[1:], strict=True):
        here = ((since == time) & cells.attended).any(axis=1) & np.isin(cells.cohort, pairs.cohort[used])
        found.append(len(np.unique(cells.cluster[here])))
    return tuple(found)


def _lone_notes(moments: Moments, pairs: _Pairs, averages: _Averages) -> tuple[str, ...]:
    """Name the cohorts and event times that `att` leaves out."""
    out = np.flatnonzero((pairs.time >= 0) & ~averages.used[0])
    if len(out) == 0:
        return ()
    by_cohort: dict[int, list[int]] = {}
    for i in out:
        by_cohort.setdefault(int(pairs.cohort[i]), []).append(int(pairs.time[i]))
    names = "; ".join(f"cohort {moments.cohorts[c]} at {', '.join(map(str, k))}" for c, k in by_cohort.items())
    return (f"averages leave out event times seen in too few villages for an interval: {names}",)
