"""The scores of a regression by village and round, for clustering by round as well; from sums by attendance pattern."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evalkit.estimators.rounds import require_patterns
from evalkit.estimators.within import Regressors, followed, full_regressors
from evalkit.moments import Moments
from evalkit.moments.blocks import demeaning
from evalkit.moments.cells import Cells
from evalkit.results import FloatArray, Linear


def with_round_scores(basis: Linear, moments: Moments, cells: Cells, regressors: Regressors) -> Linear:
    """Return the regression with its scores by village and round, computed where they are asked for."""
    return replace(basis, by_round=round_scores(basis, moments, cells, regressors))


def round_scores(basis: Linear, moments: Moments, cells: Cells, regressors: Regressors) -> Callable[[], FloatArray]:
    """Return what gives Σ_i w x̃_it ẽ_it by village and round, (G, T, K), with x̃ and ẽ less the household's mean.

    x̃ = Mx is the same for all households of a cohort and pattern, so the sum is (Mx)_t · (M(Σ wy − Σ w · xβ))_t.
    Over rounds it adds up to the village's score r_v − S_vβ.

    Raises
    ------
    DataError
        When asked for: weights change between a household's rounds, or there are no patterns.
    """

    def build() -> FloatArray:
        require_patterns(cells, "two_way")
        seen, _ = followed(cells)
        x = np.stack([full_regressors(moments, regressors, g) for g in moments.cohorts])
        m = demeaning(seen.attended.astype(np.float64))
        per_round = seen.sum_w.sum(axis=1, keepdims=True) / seen.attended.sum(axis=1, keepdims=True)
        left = seen.sum_wy - per_round * (x @ basis.beta)[seen.cohort]
        scores = np.einsum("rts,rsk->rtk", m, x[seen.cohort]) * np.einsum("rts,rs->rt", m, left)[:, :, None]
        starts = np.flatnonzero(np.concatenate([[True], np.diff(seen.cluster) != 0]))
        return np.asarray(np.add.reduceat(scores, starts), dtype=np.float64)

    return build
