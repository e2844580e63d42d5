"""Multiplier bootstrap over villages, with a band that holds for a whole path of terms at once."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError, UsageError
from evalkit.inference.basis import is_fixed, n_clusters
from evalkit.inference.crv1 import influence
from evalkit.inference.wild import TIE, draw_vectors
from evalkit.results import Estimate, FloatArray, Inference

OVERALL = "att"
"""Terms of this name are averages of the others, and no point of the path that the band is drawn around."""


def multiplier(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return intervals from Σ w_v ψ_v, w_v = ±1 by village, and the ends of a uniform band over all terms but ``att``.

    Callaway & Sant'Anna (2021), algorithm 1, with whole villages drawn. A term's interval is estimate ± c·se, c the
    `level` quantile of its |Σ w_v ψ_v|/se; the band's c is that of the largest of them. The standard error is
    √(factor Σ ψ_v²), which the draws only repeat (R did takes their interquartile range). Rademacher signs; all 2^G of
    them where there are no more than `draws`; Webb's six points below six villages. `df` is null, since no t
    distribution is used. It takes ψ as known, as CRV1 does, and is too short where villages are few or unequal.

    Raises
    ------
    DesignError
        There are fewer than three villages.
    UsageError
        `level` is no number between 0 and 1.
    """
    g = n_clusters(estimate)
    if g < 3:
        raise DesignError("multiplier", f"there are {g} villages", "at least three", "no interval can be given")
    if not 0 < level < 1:
        raise UsageError("conf_level", f"{level}", "a number between 0 and 1", "give for example .95")
    psi, factor = influence(estimate, g)
    se = _defined(estimate, np.sqrt(factor * (psi * psi).sum(axis=0)))
    vectors = draw_vectors(g, draws, seed)
    drawn = np.abs(vectors.w @ (psi * np.sqrt(factor))) / se
    t = estimate.values / se
    beyond = (drawn >= np.abs(t) * (1 - TIE)).sum(axis=0)
    p = np.where(np.isnan(se), np.nan, (beyond if vectors.exact else 1 + beyond) / (len(drawn) + (not vectors.exact)))
    half = _quantiles(drawn, level) * se
    band = _uniform(estimate, drawn, se, level)
    return Inference(
        estimate,
        "multiplier",
        se,
        np.full(len(se), np.nan),
        t,
        p,
        estimate.values - half,
        estimate.values + half,
        level,
        f"{g} villages: multiplier bootstrap with {len(drawn)} {vectors.name}",
        columns={"band_low": _known(estimate.values - band), "band_high": _known(estimate.values + band)},
    )


def _defined(estimate: Estimate, std_error: FloatArray) -> FloatArray:
    """Set the standard error to NaN where a term is fixed or nothing varies between villages."""
    return np.where(is_fixed(estimate) | ~(std_error > 1e-10 * np.abs(estimate.values)), np.nan, std_error)


def _quantiles(drawn: FloatArray, level: float) -> FloatArray:
    """Return the smallest value that a share `level` of the draws does not exceed, by column; NaN stays."""
    rank = int(np.ceil(level * len(drawn) * (1 - TIE))) - 1
    return np.asarray(np.sort(drawn, axis=0)[rank], dtype=np.float64)


def _uniform(estimate: Estimate, drawn: FloatArray, se: FloatArray, level: float) -> FloatArray:
    """Return half the width of the band at each term; NaN outside the path."""
    path = np.array([term != OVERALL for term in estimate.terms]) & ~np.isnan(se)
    if not path.any():
        return np.full(len(se), np.nan)
    largest = drawn[:, path].max(axis=1, keepdims=True)
    return np.where(path, _quantiles(largest, level) * se, np.nan)


def _known(values: FloatArray) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(v) else float(v) for v in values)
