"""What stands beside a synthetic estimate: donor weights, placebos in space and time, leaving out donors."""

from __future__ import annotations

import numpy as np
import polars as pl

from evalkit.errors import DesignError
from evalkit.inference.basis import donors
from evalkit.inference.crv3 import donors_left_out
from evalkit.inference.placebo import MOST_SETS, placebo_fits, ratio
from evalkit.results import Donors, Estimate

MIN_BEFORE = 2


def donor_weights(estimate: Estimate) -> pl.DataFrame:
    """Return village and weight of each donor, the largest first; weights sum to one."""
    basis = donors(estimate, "donor weights")
    names = [c for c, d in zip(basis.clusters, basis.untreated, strict=True) if d]
    frame = pl.DataFrame({"village": names, "weight": basis.fit.donors[basis.untreated]})
    return frame.sort("weight", "village", descending=[True, False])


def leave_one_donor_out(estimate: Estimate) -> pl.DataFrame:
    """Return village, weight, and ``estimate`` fitted anew without it, for each donor with weight; largest first."""
    basis = donors(estimate, "leave one donor out")
    without = dict(zip(basis.clusters, donors_left_out(basis)[:, 0].tolist(), strict=True))
    used = donor_weights(estimate).filter(pl.col("weight") != 0)
    return used.with_columns(pl.col("village").replace_strict(without, return_dtype=pl.Float64).alias("estimate"))


def placebo_in_space(estimate: Estimate) -> pl.DataFrame:
    """Return village, ``estimate``, ``pre_rmse`` and ``ratio`` of the pilot ("pilot") and of each donor in its place.

    Raises
    ------
    DesignError
        There are several pilot villages: placebo sets have no single name; or fewer than three donors.
    """
    basis = donors(estimate, "placebo in space")
    if basis.treated.sum() > 1:
        raise DesignError(
            "placebo in space", f"{int(basis.treated.sum())} pilot villages", "one, to name placebos", "use infer()"
        )
    names = [c for c, d in zip(basis.clusters, basis.untreated, strict=True) if d]
    fits = [basis.fit, *placebo_fits(basis, MOST_SETS, seed=1)]
    rows = [(f.att, f.pre_rmse, ratio(f, basis)) for f in fits]
    frame = pl.DataFrame(rows, schema=["estimate", "pre_rmse", "ratio"], orient="row").fill_nan(None)
    return frame.select(pl.Series("village", ["pilot", *names]), pl.all())


def placebo_in_time(estimate: Estimate) -> pl.DataFrame:
    """Return ``start`` and ``estimate`` as if the programme had begun in an earlier round; nothing had happened yet.

    Only rounds before the true start (and any anticipation) are used; each pretended start leaves `MIN_BEFORE` rounds
    to match on. Abadie, Diamond & Hainmueller (2015), section 4.2.

    Raises
    ------
    DesignError
        There are fewer than three rounds before the start.
    """
    basis = donors(estimate, "placebo in time")
    early = np.flatnonzero(basis.before)
    if len(early) <= MIN_BEFORE:
        raise DesignError(
            "placebo in time",
            f"{len(early)} rounds before the start",
            f"more than {MIN_BEFORE}",
            "add earlier rounds",
        )
    rows = [(basis.periods[start], _as_if(basis, early, start)) for start in early[MIN_BEFORE:]]
    return pl.DataFrame(rows, schema=["start", "estimate"], orient="row")


def _as_if(basis: Donors, early: np.ndarray, start: int) -> float:
    return basis.refit(basis.means[:, early], basis.share, early < start, early >= start).att
