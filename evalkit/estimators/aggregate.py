"""Averages of ATT(g, t): simple, by event time, by cohort, by calendar round; with their influence by village.

Callaway & Sant'Anna (2021), section 3.2. Cohorts count by the weight of their households; that these shares are
estimated enters the influence, as in R did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.results import FloatArray

Aggregate = Literal["simple", "dynamic", "group", "calendar", "none"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an ATT(g, t) stands: first treated round and round."""

    cohort: int
    time: int

    @property
    def event_time(self) -> int:
        """Rounds since adoption."""
        return self.time - self.cohort


@dataclass(frozen=True, slots=True)
class Part:
    """One average: the term, its columns, and the share a (C,) in Σ a W_g ATT(g, t) / Σ a W_g."""

    term: str
    share: FloatArray
    event_time: int | None = None
    cohort: int | None = None
    time: int | None = None


@dataclass(frozen=True, slots=True)
class Averages:
    """P parts; where ``averaged`` is not empty, the plain mean of these parts stands before them as ``att``."""

    places: tuple[Place, ...]
    parts: tuple[Part, ...]
    averaged: tuple[int, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms (m,)."""
        return (*(("att",) if self.averaged else ()), *(p.term for p in self.parts))

    def of(self, att: FloatArray, weight: FloatArray) -> FloatArray:
        """Return the terms (…, m) of ATTs (…, C) and their cohorts' weights (…, C).

        A cohort without weight takes no part; any other ATT that is NaN makes the average NaN.
        """
        total = weight @ self._shares
        top = _dot(np.where(weight > 0, weight * att, 0.0), self._shares)
        return self._with_mean(np.where(total > 0, top, np.nan) / np.where(total > 0, total, 1.0))

    def influence(self, att: FloatArray, psi: FloatArray, weight: FloatArray) -> FloatArray:
        """Return ψ (G, m) of the terms from ATTs (C,), their ψ (G, C) and their cohorts' weights by village (G, C).

        Beside Σ a W_g ψ_g / Σ a W_g stands what the village's own weight moves, Σ a W_vg (ATT − average)/Σ a W_g.
        """
        whole = weight.sum(axis=0)
        total = whole @ self._shares
        average = _dot(whole * att, self._shares) / total
        moved = _dot(whole * psi + weight * att, self._shares) - average * (weight @ self._shares)
        return self._with_mean(moved / total)

    def columns(self, units: NDArray[np.int64], villages: Mask) -> dict[str, tuple[Any, ...]]:
        """Return the columns of the terms from the treated households (C,) and villages (G, C) of each ATT.

        ``n_treated_units`` sums over cohorts their most households in any ATT; ``n_treated_villages`` counts villages.
        """
        first = (None,) if self.averaged else ()
        found: dict[str, tuple[Any, ...]] = {
            name: (*first, *(getattr(p, name) for p in self.parts)) for name in ("event_time", "cohort", "time")
        }
        shares = [p.share for p in self.parts]
        shares = [np.sum([shares[i] for i in self.averaged], axis=0), *shares] if self.averaged else shares
        found["n_treated_units"] = tuple(self._units(share, units) for share in shares)
        found["n_treated_villages"] = tuple(int(villages[:, share > 0].any(axis=1).sum()) for share in shares)
        return found

    @property
    def _shares(self) -> FloatArray:
        return np.stack([p.share for p in self.parts], axis=-1)

    def _units(self, share: FloatArray, units: NDArray[np.int64]) -> int:
        most: dict[int, int] = {}
        for c in np.flatnonzero(share):
            cohort = self.places[c].cohort
            most[cohort] = max(most.get(cohort, 0), int(units[c]))
        return sum(most.values())

    def _with_mean(self, parts: FloatArray) -> FloatArray:
        if not self.averaged:
            return parts
        return np.concatenate([parts[..., list(self.averaged)].mean(axis=-1, keepdims=True), parts], axis=-1)


def averages(places: Sequence[Place], known: Mask, aggregate: Aggregate) -> Averages:
    """Return the averages that an aggregate stands for, over the ATTs that are known (C,).

    ``simple`` and ``none`` report every ATT(g, t); the others leave unknown ones out.
    """
    return Averages(tuple(places), *_BUILDERS[aggregate](places, known))


Built = tuple[tuple[Part, ...], tuple[int, ...]]


def _none(places: Sequence[Place], known: Mask) -> Built:
    one = np.eye(len(places))
    names = [f"cohort={p.cohort},time={p.time}" for p in places]
    return tuple(Part(names[c], one[c], p.event_time, p.cohort, p.time) for c, p in enumerate(places)), ()


def _simple(places: Sequence[Place], known: Mask) -> Built:
    return (Part("att", _share(known & _after(places))), *_none(places, known)[0]), ()


def _dynamic(places: Sequence[Place], known: Mask) -> Built:
    event_time = np.array([p.event_time for p in places])
    times = [int(e) for e in np.unique(event_time[known])]
    parts = tuple(Part(f"event_time={e}", _share(known & (event_time == e)), event_time=e) for e in times)
    return parts, tuple(i for i, e in enumerate(times) if e >= 0)


def _group(places: Sequence[Place], known: Mask) -> Built:
    cohort, kept = np.array([p.cohort for p in places]), known & _after(places)
    cohorts = [int(g) for g in np.unique(cohort[kept])]
    shares = [_share(kept & (cohort == g)) / (kept & (cohort == g)).sum() for g in cohorts]
    parts = (Part(f"cohort={g}", share, cohort=g) for g, share in zip(cohorts, shares, strict=True))
    return (Part("att", np.sum(shares, axis=0)), *parts), ()


def _calendar(places: Sequence[Place], known: Mask) -> Built:
    time, kept = np.array([p.time for p in places]), known & _after(places)
    times = [int(t) for t in np.unique(time[kept])]
    parts = tuple(Part(f"time={t}", _share(kept & (time == t)), time=t) for t in times)
    return parts, tuple(range(len(parts)))


_BUILDERS: dict[str, Callable[[Sequence[Place], Mask], Built]] = {
    "simple": _simple,
    "dynamic": _dynamic,
    "group": _group,
    "calendar": _calendar,
    "none": _none,
}


def _after(places: Sequence[Place]) -> Mask:
    return np.array([p.event_time >= 0 for p in places], dtype=bool)


def _share(taken: Mask) -> FloatArray:
    return taken.astype(np.float64)


def _dot(values: FloatArray, shares: FloatArray) -> FloatArray:
    """Return values (…, C) @ shares (C, P), NaN only where a value with a share is NaN."""
    lost = np.isnan(values)
    top = np.where(lost, 0.0, values) @ shares
    return np.asarray(np.where(lost @ (shares > 0), np.nan, top), dtype=np.float64)
