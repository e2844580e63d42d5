"""Which effects a two-way fixed effects coefficient averages, with which weights, and which of them are negative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.estimators.within import event_times, followed
from evalkit.moments import Moments
from evalkit.moments.blocks import block_starts, demeaned
from evalkit.results import FloatArray

ROUNDING = 1e-10
"""Weights add to 1; one below this share of the largest is no weight, and of no sign."""
SCHEMA = {"start": pl.Int64, "time": pl.Int64, "weight": pl.Float64, "share": pl.Float64}


@dataclass(frozen=True, slots=True)
class TwowayWeights:
    """A coefficient in the outcome's unit, as the weighted mean of the effects in each treated village and round.

    ``n_cells`` villages and rounds carry a weight, ``n_negative`` a negative one, which add to ``sum_negative`` (all
    weights add to 1). ``by_start`` adds weights up by ``start`` and ``time``, beside ``share``, the share of treated
    rows. ``spread_for_zero``: the smallest standard deviation of the effects with which their mean over treated rows
    may be 0; ``spread_for_reversal``: with which all of them may have the other sign. None where no spread does it.
    """

    estimate: float
    n_cells: int
    n_negative: int
    sum_negative: float
    by_start: pl.DataFrame
    spread_for_zero: float | None
    spread_for_reversal: float | None


def twoway_weights(moments: Moments, outcome: str | None = None) -> TwowayWeights:
    """Return the weights with which the coefficient of `did` averages effects that may differ by village and round.

    Under parallel trends β = Σ ω_vt Δ_vt over treated villages and rounds, with ω_vt = Σ_i w ε_it / Σ w ε_it d_it and ε
    what household and round effects leave of the treatment (de Chaisemartin & D'Haultfœuille 2020, theorem 1). With
    village sums Σ_i w ε_it is a row of A_v(d − λ), so households may be missing in some rounds and weights may change
    between rounds. Effects are taken as equal within village, cohort and round. The two spreads are its corollary 1.

    Parameters
    ----------
    moments : Moments
        Of households, or of repeated cross-sections (with village effects).
    outcome : str, optional
        May be left out where the moments hold one outcome.

    Raises
    ------
    DataError
        Patterns of attendance were folded for sharing: the weight of the rows by round is then unknown.
    DesignError
        No household is seen in two rounds, or round effects explain the treatment.
    """
    _, cells = moments.of(outcome, pooled=True)
    cells, _ = followed(cells)
    blocks = demeaned(cells, weighted=moments.design.weights is not None)
    treated = np.stack([event_times(moments, g) >= 0 for g in moments.cohorts])[blocks.cohort]
    d = treated.astype(np.float64)
    of_round = np.linalg.pinv(blocks.a1.sum(axis=0)) @ np.einsum("bts,bs->t", blocks.a1, d)
    left = np.einsum("bts,bs->bt", blocks.a1, d - of_round)
    variance = float((left * d).sum())
    if variance <= ROUNDING * float(np.einsum("bt,bts,bs->", d, blocks.a1, d)):
        raise DesignError(
            "twoway_weights",
            "round effects explain the treatment",
            "households that are treated and others that are not in the same round",
            "check the column of the first treated round",
        )
    estimate = float(((d - of_round) * blocks.b1).sum() / variance)
    rows = np.add.reduceat(cells.sum_w, block_starts(cells))
    seen = treated & (rows > 0)
    weight, share = (left / variance)[seen], rows[seen] / rows[seen].sum()
    negative = weight < -ROUNDING * weight.max()
    return TwowayWeights(
        estimate,
        int(seen.sum()),
        int(negative.sum()),
        float(weight[negative].sum()),
        _by_start(moments, blocks.cohort, seen, weight, share),
        _spread_for_zero(estimate, weight, share),
        _spread_for_reversal(estimate, weight, share) if negative.any() else None,
    )


def _by_start(
    moments: Moments, cohort: NDArray[np.int64], seen: NDArray[np.bool_], weight: FloatArray, share: FloatArray
) -> pl.DataFrame:
    block, place = np.nonzero(seen)
    start = [moments.cohorts[c] for c in cohort[block]]
    time = [moments.periods[p] for p in place]
    rows = pl.DataFrame({"start": start, "time": time, "weight": weight, "share": share}, schema=SCHEMA)
    return rows.group_by("start", "time").agg(pl.col("weight", "share").sum()).sort("start", "time")


def _spread_for_zero(estimate: float, weight: FloatArray, share: FloatArray) -> float | None:
    """Return |β| over the standard deviation of the weights ω/share, which have mean 1."""
    spread = float(np.sqrt((share * (weight / share - 1) ** 2).sum()))
    return abs(estimate) / spread if spread > ROUNDING else None


def _spread_for_reversal(estimate: float, weight: FloatArray, share: FloatArray) -> float:
    """Return |β| / √(T + S²/(1 − P)), with P, S and T the sums of share, ω and ω²/share over the smallest weights.

    Those are weights ω/share below −S/(1 − P): effects of the other sign are put there, and none on the others.
    """
    order = np.argsort(weight / share)
    w, p = (weight / share)[order], share[order]
    p_sum, s_sum, t_sum = np.cumsum(p), np.cumsum(p * w), np.cumsum(p * w * w)
    rest = np.maximum(1 - p_sum, np.finfo(float).tiny)
    last = int(np.flatnonzero(w < -s_sum / rest)[-1])
    return float(abs(estimate) / np.sqrt(t_sum[last] + s_sum[last] ** 2 / rest[last]))
