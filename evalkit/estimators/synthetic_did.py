"""Synthetic difference-in-differences: weighted donors, weighted rounds, a free level; from Moments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.simplex import simplex_weights
from evalkit.estimators.synthetic import Average, noise, pilot_and_donors, synthetic_estimate
from evalkit.estimators.village_series import village_series
from evalkit.moments import Moments
from evalkit.results import Estimate, FloatArray, SyntheticFit

ETA_TIMES = 1e-6
"""Penalty of the rounds' weights in units of the noise, as synthdid: it only makes them unique."""


def synthetic_did(moments: Moments, outcome: str | None = None, *, average: Average = "village") -> Estimate:
    """Estimate the change of pilot villages against weighted donors, from weighted rounds before the start.

    Parameters
    ----------
    moments : Moments
        Sufficient: only village means by round enter. In an unbalanced panel a mean is over those seen in the round.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    average : {"village", "household"}
        How several pilot villages are averaged: equally (synthdid), or by the (weighted) number of their households.

    Returns
    -------
    Estimate
        Terms ``att`` and ``event_time=k`` (gap by round, less the weighted gap before the start); columns
        ``event_time``, ``time_weight``, ``pre_rmse``, ``n_donors``. Basis `Donors` holds the donor weights.

    Raises
    ------
    DesignError
        See `village_series`: several starts, mixed villages, too few rounds or donors.

    Notes
    -----
    Arkhangelsky et al. (2021), algorithm 1, with R synthdid's penalties: σ the standard deviation of the donors'
    changes before the start, ζ_ω = (N₁T₁)^¼ σ for donors, ζ_λ = 10⁻⁶ σ for rounds, both with an intercept. The weights
    are the exact minimum; synthdid's iterations stop where an objective falls by less than (10⁻⁵σ)².
    """
    name, cells = moments.of(outcome)
    series = village_series(moments, cells, "synthetic_did")
    sigma = noise(series)
    zeta_donors = float((series.treated.sum() * series.after.sum()) ** 0.25) * sigma

    def refit(
        means: FloatArray, share: FloatArray, before: NDArray[np.bool_], after: NDArray[np.bool_]
    ) -> SyntheticFit:
        pilot, others, donors = pilot_and_donors(means, share)
        weights, times = np.zeros(len(share)), np.zeros(len(before))
        weights[donors] = simplex_weights(others[:, before].T, pilot[before], zeta=zeta_donors, intercept=True)
        late = others[:, after].mean(axis=1)
        times[before] = simplex_weights(others[:, before], late, zeta=ETA_TIMES * sigma, intercept=True)
        level = pilot - weights @ means
        gaps = level - times @ level
        return SyntheticFit(float(gaps[after].mean()), weights, times, gaps, float(np.std(level[before])))

    return synthetic_estimate("synthetic_did", name, series, refit, average)
