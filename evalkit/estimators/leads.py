"""The pre-trend test of imputation: leads estimated on untreated rows only, from Moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.linear import refits_without, solve
from evalkit.estimators.rounds import only_where
from evalkit.estimators.untreated import Split
from evalkit.estimators.within import event_times, within_sums
from evalkit.moments import Moments
from evalkit.results import FloatArray, Linear


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads by event time, earliest first: values, households and villages (L,), influence of the villages (G, L).

    ``basis`` is their regression, of which ``place`` gives each village's place among the G; None without leads.
    """

    times: tuple[int, ...]
    values: FloatArray
    units: tuple[int, ...]
    villages: tuple[int, ...]
    psi: FloatArray
    basis: Linear | None
    place: NDArray[np.int64]

    def without_each(self) -> FloatArray:
        """Return each lead without each village, (G, L); a village without repeated untreated rows changes nothing."""
        left = np.tile(self.values, (len(self.psi), 1))
        if self.basis is not None:
            kept = np.diag(self.basis.bread) > 0
            sums, contrasts = self.basis.sums, self.basis.contrasts[:, kept]
            left[self.place] = refits_without(sums.s1[:, kept][:, :, kept], sums.r1[:, kept], contrasts)
        return left


def leads_of(moments: Moments, split: Split, village: NDArray[np.int64], anticipation: int, n: int) -> Leads:
    """Regress untreated rows on effects of households and rounds and on an indicator of each of the last n rounds.

    y = α_i + β_t + Σ_h γ_h 1(t = g − anticipation − h) + ε (Borusyak, Jaravel & Spiess 2024, section 4.4): what it is
    compared with are all earlier rounds and the never treated. ``village`` (G,) are the places among the moments'
    clusters that the influence is given for.

    Raises
    ------
    DesignError
        A lead cannot be told from the effects of rounds; it is named.
    """
    none = np.empty(0)
    cells = only_where(split.cells, split.before)
    since = np.stack([event_times(moments, g) for g in moments.cohorts])[cells.cohort]
    times = [k for k in range(-anticipation - n, -anticipation) if (cells.attended & (since == k)).any()]
    if not times:
        return Leads((), none, (), (), np.zeros((len(village), 0)), None, np.empty(0, dtype=np.int64))

    def regressors(cohort: int | None) -> FloatArray:
        return np.asarray(event_times(moments, cohort)[:, None] == np.array(times), dtype=np.float64)

    within = within_sums(moments, cells, regressors, [f"event_time={k}" for k in times])
    contrasts = np.eye(len(within.names))[-len(times) :]
    basis = solve(within.sums, contrasts, within.names, k_extra=1)
    place = np.flatnonzero(np.isin([moments.clusters[v] for v in village], basis.sums.clusters))
    psi = np.zeros((len(village), len(times)))
    g, n_obs = len(place), within.counts.n_obs
    factor = g / (g - 1) * (n_obs - 1) / (n_obs - basis.k_dof) if g > 1 else np.nan
    scores = basis.sums.r1 - basis.sums.s1 @ basis.beta
    psi[place] = np.sqrt(factor) * scores @ basis.bread @ contrasts.T
    counted = [int((cells.n_units[:, None] * (cells.attended & (since == k))).sum()) for k in times]
    villages = [len(np.unique(cells.cluster[(cells.attended & (since == k)).any(axis=1)])) for k in times]
    return Leads(tuple(times), contrasts @ basis.beta, tuple(counted), tuple(villages), psi, basis, place)
