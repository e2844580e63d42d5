"""Village by village: what changed in each, and the estimate without it. It names villages: pages group them first."""

from __future__ import annotations

import numpy as np
import polars as pl

from evalkit.diagnostics.arms import ARMS, pilot_cells, round_before
from evalkit.moments import Moments

SUMS = ("w_before", "w_after", "wy_before", "wy_after")
SCHEMA = {
    "cluster": pl.String,
    "arm": pl.String,
    "n_units": pl.Int64,
    **dict.fromkeys(SUMS, pl.Float64),
    "change": pl.Float64,
    "without": pl.Float64,
}


def village_changes(
    moments: Moments, without: pl.DataFrame | None = None, outcome: str | None = None
) -> pl.DataFrame | None:
    """Return a row a village and arm, on the sample of the four-cell table; None without rounds, or at a cut-off.

    ``n_units`` households seen before and after, the sums of their weights and of weight times outcome in both rounds
    (so that villages can be put together), ``change`` of the mean in units of the outcome, and ``without``: the
    headline without the village, from the table of `leave_one_out` that is given, else null. Villages of which nobody
    was seen in both rounds have no row.
    """
    before, after = round_before(moments), len(moments.periods) - 1
    if before is None or moments.design.running is not None:
        return None
    _, cells = moments.of(outcome, pooled=True)
    both = cells.attended[:, before] & cells.attended[:, after]
    place = cells.cluster * len(ARMS) + ~pilot_cells(moments, cells)
    size = len(moments.clusters) * len(ARMS)
    sums = [
        np.bincount(place[both], values[both, p], minlength=size)
        for values in (cells.n_at.astype(np.float64), cells.sum_w, cells.sum_wy)
        for p in (before, after)
    ]
    there = np.flatnonzero(np.minimum(sums[0], sums[1]) > 0)
    n_before, n_after, w_before, w_after, wy_before, wy_after = (s[there] for s in sums)
    names = np.array(moments.clusters, dtype=object)[there // len(ARMS)].tolist()
    frame = pl.DataFrame(
        {
            "cluster": names,
            "arm": [ARMS[i] for i in there % len(ARMS)],
            "n_units": np.minimum(n_before, n_after).astype(np.int64),
            **dict(zip(SUMS, (w_before, w_after, wy_before, wy_after), strict=True)),
            "change": wy_after / w_after - wy_before / w_before,
        }
    )
    known = {} if without is None else dict(zip(without["cluster"], without["estimate"], strict=True))
    column = pl.Series("without", [known.get(name) for name in names], dtype=pl.Float64)
    return frame.with_columns(column).select(*SCHEMA)
