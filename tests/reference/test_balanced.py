"""group_time_balanced beside two other programs: weights by scipy's SLSQP, the comparison by statsmodels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

import evalkit
from evalkit import Design, Moments
from tests.nearest_weights import nearest_weights
from tests.small_panels import village_panel


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("cluster", ["village", "household"])
def test_scipy_and_statsmodels(cluster: str, missing: float, weights: str | None) -> None:
    """Rounds 1 and 2 balanced, 3 compared with 2, households seen in both; a cluster not seen in both serves no more.

    SLSQP's weights are right to 1e-6 or so, changes are of size 1: 1e-5.
    """
    frame = village_panel(11, [3] * 5 + [0] * 14, households=6, missing=missing)
    w = pl.col(weights) if weights else pl.lit(1.0)
    rows = frame.with_columns(w=w, pilot=(pl.col("first") > 0))
    means = (
        rows.filter(pl.col("round") < 3)
        .group_by(cluster, "pilot", "round")
        .agg((pl.col("y") * pl.col("w")).sum() / pl.col("w").sum(), pl.col("w").sum().alias("size"))
    )
    wide = means.pivot("round", index=(cluster, "pilot"), values=("y", "size")).drop_nulls().sort(cluster)
    size = wide.select((pl.col("size_1") + pl.col("size_2")) / 2).to_series().to_numpy()
    y, pilot = wide.select("y_1", "y_2").to_numpy(), wide["pilot"].to_numpy()
    found = nearest_weights(
        y[~pilot], np.average(y[pilot], axis=0, weights=size[pilot]), size[~pilot] / size[~pilot].sum()
    )
    factor = dict(zip(wide[cluster].filter(~wide["pilot"]), found / size[~pilot], strict=True))
    both = rows.filter(round=3).join(rows.filter(round=2), on="household", suffix="_before")
    change = (both["y"] - both["y_before"]).to_numpy()
    used = [1.0 if pilot else factor.get(v, 0.0) for v, pilot in both.select(cluster, "pilot").iter_rows()]
    weight = both["w"].to_numpy() * np.array(used)
    peer = sm.WLS(change, sm.add_constant(both["pilot"].cast(pl.Float64).to_numpy()), weights=weight).fit()
    design = Design(
        unit="household", cluster=cluster, time="round", first_treated="first", weights=weights, comparison="never"
    )
    moments = Moments.from_frame(frame, design=design, outcomes=["y"])
    ours = evalkit.group_time(moments, balance=True)
    assert ours.values[0] == pytest.approx(peer.params[1], abs=1e-5)
    assert abs(ours.values[0] - evalkit.group_time(moments).values[0]) > 1e-3
