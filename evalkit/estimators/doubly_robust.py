"""Mean change of the treated less that of a comparison made alike by covariates; with its influence by household.

Sant'Anna & Zhao (2020): outcome regression, inverse probability weighting with normalised weights, and doubly robust
with both, as `DRDID::reg_did_panel`, `std_ipw_did_panel` and `drdid_panel` (csdid's "reg", "ipw" and "dr") compute
them. A comparison household whose propensity is .995 or more is left out, as there.
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.results import FloatArray

Adjustment = Literal["dr", "reg", "ipw"]
TRIM = 0.995
"""Comparison households whose propensity is this high or higher are left out (DRDID's default)."""
OVERLAP = 0.999
"""Where any propensity reaches this, treated and comparison households cannot be told alike: no estimate."""
CONDITION = 1e-12
"""Cross-products whose reciprocal condition number is lower are singular."""


def adjusted_change(
    treated: NDArray[np.bool_], change: FloatArray, x: FloatArray, weight: FloatArray, method: Adjustment
) -> tuple[float, FloatArray] | None:
    """Return ATT and ψ (n,), ATT − truth ≈ Σ ψ_i; None where the covariates do not allow it.

    Parameters
    ----------
    treated, change, weight : array (n,)
    x : array (n, k)
        Covariates, with an intercept first.
    method : {"dr", "reg", "ipw"}
        Doubly robust, outcome regression, or inverse probability weighting.
    """
    if not treated.any() or treated.all():
        return None
    d = treated.astype(np.float64)
    w = weight / weight.mean()
    line = _outcomes(d, change, x, w) if method != "ipw" else (np.zeros(len(d)), np.zeros_like(x))
    odds = _propensity(d, x, w) if method != "reg" else (d, np.ones(len(d), dtype=bool), np.zeros_like(x))
    if line is None or odds is None:
        return None
    (fitted, from_line), (p, kept, from_odds) = line, odds
    own = kept * w * d
    other = kept * w * (1 - d) * p / (1 - p) if method != "reg" else own
    left = change - fitted
    if method == "reg":
        return _regression(own, change, fitted, x, from_line)
    mean_own, mean_other = (own @ left) / own.sum(), (other @ left) / other.sum()
    psi_own = own * (left - mean_own) - from_line @ (own @ x) / len(d)
    moved = from_odds @ ((other * (left - mean_other)) @ x) / len(d) - from_line @ (other @ x) / len(d)
    psi_other = other * (left - mean_other) + moved
    return float(mean_own - mean_other), psi_own / own.sum() - psi_other / other.sum()


def _regression(
    own: FloatArray, change: FloatArray, fitted: FloatArray, x: FloatArray, from_line: FloatArray
) -> tuple[float, FloatArray]:
    """Return the treated's mean change less what the comparison's regression foresees for them."""
    att = own @ (change - fitted) / own.sum()
    return float(att), (own * (change - fitted - att) - from_line @ (own @ x) / len(own)) / own.sum()


def _outcomes(d: FloatArray, change: FloatArray, x: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Fit the comparison's changes; return fitted changes (n,) and each household's pull on the coefficients (n, k)."""
    v = w * (1 - d)
    gram = x.T @ (v[:, None] * x)
    if _is_singular(gram):
        return None
    fitted = x @ np.linalg.solve(gram, x.T @ (v * change))
    return fitted, (v * (change - fitted))[:, None] * x @ np.linalg.inv(gram) * len(d)


def _propensity(d: FloatArray, x: FloatArray, w: FloatArray) -> tuple[FloatArray, NDArray[np.bool_], FloatArray] | None:
    """Fit a logit of treatment; return propensities, which households are kept, and the pull on the coefficients."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # told below, by the propensities themselves
        p = np.asarray(sm.GLM(d, x, family=sm.families.Binomial(), freq_weights=w).fit().fittedvalues)
    information = x.T @ ((w * p * (1 - p))[:, None] * x)
    if p.max() >= OVERLAP or _is_singular(information):
        return None
    return p, (d == 1) | (p < TRIM), (w * (d - p))[:, None] * x @ np.linalg.inv(information) * len(d)


def _is_singular(gram: FloatArray) -> bool:
    scale = np.sqrt(np.diag(gram))
    if not (scale > 0).all():
        return True
    return bool(1 / np.linalg.cond(gram / np.outer(scale, scale)) < CONDITION)
