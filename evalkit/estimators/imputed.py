"""The effects of imputation: averages over treated rows by event time, and what each village moves in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.estimators.gaps import Gaps, gaps_of
from evalkit.estimators.linear import refits_without
from evalkit.estimators.untreated import Split, Untreated
from evalkit.estimators.within import event_times
from evalkit.moments import Moments
from evalkit.results import FloatArray


@dataclass(frozen=True, slots=True)
class TermSums:
    """`Gaps` summed over the blocks and rounds of each of m terms, by village: (G, m), ``pull`` (G, m, T)."""

    gap: FloatArray
    pull: FloatArray
    mass: FloatArray


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects on treated rows: ``att`` and one for each event time, m terms.

    ``times`` are of all but the first; ``values`` and ``units`` (households; (m − 1) without ``att``), ``psi`` (G, m).
    ``lone`` lists the event times at which a cohort is seen in one village (or household) only.
    """

    times: tuple[int, ...]
    values: FloatArray
    units: tuple[int, ...]
    psi: FloatArray
    lone: tuple[int, ...]
    sums: TermSums
    untreated: Untreated

    @property
    def villages(self) -> tuple[int, ...]:
        """How many villages each of the m terms rests on."""
        return tuple(int(n) for n in np.count_nonzero(self.sums.mass, axis=0))

    def without_each(self) -> FloatArray:
        """Return each term without each village, (G, m); NaN where the others do not determine it."""
        gap, pull, mass = (x.sum(axis=0) - x for x in (self.sums.gap, self.sums.pull, self.sums.mass))
        others = np.count_nonzero(self.sums.mass, axis=0) - (self.sums.mass != 0)
        mass = np.where(others > 0, mass, np.nan)
        rounds = refits_without(self.untreated.a, self.untreated.b, pull / mass[:, :, None])
        return np.asarray(gap / mass - rounds, dtype=np.float64)


def effects_of(moments: Moments, split: Split, untreated: Untreated, *, by_unit: bool) -> Effects:
    """Average the effects on imputed rows by term, with what each village moves in them.

    Raises
    ------
    DesignError
        No treated row can be imputed.
    """
    gaps = gaps_of(split, untreated)
    since = np.stack([event_times(moments, g) for g in moments.cohorts])[gaps.cohort]
    times, where = _targets(since, gaps.mass > 0)
    sums = _sums_by_term(gaps, where, len(untreated.village))
    effects = gaps.effects(untreated)
    average, alone = _cohort_averages(gaps, effects, by_unit=by_unit)
    psi = _from_untreated(sums, untreated) + _from_treated(gaps, effects, average, where, len(untreated.village))
    psi[:, ~(where & ~alone).any(axis=(1, 2))] = np.nan
    total = sums.gap.sum(axis=0) - sums.pull.sum(axis=0) @ untreated.beta
    lone = np.asarray((where[1:] & alone).any(axis=(1, 2)))
    units = tuple(int(n) for n in (where * gaps.units).sum(axis=(1, 2))[1:])
    lone_times = tuple(k for k, one in zip(times, lone, strict=True) if one)
    return Effects(times, total / sums.mass.sum(axis=0), units, psi, lone_times, sums, untreated)


def _targets(since: FloatArray, seen: NDArray[np.bool_]) -> tuple[tuple[int, ...], NDArray[np.bool_]]:
    """Return the event times, and which blocks and rounds (B, T) each term averages, ``att`` first: (m, B, T)."""
    times = tuple(int(k) for k in np.unique(since[seen]))
    where = np.stack([seen & (since >= 0), *(seen & (since == k) for k in times)])
    if not where[0].any():
        raise DesignError(
            "imputation",
            "no treated row can be imputed",
            "households seen both before and after adoption, and others untreated in the same rounds",
            "check the adoption rounds, or report the change only",
        )
    return times, where


def _sums_by_term(gaps: Gaps, where: NDArray[np.bool_], n_villages: int) -> TermSums:
    """Sum blocks and rounds by term; ``where`` (m, B, T) says which rounds of a block a term averages."""
    inside = where.astype(np.float64)

    def by_village(values: FloatArray) -> FloatArray:
        total = np.zeros((n_villages, *values.shape[1:]))
        np.add.at(total, gaps.village, values)
        return total

    return TermSums(
        by_village(np.einsum("mbt,bt->bm", inside, gaps.gap)),
        by_village(np.einsum("mbt,bts->bms", inside, gaps.pull)),
        by_village(np.einsum("mbt,bt->bm", inside, gaps.mass)),
    )


def _from_untreated(sums: TermSums, untreated: Untreated) -> FloatArray:
    """Return what each village's untreated rows move in the terms, (G, m): −c'(Σ a)⁻(b_v − a_v β)."""
    pull = sums.pull.sum(axis=0) / sums.mass.sum(axis=0)[:, None]
    scores = untreated.b - untreated.a @ untreated.beta
    return np.asarray(-scores @ untreated.inverse @ pull.T, dtype=np.float64)


def _from_treated(gaps: Gaps, effects: FloatArray, average: FloatArray, where: NDArray[np.bool_], g: int) -> FloatArray:
    """Return what each village's treated rows move in the terms, (G, m).

    ``average`` (B, T) is the effect τ̃ that a block's cohort has in a round.
    """
    surprise = effects - np.where(gaps.mass > 0, gaps.mass * average, 0.0)
    moved = np.zeros((g, len(where)))
    np.add.at(moved, gaps.village, np.einsum("mbt,bt->bm", where.astype(np.float64), surprise))
    return np.asarray(moved / (where * gaps.mass).sum(axis=(1, 2)), dtype=np.float64)


def _cohort_averages(gaps: Gaps, effects: FloatArray, *, by_unit: bool) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return τ̃ by block and round (B, T), and whether it rests on one village (or household).

    By village Σ_v w_v Σ w τ / Σ_v w_v²; by unit, without weights, Σ τ / n.
    """
    part = np.ones_like(gaps.mass) if by_unit else gaps.mass
    average, alone = np.zeros_like(effects), np.zeros(effects.shape, dtype=bool)
    for cohort in np.unique(gaps.cohort):
        here = gaps.cohort == cohort
        below = (part[here] * gaps.mass[here]).sum(axis=0)
        above = (part[here] * effects[here]).sum(axis=0)
        average[here] = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        alone[here] = (gaps.units[here] if by_unit else gaps.units[here] > 0).sum(axis=0) == 1
    return average, alone
