"""Step-down adjustment: from the statistics of a family and their draws under the null to adjusted p-values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.inference.crv1 import crv1
from evalkit.inference.redraw import Redrawn
from evalkit.results import Estimate, FloatArray

TIE = 1e-9
"""Extremes this close (relative) count as equal: they differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """p-values of a family of outcomes (m,), alone and adjusted for their number; NaN where undefined."""

    outcomes: tuple[str, ...]
    statistic: FloatArray
    p_value: FloatArray
    p_adjusted: FloatArray
    method: str
    reason: str

    def tidy(self) -> pl.DataFrame:
        """Return one row an outcome."""
        columns = {"statistic": self.statistic, "p_value": self.p_value, "p_adjusted": self.p_adjusted}
        frame = pl.DataFrame({"outcome": list(self.outcomes), **columns}).with_columns(
            pl.lit(self.method).alias("method")
        )
        return frame.with_columns(pl.selectors.float().fill_nan(None))

    def _repr_html_(self) -> str:
        return self.tidy()._repr_html_()


def step_down(extreme: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return adjusted p of m hypotheses from their extremes (m,) and those of B draws (B, m); larger is more extreme.

    p_(j) = (1 + #{max over the hypotheses no more extreme than j ≥ extreme_j})/(1 + B), and never below that of a more
    extreme hypothesis (Westfall & Young 1993, algorithm 4.1; Romano & Wolf 2016, algorithm 4.1 and 4.2). A hypothesis
    of NaN has no adjusted p and adjusts no other; a draw of NaN does not count as extreme for that hypothesis.
    """
    adjusted = np.full(len(extreme), np.nan)
    order = np.flatnonzero(~np.isnan(extreme))
    order = order[np.argsort(-extreme[order], kind="stable")]
    if not len(order):
        return adjusted
    least_first = np.where(np.isnan(drawn), -np.inf, drawn)[:, order[::-1]]
    largest = np.maximum.accumulate(least_first, axis=1)[:, ::-1]
    own = extreme[order]
    count = (largest >= own - TIE * np.abs(own)).sum(axis=0)
    adjusted[order] = np.maximum.accumulate((1 + count) / (1 + len(drawn)))
    return adjusted


def single(estimates: Sequence[Estimate], term: str) -> tuple[FloatArray, FloatArray]:
    """Return t and p of each outcome alone, by CRV1, (m,) each."""
    rows = [crv1(e).row(term) for e in estimates]
    t, p = (np.array([np.nan if r[k] is None else r[k] for r in rows]) for k in ("statistic", "p_value"))
    return t, p


def told(redrawn: Redrawn, within: str, m: int) -> str:
    """Say how villages were drawn, and how often a draw left an outcome undetermined."""
    undefined = float(np.isnan(redrawn.statistic).mean())
    note = f"; {undefined:.1%} of the {m} × {len(redrawn.statistic)} statistics undefined" if undefined else ""
    place = " within strata" if within == "strata" else ""
    return f"{redrawn.n_villages} villages drawn with replacement{place} {len(redrawn.statistic)} times{note}"
