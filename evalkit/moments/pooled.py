"""Repeated cross-sections: rows that are not followed, summed by village and round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.columns import CLUSTER, FIRST, TIME, WEIGHT
from evalkit.moments.cells import Blocks, Cells
from evalkit.moments.codes import Codes, cohort_codes, name_codes, whole_codes
from evalkit.moments.exact import exact_group_sum
from evalkit.results import FloatArray


def pooled_cells(
    rows: pl.DataFrame, outcomes: Sequence[str], weighted: bool
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int | None, ...], Mapping[str, Cells]]:
    """Return villages, rounds, cohorts and the cells of each outcome, a row for each village.

    With village effects the rows of a village are to it what rounds are to a household: W_vt = Σ w over the rows of a
    round, W_v = Σ_t W_vt, and

        A_v = diag(W_vt) − W_vt W_vs / W_v        b_v = (Σ w y)_vt − W_vt (Σ w y)_v / W_v

    are what demeaning within the village leaves. All that rests on A_v and b_v is then least squares on the rows with
    a dummy for each village and round, exactly. A village must have one adoption round (the panel's check).
    """
    clusters, village = name_codes(rows[CLUSTER].cast(pl.String))
    periods, period = whole_codes(rows[TIME].to_numpy())
    dates = rows.group_by(pl.col(CLUSTER).cast(pl.String)).agg(pl.col(FIRST).first()).sort(CLUSTER)
    cohorts, cohort = cohort_codes(dates[FIRST])
    weight = rows[WEIGHT].to_numpy() if weighted else np.ones(rows.height)
    cells = {}
    for name in outcomes:
        seen = rows[name].is_not_null().to_numpy()
        y = rows[name].to_numpy()[seen]
        cells[name] = _cells(village[seen], period[seen], weight[seen], y, cohort, len(periods))
    return clusters, tuple(int(p) for p in periods), cohorts, cells


def _cells(
    village: Codes, period: Codes, w: FloatArray, y: FloatArray, cohort: NDArray[np.int64], n_periods: int
) -> Cells:
    n_villages = len(cohort)
    spot = village * n_periods + period

    def total(values: FloatArray) -> FloatArray:
        return exact_group_sum(values, spot, n_villages * n_periods).reshape(n_villages, n_periods)

    at = np.bincount(spot, minlength=n_villages * n_periods).reshape(n_villages, n_periods)
    here = np.flatnonzero(at.sum(axis=1) > 0)
    sums = [total(v)[here] for v in (w, w * w, y, w * y)]
    bits = np.left_shift(np.uint64(1), np.arange(n_periods, dtype=np.uint64))
    gone = np.full(len(here), np.nan)
    return Cells(
        cluster=here.astype(np.int64),
        cohort=cohort[here],
        pattern=np.where(at[here] > 0, bits, np.uint64(0)).sum(axis=1, dtype=np.uint64),
        n_units=at[here].sum(axis=1).astype(np.int64),
        n_zero=gone,
        sum_w=sums[0],
        sum_w2=sums[1],
        sum_y=sums[2],
        sum_wy=sums[3],
        sum_yy=np.full_like(sums[0], np.nan),
        blocks=_blocks(here.astype(np.int64), cohort[here], sums[0], sums[3]),
        n_by_period=at[here].astype(np.int64),
    )


def _blocks(cluster: NDArray[np.int64], cohort: NDArray[np.int64], w: FloatArray, wy: FloatArray) -> Blocks:
    share = w / w.sum(axis=1, keepdims=True)
    a = np.einsum("vt,ts->vts", w, np.eye(w.shape[1])) - np.einsum("vt,vs->vts", share, w)
    return Blocks(cluster, cohort, a, wy - share * wy.sum(axis=1, keepdims=True))
