"""What a planned study needs to know, read off rounds and villages without the programme: spread, likeness, sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.moments import Moments
from evalkit.panel import OBSERVED, Panel
from evalkit.results import FloatArray

HIGHEST = 0.99
"""An estimated correlation between rounds is at most this: in few villages it can come out at 1 or above."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What untreated rows show of an outcome; `mean` and `sd` are in its unit, nothing is weighted.

    ``households`` is the mean number of households a village, ``cv`` its coefficient of variation between villages.
    ``autocorrelation`` is that of households beside their village, ``village_autocorrelation`` that of village shocks,
    averages over all pairs of rounds; None where no household is seen untreated in two rounds (or villages do not
    differ). ``attrition`` is the share of those seen at the start and not at the end (0 where each
    round asks others); ``take_up`` the share of pilot households that took part less that of comparison households;
    None where the design has none.
    """

    n_pilot: int
    n_comparison: int
    n_units: int
    n_villages: int
    mean: float
    sd: float
    icc: float
    households: float
    cv: float
    autocorrelation: float | None = None
    village_autocorrelation: float | None = None
    attrition: float = 0.0
    take_up: float | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What households, beside their village, and villages have in the products of two rounds' outcomes."""

    within: float
    between: float


def baseline_of(panel: Panel) -> Baseline:
    """Return what rows show that the programme had not reached: before a village's start, and where it never starts.

    In each round and for each pair of rounds, with households seen in both: analysis of (co)variance of households in
    villages, villages compared with others that start in the same round. With mean products B between and W within
    villages, n₀ = (N − Σ_c Σ_v n_v²/N_c)/(G − C) for C groups of villages, the part of villages is (B − W)/n₀ and that
    of households W (Donner & Klar 2000, eq. 1.6). Parts are averaged over rounds and over pairs; villages' part of the
    variance is at least 0, correlations lie in 0 to `HIGHEST`.

    Raises
    ------
    DesignError
        Treatment follows a score, fewer than two villages of a group are seen untreated, or none with two households.
    """
    if panel.design.running:
        raise DesignError("power, baseline", "treatment follows a score", "villages with and without", "plan by hand")
    free = untreated(panel)
    wide = _wide(free)
    variances = [p for t in range(wide.values.shape[1]) if (p := _parts(wide, t, t))]
    if not variances:
        raise DesignError(
            "power, baseline",
            f"{free['cluster'].n_unique()} villages and {free['unit'].n_unique()} households without the programme",
            "two villages or more that start alike, with several households in a village",
            "give SD and ICC by hand (evalkit power --sd --icc)",
        )
    own, between = (float(np.mean([getattr(p, k) for p in variances])) for k in ("within", "between"))
    of_villages = max(between, 0.0)
    sizes = free.group_by("cluster").agg(pl.col("unit").n_unique().alias("n"))["n"].to_numpy().astype(np.float64)
    correlations = _correlations(wide, own, of_villages) if panel.design.follows else (None, None)
    pilot = panel.frame.filter(pl.col("first_treated") <= panel.frame["time"].max())["cluster"].n_unique()
    return Baseline(
        n_pilot=pilot,
        n_comparison=panel.frame["cluster"].n_unique() - pilot,
        n_units=free["unit"].n_unique(),
        n_villages=len(sizes),
        mean=float(np.nanmean(wide.values)),
        sd=(of_villages + own) ** 0.5,
        icc=of_villages / (of_villages + own) if of_villages + own else 0.0,
        households=float(sizes.mean()),
        cv=float(sizes.std() / sizes.mean()),
        autocorrelation=correlations[0],
        village_autocorrelation=correlations[1],
        attrition=_attrition(panel),
        take_up=_take_up(panel),
    )


def untreated(panel: Panel) -> pl.DataFrame:
    """Return the rows that the programme, and its announcement, had not reached."""
    reached = pl.col("first_treated") <= pl.col("time") + panel.design.anticipation
    return panel.frame.filter(~reached.fill_null(False)).rename({panel.outcome: "y"})


