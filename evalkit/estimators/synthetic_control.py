"""Synthetic control: pilot villages beside the weighted mix of comparison villages that ran as they did."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.estimators.simplex import simplex_weights
from evalkit.estimators.synthetic import Average, noise, pilot_and_donors, synthetic_estimate
from evalkit.estimators.village_series import village_series
from evalkit.moments import Moments
from evalkit.results import Estimate, FloatArray, SyntheticFit

ETA = 1e-6
"""Penalty in units of the noise, as synthdid's sc_estimate: it only makes the weights unique."""


def synthetic_control(moments: Moments, outcome: str | None = None, *, average: Average = "village") -> Estimate:
    """Estimate the gap to a synthetic village, matched on the outcome in all rounds before the start.

    Parameters
    ----------
    moments : Moments
        Sufficient: only village means by round enter. In an unbalanced panel a mean is over those seen in the round.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    average : {"village", "household"}
        How several pilot villages are averaged: equally, or by the (weighted) number of their households.

    Returns
    -------
    Estimate
        Terms ``att`` (mean gap from the start on) and ``event_time=k`` (gap by round, before the start the misfit);
        columns ``event_time``, ``time_weight``, ``pre_rmse``, ``n_donors``. Basis `Donors` holds the donor weights.

    Raises
    ------
    DesignError
        See `village_series`: several starts, mixed villages, too few rounds or donors.

    Notes
    -----
    Abadie, Diamond & Hainmueller (2010), eq. 2, with the outcome in each round before the start as the only
    predictors, no intercept: min Σ_t (ȳ₁ₜ − Σ_j ω_j y_jt)² over ω ≥ 0, Σω = 1, as synthdid's sc_estimate.
    """
    name, cells = moments.of(outcome)
    series = village_series(moments, cells, "synthetic_control")
    zeta = ETA * noise(series)

    def refit(
        means: FloatArray, share: FloatArray, before: NDArray[np.bool_], after: NDArray[np.bool_]
    ) -> SyntheticFit:
        pilot, others, donors = pilot_and_donors(means, share)
        weights = np.zeros(len(share))
        weights[donors] = simplex_weights(others[:, before].T, pilot[before], zeta=zeta, intercept=False)
        gaps = pilot - weights @ means
        rmse = float(np.sqrt((gaps[before] ** 2).mean()))
        return SyntheticFit(float(gaps[after].mean()), weights, np.zeros(len(gaps)), gaps, rmse)

    return synthetic_estimate("synthetic_control", name, series, refit, average)
