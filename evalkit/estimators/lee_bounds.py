"""Bounds on an effect where some households could not be surveyed (Lee 2009), from the Panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.panel import Panel
from evalkit.results import Counts, Estimate, FloatArray, Influence


def lee_bounds(panel: Panel, *, strata: bool = True) -> Estimate:
    """Bound the effect in the last round on households that would have been surveyed in either arm.

    Two things are assumed: arms were drawn by lot, and assignment moves all households one way only, towards being
    surveyed or away from it (in each stratum). Then the arm in which more were surveyed holds an excess share of
    households that the other arm lost; leaving out that share of it from the top or from the bottom bounds the effect.

    Parameters
    ----------
    panel : Panel
        Who was lost is not in sums by village, and trimming is not linear in them: the rows are needed.
    strata : bool
        Whether to trim within each stratum of the design, which never widens the bounds in large samples.

    Returns
    -------
    Estimate
        Terms ``lower`` and ``upper``; column ``share_missing``. Their variance is the jackknife's over villages, for
        ``crv1`` as for ``crv3``.

    Raises
    ------
    DesignError
        An arm (of a stratum) has no household, or none that was surveyed.

    Notes
    -----
    Lee (2009), eq. 4 and Proposition 1a; with strata, the mean of their bounds by the number of households that are
    surveyed in either arm, n · min(p₁, p₀). Shares surveyed count households; means carry the design's weights. The cut
    falls within a household's weight, so that the share left out is exact.
    """
    rows = _rows(panel, strata)
    villages, place = np.unique(rows.cluster, return_inverse=True)
    values = _bounds(rows)
    if np.isnan(values).any():
        raise DesignError(
            "lee_bounds",
            "an arm, in some stratum, has no household that was surveyed",
            "surveyed households in both arms of each stratum",
            "leave the strata out: strata=False",
        )
    g = len(villages)
    away = np.array([_bounds(rows.where(place != v)) for v in range(g)])
    arms = [np.bincount(place[rows.treated == arm], minlength=g) > 0 for arm in (True, False)]
    basis = Influence(
        tuple(str(v) for v in villages), arms[0], arms[1], away - values, (g - 1) / g, left_out=lambda: away.copy()
    )
    n = int(rows.seen.sum())
    counts = Counts(n, n, g, int(arms[0].sum()), int(arms[1].sum()))
    lost = len(rows.seen) - n
    note = f"{lost} of {len(rows.seen)} households were not surveyed"
    columns = {"share_missing": (lost / len(rows.seen),) * 2}
    return Estimate("lee_bounds", panel.outcome, ("lower", "upper"), values, basis, counts, columns, (note,))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Households of the start, sorted by outcome: arm, stratum, village, whether surveyed, outcome (NaN) and weight."""

    treated: NDArray[np.bool_]
    stratum: NDArray[np.int64]
    cluster: NDArray[np.str_]
    seen: NDArray[np.bool_]
    y: FloatArray
    w: FloatArray

    def where(self, keep: NDArray[np.bool_]) -> _Rows:
        return _Rows(
            self.treated[keep], self.stratum[keep], self.cluster[keep], self.seen[keep], self.y[keep], self.w[keep]
        )


def _rows(panel: Panel, strata: bool) -> _Rows:
    last = panel.frame["time"].max()
    end = panel.frame.filter(pl.col("time") == last).select("unit", "weight", pl.col(panel.outcome).alias("y"))
    rows = panel.followed.join(end, on="unit", how="left").sort("y", "unit", nulls_last=True)
    groups = rows["stratum"] if strata and panel.design.strata else pl.repeat("", rows.height, eager=True)
    return _Rows(
        (rows["first_treated"] <= last).fill_null(False).to_numpy(),
        groups.rank("dense").cast(pl.Int64).to_numpy(),
        rows["cluster"].cast(pl.String).to_numpy().astype(str),
        rows["y"].is_not_null().to_numpy(),
        rows["y"].fill_null(np.nan).to_numpy(),
        rows["weight"].fill_null(0.0).to_numpy(),
    )


def _bounds(rows: _Rows) -> FloatArray:
    """Return the lower and upper bound; NaN where an arm of a stratum has nobody surveyed."""
    parts, sizes = [], []
    for s in np.unique(rows.stratum):
        own = rows.where(rows.stratum == s)
        part, share = _of_stratum(own)
        parts.append(part)
        sizes.append(share * len(own.y))
    return np.asarray(np.average(parts, axis=0, weights=sizes) if np.sum(sizes) > 0 else np.full(2, np.nan))


def _of_stratum(rows: _Rows) -> tuple[FloatArray, float]:
    """Return both bounds of one stratum, and the share surveyed in either arm."""
    arms = [rows.where(rows.treated == arm) for arm in (True, False)]
    shares = [float(a.seen.mean()) if len(a.seen) else 0.0 for a in arms]
    least = min(shares)
    if least == 0:
        return np.full(2, np.nan), 1.0
    low, high = zip(
        *(_trimmed(a.y[a.seen], a.w[a.seen], least / p) for a, p in zip(arms, shares, strict=True)), strict=True
    )
    return np.array([low[0] - high[1], high[0] - low[1]]), least


def _trimmed(y: FloatArray, w: FloatArray, keep: float) -> tuple[float, float]:
    """Return the means of the lowest and of the highest share `keep` of the weight; y is sorted."""
    mass = keep * w.sum()
    means = []
    for values, weights in ((y, w), (y[::-1], w[::-1])):
        before = np.concatenate([[0.0], np.cumsum(weights)[:-1]])
        kept = np.clip(mass - before, 0.0, weights)
        means.append(float((kept * values).sum() / kept.sum()))
    return means[0], means[1]