def variance_between(moments: Moments, outcome: str | None = None) -> tuple[float, float, float, float]:
    """Return SD, ICC, mean households a village and their coefficient of variation of one round, from village sums.

    Analysis of variance: with mean squares B between and W within villages and n₀ = (N − Σn²/N)/(G − 1), the ICC is
    (B − W)/(B + (n₀ − 1)W), at least 0 (Donner & Klar 2000, eq. 1.6), and the variance W + (B − W)/n₀.

    Raises
    ------
    DesignError
        There are several rounds, or weights: their squares are not in the sums. Or fewer than two villages, or none
        with two households.
    """
    name, cells = moments.of(outcome, pooled=True)
    n, y, yy = (np.bincount(cells.cluster, weights=v) for v in (cells.n_units, cells.sum_y[:, 0], cells.sum_yy[:, 0]))
    n, y, yy = n[n > 0], y[n > 0], yy[n > 0]
    if len(moments.periods) > 1 or moments.design.weights or len(n) < 2 or n.sum() == len(n):
        raise DesignError(
            "power, baseline",
            f"{len(moments.periods)} round(s), {len(n)} villages, {n.sum():.0f} rows of {name!r}"
            + (", weighted" if moments.design.weights else ""),
            "one round without weights, two villages or more, and several households in a village",
            "make moments of the baseline round alone, or give --sd and --icc",
        )
    total, g = n.sum(), len(n)
    within = float((yy - y * y / n).sum() / (total - g))
    between = float((n * (y / n - y.sum() / total) ** 2).sum() / (g - 1))
    typical = (total - (n * n).sum() / total) / (g - 1)
    icc = max(0.0, (between - within) / (between + (typical - 1) * within))
    sd = max(within + (between - within) / typical, 0.0) ** 0.5
    return sd, float(icc), float(total / g), float(n.std() / n.mean())


@dataclass(frozen=True, slots=True)
class _Wide:
    """Outcomes by household and round (n, T), NaN where not seen untreated, and who they are compared with.

    ``village`` (n,) numbers villages, or their parts that start alike; ``group`` has the group of starts of each.
    """

    values: FloatArray
    village: NDArray[np.int64]
    group: NDArray[np.int64]


def _wide(free: pl.DataFrame) -> _Wide:
    rounds = free["time"].unique().sort().to_list()
    wide = free.pivot("time", index=("unit", "cluster", "first_treated"), values="y").sort("unit")
    values = np.column_stack([wide[str(t)].cast(pl.Float64).fill_null(np.nan).to_numpy() for t in rounds])
    starts, group = np.unique(wide["first_treated"].fill_null(0).to_numpy(), return_inverse=True)
    _, village = np.unique(wide["cluster"].to_numpy(), return_inverse=True)
    pairs, code = np.unique(village * len(starts) + group, return_inverse=True)
    return _Wide(values, code.astype(np.int64), (pairs % len(starts)).astype(np.int64))


def _parts(wide: _Wide, t: int, s: int) -> _Parts | None:
    """Return the parts of households and of villages in the products of two rounds' outcomes; None where undefined."""
    pair = wide.values[:, [t, s]]
    seen = ~np.isnan(pair).any(axis=1)
    y, code = pair[seen], wide.village[seen]
    n = np.bincount(code, minlength=len(wide.group)).astype(np.float64)
    there = n > 0
    means = np.column_stack([np.bincount(code, y[:, i], len(n)) for i in (0, 1)]) / np.where(there, n, 1.0)[:, None]
    inner = y - means[code]
    per_group = np.bincount(wide.group, weights=n)
    shown = np.where(per_group > 0, per_group, 1.0)
    centre = np.column_stack([np.bincount(wide.group, n * means[:, i]) for i in (0, 1)]) / shown[:, None]
    outer = means - centre[wide.group]
    free_villages, free_households = int(there.sum() - (per_group > 0).sum()), int(len(y) - there.sum())
    if free_villages < 1 or free_households < 1:
        return None
    within = float((inner[:, 0] * inner[:, 1]).sum() / free_households)
    between = float((n * outer[:, 0] * outer[:, 1]).sum() / free_villages)
    typical = (n.sum() - (np.bincount(wide.group, weights=n * n) / shown).sum()) / free_villages
    return _Parts(within, (between - within) / typical)


def _correlations(wide: _Wide, own: float, of_villages: float) -> tuple[float | None, float | None]:
    """Return the correlation of households beside their village, and of villages' shocks, between two rounds."""
    rounds = range(wide.values.shape[1])
    pairs = [p for t in rounds for s in rounds if s > t and (p := _parts(wide, t, s))]
    if not pairs or own == 0:
        return None, None
    within, between = (float(np.mean([getattr(p, k) for p in pairs])) for k in ("within", "between"))
    return _limited(within, own), _limited(between, of_villages)


def _limited(part: float, whole: float) -> float | None:
    return float(np.clip(part / whole, 0.0, HIGHEST)) if whole > 0 else None


def _attrition(panel: Panel) -> float:
    """Return the share lost; 0 where each round asks others, so that nobody is seen at the end."""
    seen = int(panel.followed[OBSERVED].sum())
    return 1 - seen / panel.followed.height if panel.design.follows and seen else 0.0


def _take_up(panel: Panel) -> float | None:
    name = panel.design.take_up
    if name is None or name not in panel.frame.columns:
        return None
    last = panel.frame.filter(pl.col("time") == pl.col("time").max())
    arm = (last["first_treated"] <= last["time"]).fill_null(False)
    pilot, other = last.filter(arm)[name].mean(), last.filter(~arm)[name].mean()
    return None if pilot is None or other is None else float(pilot) - float(other)  # type: ignore[arg-type]
