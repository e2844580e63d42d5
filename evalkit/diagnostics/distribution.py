"""Distribution: how many households lie in which band of an amount, before and after, in both arms; a description."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.diagnostics.arms import ARMS
from evalkit.panel import Panel

QUANTILES = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Bands end at these of the amounts of both rounds, rounded to `DIGITS`: no one's value."""
DIGITS = 2
ZERO_SHARE = 0.05
"""With at least this share of zeros, having nothing is a band of its own."""
FEWEST_BANDS = 3
SCHEMA = {
    "arm": pl.String,
    "round": pl.String,
    "band": pl.Int64,
    "share": pl.Float64,
    "n_units": pl.Int64,
    "n_villages": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """Bands of an amount and who lies in them, on the households seen in both rounds.

    ``edges`` are the lower ends of all bands but the first, ascending, in units of the outcome; where ``has_zero`` the
    first band holds exactly 0, and the second those above 0 and below ``edges[0]``. ``rows``: arm, round (before,
    after), band (from 0), share (weighted, of the arm in the round), n_units, n_villages; bands without anybody have no
    row.
    """

    before: int
    after: int
    edges: tuple[float, ...]
    has_zero: bool
    rows: pl.DataFrame

    @property
    def n_bands(self) -> int:
        """The number of bands."""
        return len(self.edges) + 1 + self.has_zero


def distribution(
    panel: Panel, before: int | None, after: int | None, *, edges: tuple[float, ...] | None = None
) -> Distribution | None:
    """Return the distribution in two rounds of a panel, those of the four-cell table; in bands by `edges` or its own.

    None where a round is None, where households are not followed, or where amounts have fewer than three own bands.
    """
    if before is None or after is None or before == after or not panel.design.follows:
        return None
    frame = panel.frame.filter(pl.col("time").is_in((before, after)))
    frame = frame.filter(pl.len().over("unit") == 2)
    y = frame[panel.outcome].to_numpy().astype(np.float64)
    first = frame["time"].to_numpy() == before
    if edges is None:
        edges, has_zero = bands_of(y) if len(y) else ((), False)
        if len(edges) + 1 + has_zero < FEWEST_BANDS:
            return None
    else:
        has_zero = False
    band = np.searchsorted(edges, y, side="right") + (has_zero & (y != 0))
    last = panel.frame["time"].max()
    pilot = (frame["first_treated"] <= last).fill_null(False)
    rows = frame.select(
        "cluster",
        "weight",
        pl.Series("arm", np.where(pilot, *ARMS).tolist(), dtype=pl.String),
        pl.Series("round", np.where(first, "before", "after").tolist(), dtype=pl.String),
        pl.Series("band", band.astype(np.int64)),
    )
    return Distribution(before, after, edges, has_zero, _shares(rows))


def bands_of(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[tuple[float, ...], bool]:
    """Return the lower ends of all bands but the first, and whether 0 is a band of its own.

    The amounts 0, 0, 100, 200, …, 1800 of twenty households: a tenth is 0, so 0 is a band; of the other eighteen a
    tenth lie below 270, a fifth below 440, 35 % just below 695, half below 950, 65 % below 1,205, four fifths below
    1,460 and nine tenths below 1,630, in two digits 270, 440, 690, 950, 1200, 1500 and 1600.
    """
    zeros = float((values == 0).mean())
    has_zero = zeros >= ZERO_SHARE and float(values.min()) >= 0
    rest = values[values != 0] if has_zero else values
    if not len(rest):
        return (), has_zero
    rounded = {float(f"{q:.{DIGITS}g}") for q in np.quantile(rest, QUANTILES).tolist()}
    return tuple(sorted(q for q in rounded if q > (0 if has_zero else values.min()))), has_zero


def _shares(rows: pl.DataFrame) -> pl.DataFrame:
    """Count households by arm, round and band, with their weighted share of the arm in the round."""
    keys = ("arm", "round")
    counted = rows.group_by(*keys, "band").agg(
        pl.col("weight").sum(),
        pl.len().cast(pl.Int64).alias("n_units"),
        pl.col("cluster").n_unique().cast(pl.Int64).alias("n_villages"),
    )
    share = (pl.col("weight") / pl.col("weight").sum().over(keys)).alias("share")
    return counted.with_columns(share).select(*SCHEMA).sort(*keys, "band")
