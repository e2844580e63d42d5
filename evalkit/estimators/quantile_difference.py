"""Differences between the quantiles of two arms that were drawn by lot, by statsmodels' QuantReg; takes the Panel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError
from evalkit.panel import Panel
from evalkit.results import Counts, Estimate, FloatArray, Influence

QUARTILES = (0.25, 0.5, 0.75)
NEAR = 1e-5
"""QuantReg iterates; a quantile within this share of the outcome's range of an observed value is that value."""
TIED = 0.05
"""Where a greater share of an arm has the very value of its quantile, there is no density and so no standard error."""


def quantile_difference(panel: Panel, quantiles: Sequence[float] = QUARTILES) -> Estimate:
    """Estimate how far the quantiles of pilot households lie above those of comparison households, in the last round.

    Parameters
    ----------
    panel : Panel
        Village sums do not suffice: a quantile is no mean.
    quantiles : sequence of float
        Between 0 and 1, ascending.

    Returns
    -------
    Estimate
        ``quantile=0.25`` …, in units of the outcome, with the columns ``quantile``, ``pilot`` and ``comparison`` (the
        quantile of each arm).

    Raises
    ------
    DesignError
        Villages were not drawn by lot, rows have weights, or an arm is empty.
    UsageError
        A quantile is not between 0 and 1, or they do not ascend.

    Notes
    -----
    A check of `thresholds` where both answer: how far the distributions lie apart, read the other way. Where villages
    were drawn, the difference is the effect on that quantile; not the effect on those who stand there, who may have
    changed places. QuantReg of the outcome on the arm; ψ_i = (τ − 1(y_i ≤ q))/(n f) in its arm, summed by village
    (Parente & Santos Silva 2016), with f by QuantReg's kernel and bandwidth (Epanechnikov, Hall & Sheather).

    References
    ----------
    Koenker (2005), Quantile Regression; Parente & Santos Silva (2016), Journal of Econometric Methods 5.
    """
    _require(panel, quantiles)
    frame = panel.frame.filter(panel.frame["time"] == panel.frame["time"].max())
    y = frame[panel.outcome].to_numpy().astype(np.float64)
    pilot = (frame["first_treated"] <= frame["time"]).fill_null(False).to_numpy()
    if pilot.all() or not pilot.any():
        raise DesignError("quantile_difference", "one arm is empty in the last round", "both arms", "use another round")
    names, village = np.unique(frame["cluster"].cast(str).to_numpy(), return_inverse=True)
    fits = [_fit(y, pilot, village, len(names), tau) for tau in quantiles]
    treated = np.bincount(village, pilot, len(names)) > 0
    other = np.bincount(village, ~pilot, len(names)) > 0
    return Estimate(
        estimator="quantile_difference",
        outcome=panel.outcome,
        terms=tuple(f"quantile={tau:g}" for tau in quantiles),
        values=np.array([ends[1] - ends[0] for ends, _ in fits]),
        basis=Influence(tuple(map(str, names)), treated, other, np.column_stack([psi for _, psi in fits])),
        counts=Counts(len(y), frame["unit"].n_unique(), len(names), int(treated.sum()), int(other.sum())),
        columns={
            "quantile": tuple(quantiles),
            "pilot": tuple(ends[1] for ends, _ in fits),
            "comparison": tuple(ends[0] for ends, _ in fits),
        },
    )


def _fit(
    y: FloatArray, pilot: NDArray[np.bool_], village: NDArray[np.int64], n_villages: int, tau: float
) -> tuple[tuple[float, float], FloatArray]:
    """Return the quantile of comparison and of pilot households, and ψ by village of their difference."""
    from statsmodels.regression.quantile_regression import QuantReg

    with np.errstate(divide="ignore", invalid="ignore"):  # where most of an arm has one value the bandwidth is 0
        fitted = QuantReg(y, np.column_stack([np.ones(len(y)), pilot])).fit(q=tau)
    both = float(fitted.params[0]), float(fitted.params[0] + fitted.params[1])
    ends = _observed(y[~pilot], both[0], float(np.ptp(y))), _observed(y[pilot], both[1], float(np.ptp(y)))
    psi = np.zeros(n_villages)
    for arm, q, sign in ((~pilot, ends[0], -1.0), (pilot, ends[1], 1.0)):
        moved = _moved(y[arm], q, tau, float(fitted.bandwidth))
        psi += sign * np.bincount(village[arm], moved, n_villages)
    return ends, psi


def _observed(y: FloatArray, q: float, span: float) -> float:
    """Return the observed value that a fitted quantile stands for; itself where it lies between two."""
    nearest = float(y[np.argmin(np.abs(y - q))])
    return nearest if abs(nearest - q) <= NEAR * span else q


def _moved(y: FloatArray, q: float, tau: float, bandwidth: float) -> FloatArray:
    """Return what each household moves in its arm's quantile; NaN where many have its very value."""
    tied = float((y == np.quantile(y, tau, method="inverted_cdf")).mean())
    if tied > TIED or not bandwidth > 0:
        return np.full(len(y), np.nan)
    density = 0.75 * float(np.maximum(1 - ((y - q) / bandwidth) ** 2, 0.0).mean()) / bandwidth
    return np.asarray((tau - (y <= q)) / (len(y) * density), dtype=np.float64)


def _require(panel: Panel, quantiles: Sequence[float]) -> None:
    if not quantiles or any(not 0 < t < 1 for t in quantiles) or sorted(set(quantiles)) != list(quantiles):
        raise UsageError(
            "quantile_difference", f"{list(quantiles)}", "ascending numbers between 0 and 1", "correct them"
        )
    if panel.design.assignment != "randomised":
        raise DesignError(
            "quantile_difference",
            "villages were not drawn by lot, so quantiles may have differed before",
            "a lot",
            "use thresholds with a difference in differences",
        )
    if panel.design.weights is not None:
        raise DesignError("quantile_difference", "rows have weights", "none: QuantReg takes none", "use thresholds")
