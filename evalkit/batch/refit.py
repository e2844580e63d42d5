"""Refitting a headline from rows with statsmodels: a second way to the same number, from none of the first's sums.

Household effects are taken out by demeaning (Frisch & Waugh 1933; Lovell 1963), weighted where the design has weights;
everything else stands in the design matrix as a column.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl

from evalkit.estimators.event_study import MIN_VILLAGES
from evalkit.panel import Panel
from evalkit.results import FloatArray

RELATIVE = 1e-7
"""Both solve the same equations in double precision; the sums are formed in different orders."""


def refit(panel: Panel, estimator: str) -> float | None:
    """Return the headline (``att``) of an estimator from the panel's rows; None where it is no such regression.

    Parameters
    ----------
    panel : Panel
        Rows in canonical columns; the outcome in its own unit.
    estimator : str
        ``did``, ``event_study``, ``itt``, ``itt_unadjusted`` or ``pre_post``.
    """
    return REFITS[estimator](panel) if estimator in REFITS else None


def agrees(first: float, second: float, std_error: float | None, decimals: int | None = None) -> bool:
    """Whether two computations of a headline are the same number up to rounding, beside its standard error.

    `decimals` says how many the first was published with, where not with all.
    """
    published = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    return math.isclose(first, second, rel_tol=RELATIVE, abs_tol=published + RELATIVE * (std_error or 0.0))


def _did(panel: Panel) -> float:
    rows = _followed(panel.frame)
    return float(_within(panel, rows, [*_rounds(rows), _treated(rows)])[-1])


def _pre_post(panel: Panel) -> float:
    ever = pl.col("first_treated") <= pl.col("time").max()
    rows = _followed(panel.frame.filter(ever.fill_null(False)))
    return float(_within(panel, rows, [_treated(rows)])[-1])


def _event_study(panel: Panel) -> float:
    """Average the coefficients from adoption on by treated weight, without event times seen in one village only."""
    rows = _followed(panel.frame).with_columns((pl.col("time") - pl.col("first_treated")).alias("event"))
    base = -1 - panel.design.anticipation
    times = sorted(set(rows["event"].drop_nulls()) - {base})
    columns = [(rows["event"] == k).fill_null(False).cast(pl.Float64).to_numpy() for k in times]
    beta = _within(panel, rows, [*_rounds(rows), *columns])[-len(times) :]
    weight = _weights(panel, rows)
    seen = {k: rows.filter(pl.col("event") == k)["cluster"].n_unique() for k in times}
    used = [i for i, k in enumerate(times) if k >= 0 and seen[k] >= MIN_VILLAGES]
    share = np.array([weight @ columns[i] for i in used])
    return float(beta[used] @ share / share.sum())


def _itt(panel: Panel, *, strata: bool = True) -> float:
    rows = panel.frame.filter(pl.col("time") == pl.col("time").max())
    groups = sorted(rows["stratum"].unique().drop_nulls())[1:] if strata and panel.design.strata else []
    fixed = [(rows["stratum"] == g).cast(pl.Float64).to_numpy() for g in groups]
    return float(_fit(panel, rows, np.column_stack([np.ones(rows.height), *fixed, _treated(rows)]))[-1])


def _itt_unadjusted(panel: Panel) -> float:
    return _itt(panel, strata=False)


REFITS: dict[str, Callable[[Panel], float]] = {
    "did": _did,
    "event_study": _event_study,
    "itt": _itt,
    "itt_unadjusted": _itt_unadjusted,
    "pre_post": _pre_post,
}


def _followed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of households seen in two rounds or more."""
    return rows.filter(pl.len().over("unit") > 1)


def _treated(rows: pl.DataFrame) -> FloatArray:
    return (rows["first_treated"] <= rows["time"]).fill_null(False).cast(pl.Float64).to_numpy()


def _rounds(rows: pl.DataFrame) -> list[FloatArray]:
    return [(rows["time"] == t).cast(pl.Float64).to_numpy() for t in sorted(rows["time"].unique())[1:]]


def _weights(panel: Panel, rows: pl.DataFrame) -> FloatArray:
    return rows["weight"].to_numpy() if panel.design.weights is not None else np.ones(rows.height)


def _within(panel: Panel, rows: pl.DataFrame, columns: list[FloatArray]) -> FloatArray:
    """Fit with household effects; coefficients in the order of columns."""
    unit = np.unique(rows["unit"].to_numpy(), return_inverse=True)[1]
    w = _weights(panel, rows)
    total = np.bincount(unit, weights=w)

    def demeaned(v: FloatArray) -> FloatArray:
        return np.asarray(v - (np.bincount(unit, weights=w * v) / total)[unit], dtype=np.float64)

    y = demeaned(rows[panel.outcome].cast(pl.Float64).to_numpy())
    return _least_squares(y, np.column_stack([demeaned(c) for c in columns]), w)


def _fit(panel: Panel, rows: pl.DataFrame, x: FloatArray) -> FloatArray:
    return _least_squares(rows[panel.outcome].cast(pl.Float64).to_numpy(), x, _weights(panel, rows))


def _least_squares(y: FloatArray, x: FloatArray, w: FloatArray) -> FloatArray:
    import statsmodels.api as sm

    return np.asarray(sm.WLS(y, x, weights=w).fit(method="qr").params, dtype=np.float64)
