"""Golden numbers of two-stage least squares, by linearmodels: writes late_golden.csv beside itself.

Run with linearmodels 7 and polars in an environment of its own: `python tests/reference/late.py`. Take-up is made from
columns of the committed crv2_cross.csv: taken = 1 where x + 1.2 treated > 0.3.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from linearmodels.iv import IV2SLS

HERE = Path(__file__).parent


def main() -> None:
    """Write estimate and clustered standard error with and without weights, strata and a covariate."""
    rows = pl.read_csv(HERE / "crv2_cross.csv").with_columns(
        ((pl.col("x") + 1.2 * pl.col("treated")) > 0.3).cast(pl.Float64).alias("taken")
    )
    columns = {
        "y": rows["y"].to_numpy(),
        "d": rows["taken"].to_numpy(),
        "z": rows["treated"].to_numpy().astype(float),
    }
    strata = np.column_stack([(rows["stratum"] == s).to_numpy().astype(float) for s in ("s2", "s3")])
    crops = np.column_stack([(rows["crop"] == c).to_numpy().astype(float) for c in ("rice", "tea")])
    village = rows["village"].rank("dense").to_numpy()
    found = []
    for weights in (None, "weight"):
        for with_strata in (False, True):
            for with_crop in (False, True):
                exogenous = [np.ones((rows.height, 1))] + [strata] * with_strata + [crops] * with_crop
                model = IV2SLS(
                    columns["y"],
                    np.hstack(exogenous),
                    columns["d"],
                    columns["z"],
                    weights=None if weights is None else rows[weights].to_numpy(),
                )
                fit = model.fit(cov_type="clustered", clusters=village, debiased=True)
                found.append((weights or "", with_strata, with_crop, fit.params["endog"], fit.std_errors["endog"]))
    names = ["weights", "strata", "crop", "estimate", "std_error"]
    pl.DataFrame(found, schema=names, orient="row").write_csv(HERE / "late_golden.csv")


if __name__ == "__main__":
    main()
