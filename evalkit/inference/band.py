"""Uniform bands: intervals that hold all event times at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalkit.inference.contributions import contributions
from evalkit.results import FloatArray, Inference

DRAWS = 20_000


def uniform_band(inference: Inference, seed: int = 1, draws: int = DRAWS) -> tuple[FloatArray, FloatArray]:
    """Return the ends of a band (m,) that holds all its terms at once with the inference's level.

    The terms are those by event time where there are any, else all; `att` and fixed terms have none (NaN), and so has
    every term under methods without a covariance (`wild`, `randomization`).

    Notes
    -----
    Sup-t (Montiel Olea & Plagborg-Møller 2019): Z is drawn from the normal distribution with the correlations of the
    terms under the method's covariance, and the band is as wide as the smallest p of a draw asks for at the wanted
    level: estimate ± t(df, 1 − c/2) · se, c the (1 − level) quantile of min_j p_j. Each term keeps its own degrees of
    freedom, so that a band of one term is its interval; it is never wider than Bonferroni's, up to the draws.
    """
    from scipy.special import ndtr, stdtrit

    low, high = np.full((2, len(inference.std_error)), np.nan)
    z, inside = contributions(inference), _inside(inference)
    if z is None or not inside.any():
        return low, high
    size = np.linalg.norm(z[:, inside], axis=0)
    largest = _largest(z[:, inside] / size, seed, draws)
    smallest_p = 2 * ndtr(-np.quantile(largest, inference.conf_level))
    half = stdtrit(inference.df[inside], 1 - smallest_p / 2) * inference.std_error[inside]
    values = inference.estimate.values[inside]
    low[inside], high[inside] = values - half, values + half
    return low, high


def _inside(inference: Inference) -> NDArray[np.bool_]:
    """Whether a term belongs in the band."""
    times = inference.estimate.columns.get("event_time")
    wanted = np.array([t is not None for t in times] if times else [True] * len(inference.std_error))
    return np.asarray(wanted & np.isfinite(inference.std_error) & np.isfinite(inference.df))


def _largest(unit: FloatArray, seed: int, draws: int) -> FloatArray:
    """Draw the largest |Z| of terms with correlation U'U, (draws,)."""
    values, vectors = np.linalg.eigh(unit.T @ unit)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((draws, len(root)))
    return np.asarray(np.abs(normal @ root.T).max(axis=1), dtype=np.float64)
