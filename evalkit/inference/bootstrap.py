"""Pairs cluster bootstrap-t: whole villages redrawn, the regression solved anew from village sums."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import linear, n_clusters
from evalkit.inference.crv1 import crv1
from evalkit.inference.redraw import redraw
from evalkit.inference.wild import TIE
from evalkit.results import Estimate, FloatArray, Inference

MOST_UNDEFINED = 0.1
"""No interval where more than this share of the draws cannot tell the arms apart."""


def bootstrap(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return symmetric percentile-t intervals, estimate ± c·se, c the `level` quantile of |b* − b|/se*.

    Cameron, Gelbach & Miller (2008), section 3.1: villages are drawn with replacement within strata, pilot and
    comparison alike, a village drawn twice counting as two. Standard errors are CRV1; `df` is null. p = (1 + #{|t*| ≥
    |t|})/(1 + B). Draws that hold one arm only have no t*; they are left out and counted in the reason. ``auto`` never
    chooses it: with few or unequal villages the wild bootstrap keeps its level better.

    Raises
    ------
    DesignError
        There are fewer than three villages, more than a tenth of the draws are undefined, or the estimate is no linear
        regression (``multiplier`` is the bootstrap for those).
    """
    g = n_clusters(estimate)
    if g < 3:
        raise DesignError("bootstrap", f"there are {g} villages", "at least three", "no interval can be given")
    linear(estimate, "bootstrap")
    plain = crv1(estimate, level)
    half, p, used = np.full((3, len(estimate.terms)), np.nan)
    for j, term in enumerate(estimate.terms):
        if np.isfinite(plain.std_error[j]):
            drawn = _drawn(estimate, term, draws, seed)
            used[j] = len(drawn)
            half[j] = drawn[int(np.ceil(level * len(drawn) * (1 - TIE))) - 1] * plain.std_error[j]
            p[j] = (1 + np.count_nonzero(drawn >= abs(plain.statistic[j]) * (1 - TIE))) / (1 + len(drawn))
    reason = f"{g} villages: pairs cluster bootstrap-t with {draws} draws of villages{_left_out(draws, used)}"
    values, df = estimate.values, np.full(len(half), np.nan)
    return Inference(
        estimate, "bootstrap", plain.std_error, df, plain.statistic, p, values - half, values + half, level, reason
    )


def _drawn(estimate: Estimate, term: str, draws: int, seed: int) -> FloatArray:
    """Return |t*| of the draws that determine the term, in ascending order."""
    t = np.abs(redraw([estimate], term=term, draws=draws, seed=seed).statistic[:, 0])
    defined = t[np.isfinite(t)]
    if len(defined) < (1 - MOST_UNDEFINED) * draws:
        raise DesignError(
            f"bootstrap, term {term!r}",
            f"{draws - len(defined)} of {draws} draws of villages hold one arm only",
            f"at most {MOST_UNDEFINED:.0%} of them",
            "use wild, randomization or auto: they keep the villages as they are",
        )
    return np.sort(defined)


def _left_out(draws: int, used: FloatArray) -> str:
    """Return how many draws were left out, where any were."""
    fewest = np.nanmin(used, initial=draws)
    return f", {draws - fewest:.0f} of them undefined and left out" if fewest < draws else ""
