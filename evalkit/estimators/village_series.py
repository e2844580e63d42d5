"""Village means by round for synthetic estimators, from Moments: who is matched, by whom, before and after what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, listed
from evalkit.estimators.within import villages_with
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import Counts, FloatArray

MIN_BEFORE = 2
MIN_DONORS = 2


@dataclass(frozen=True, slots=True)
class VillageSeries:
    """Means (G, T) of villages seen in every round, pilot villages and donors; ``size`` (G,) is Σ w a round.

    ``n_treated_units`` (T,) are the pilot villages' households in each round.

    ``before`` and ``after`` (T,) are the rounds before `start` (and before any anticipation), and from it on.
    """

    clusters: tuple[str, ...]
    treated: NDArray[np.bool_]
    means: FloatArray
    size: FloatArray
    n_treated_units: NDArray[np.int64]
    periods: tuple[int, ...]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    start: int
    counts: Counts
    notes: tuple[str, ...]


def village_series(moments: Moments, cells: Cells, where: str) -> VillageSeries:
    """Average households (with their weights) by village and round.

    Raises
    ------
    DesignError
        Pilot villages start in different rounds, only some households of a village are treated, a pilot village is
        not seen in every round, or there are fewer than two rounds before the start or two donors.
    """
    start = _start(moments, cells, where)
    treated = villages_with(moments, cells, treated=True)
    if (treated & villages_with(moments, cells, treated=False)).any():
        raise DesignError(
            where,
            "some households of a village are treated and others are not",
            "villages that are treated as a whole",
            "use did",
        )
    w, wy = _by_village(cells.sum_w, cells, moments), _by_village(cells.sum_wy, cells, moments)
    seen, whole = _any(w > 0), ~_any(~(w > 0))
    _require_whole(moments, treated & seen & ~whole, where)
    periods = np.array(moments.periods)
    before, after = periods < start - moments.design.anticipation, periods >= start
    _require(int(before.sum()), int((whole & ~treated).sum()), where)
    return VillageSeries(
        clusters=tuple(c for c, u in zip(moments.clusters, whole, strict=True) if u),
        treated=treated[whole],
        means=wy[whole] / w[whole],
        size=w[whole].mean(axis=1),
        n_treated_units=_households(cells, treated),
        periods=moments.periods,
        before=before,
        after=after,
        start=start,
        counts=_counts(cells.where(whole[cells.cluster]), treated[whole]),
        notes=_notes(moments, seen & ~whole),
    )


def _by_village(sums: FloatArray, cells: Cells, moments: Moments) -> FloatArray:
    out = np.zeros((len(moments.clusters), len(moments.periods)))
    np.add.at(out, cells.cluster, sums)
    return out


def _households(cells: Cells, treated: NDArray[np.bool_]) -> NDArray[np.int64]:
    own = treated[cells.cluster]
    return np.asarray((cells.n_units[own, None] * cells.attended[own]).sum(axis=0), dtype=np.int64)


def _any(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(where.any(axis=1), dtype=np.bool_)


def _start(moments: Moments, cells: Cells, where: str) -> int:
    last = max(moments.periods)
    dates: list[int | None] = [moments.cohorts[i] for i in np.unique(cells.cohort)]
    starts = sorted(int(g) for g in dates if g is not None and g <= last)
    if len(starts) != 1:
        found = (
            f"pilot villages start in {len(starts)} rounds ({listed(starts)})"
            if starts
            else "no village starts in the observed rounds"
        )
        raise DesignError(
            where, found, "one round in which all pilot villages start", "estimate each start apart, or use event_study"
        )
    return starts[0]


def _require_whole(moments: Moments, broken: NDArray[np.bool_], where: str) -> None:
    if broken.any():
        names = listed(c for c, b in zip(moments.clusters, broken, strict=True) if b)
        raise DesignError(
            where,
            f"{int(broken.sum())} pilot village(s) are not seen in every round ({names})",
            "a mean of each pilot village in each round",
            "group the rounds (months to quarters), or leave out rounds",
        )


def _require(n_before: int, n_donors: int, where: str) -> None:
    if n_before < MIN_BEFORE:
        raise DesignError(
            where,
            f"{n_before} round(s) before the start and any anticipation",
            f"at least {MIN_BEFORE} to match on",
            "add earlier rounds, or use did",
        )
    if n_donors < MIN_DONORS:
        raise DesignError(
            where,
            f"{n_donors} comparison village(s) seen in every round",
            f"at least {MIN_DONORS}",
            "add comparison villages",
        )


def _counts(cells: Cells, treated: NDArray[np.bool_]) -> Counts:
    return Counts(
        n_obs=int((cells.n_units * cells.attended.sum(axis=1)).sum()),
        n_units=int(cells.n_units.sum()),
        n_clusters=len(treated),
        n_treated_clusters=int(treated.sum()),
        n_comparison_clusters=int((~treated).sum()),
    )


def _notes(moments: Moments, broken: NDArray[np.bool_]) -> tuple[str, ...]:
    notes = ["a village's mean weighs its households by their sampling weight (equally where there is none)"]
    if broken.any():
        names = listed(c for c, b in zip(moments.clusters, broken, strict=True) if b)
        notes.append(f"{int(broken.sum())} comparison village(s) not seen in every round are no donors: {names}")
    if moments.design.anticipation:
        notes.append(f"{moments.design.anticipation} round(s) of anticipation are neither matched nor compared")
    return tuple(notes)
