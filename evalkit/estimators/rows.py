"""Regressions that need households' rows (covariates): fitted by statsmodels, summed by village for inference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.errors import DataError, DesignError
from evalkit.estimators.linear import left_out, solve
from evalkit.panel import Panel
from evalkit.results import ClusterSums, Counts, Estimate, FloatArray


def fit_rows(
    panel: Panel,
    rows: pl.DataFrame,
    treated: pl.Series,
    regressors: Sequence[str],
    estimator: str,
    *,
    interacted: bool = False,
) -> Estimate:
    """Regress the outcome on an intercept, regressors and treatment, by OLS or, with weights, WLS.

    ``interacted`` adds each regressor, less its (weighted) mean, times treatment: Lin (2013), eq. 2 and 3.

    Raises
    ------
    DesignError
        Treatment cannot be told from the regressors.
    """
    names, x = _design_matrix(rows, treated, regressors)
    if interacted:
        names, x = _with_interactions(names, x, rows["weight"].to_numpy())
    return _fit(panel, rows, treated, names, x, rows[panel.outcome].to_numpy(), estimator, k_extra=0)


def fit_within(
    panel: Panel, rows: pl.DataFrame, treated: pl.Series, regressors: Sequence[str], estimator: str
) -> Estimate:
    """As `fit_rows`, with household effects: every column is taken as the difference from the household's mean.

    Households seen once must be left out of `rows`; their number is the caller's to report.
    """
    names, x = _design_matrix(rows, treated, regressors)
    unit = rows.select(pl.col("unit").rank("dense"))["unit"].to_numpy() - 1
    w = rows["weight"].to_numpy()
    total = np.bincount(unit, weights=w)

    def demean(v: FloatArray) -> FloatArray:
        return np.asarray(v - (np.bincount(unit, weights=w * v) / total)[unit], dtype=np.float64)

    x = np.column_stack([demean(x[:, j]) for j in range(1, x.shape[1])])
    return _fit(panel, rows, treated, names[1:], x, demean(rows[panel.outcome].to_numpy()), estimator, k_extra=1)


def _fit(
    panel: Panel,
    rows: pl.DataFrame,
    treated: pl.Series,
    names: Sequence[str],
    x: FloatArray,
    y: FloatArray,
    estimator: str,
    k_extra: int,
) -> Estimate:
    import statsmodels.api as sm

    weighted = panel.design.weights is not None
    w = rows["weight"].to_numpy() if weighted else np.ones(len(y))
    sums = village_sums(rows, x, y, w, weighted)
    contrast = np.zeros((1, len(names)))
    contrast[0, -1] = 1.0
    basis = solve(sums, contrast, names, k_extra=k_extra, yy=float(y @ (w * y)))
    kept = np.flatnonzero(np.diag(basis.bread) > 0).tolist()
    fit = sm.WLS(y, x[:, kept], weights=w).fit()
    value = np.array([fit.params[kept.index(len(names) - 1)]])
    counts = Counts(
        len(y), rows["unit"].n_unique(), len(sums.clusters), int(sums.treated.sum()), int(sums.untreated.sum())
    )
    notes = (f"columns: {', '.join(names)}", *left_out(basis, names))
    return Estimate(estimator, panel.outcome, ("att",), value, basis, counts, notes=notes)


def village_sums(rows: pl.DataFrame, x: FloatArray, y: FloatArray, w: FloatArray, weighted: bool) -> ClusterSums:
    """Sum x'w^k x and x'w^k y by village in the order of rows; only k = 1 where a unit's weight changes by round."""
    order = np.argsort(rows["cluster"].to_numpy(), kind="stable")
    names, starts = np.unique(rows["cluster"].to_numpy()[order], return_index=True)
    pieces = np.split(order, starts[1:])

    def s(weights: FloatArray) -> FloatArray:
        return np.stack([x[i].T @ (x[i] * weights[i, None]) for i in pieces])

    def r(weights: FloatArray) -> FloatArray:
        return np.stack([x[i].T @ (y[i] * weights[i]) for i in pieces])

    s1, r1 = s(w), r(w)
    ones = np.ones_like(w)
    ever = (rows["first_treated"] <= rows["time"].max()).fill_null(False).to_numpy()
    strata = rows["stratum"].to_numpy()
    groups = None if rows["stratum"].null_count() else tuple(str(strata[i[0]]) for i in pieces)
    parts: tuple[FloatArray | None, FloatArray | None, FloatArray | None] = (s1, s1, r1)
    if weighted:
        one_weight = rows.group_by("unit").agg(pl.col("weight").n_unique() == 1)["weight"].all()
        parts = (s(ones), s(w * w), r(ones)) if one_weight else (None, None, None)
    return ClusterSums(
        tuple(str(n) for n in names),
        np.array([ever[i].any() for i in pieces]),
        np.array([not ever[i].all() for i in pieces]),
        groups,
        s1,
        r1,
        *parts,
        weighted,
    )


def _design_matrix(rows: pl.DataFrame, treated: pl.Series, regressors: Sequence[str]) -> tuple[list[str], FloatArray]:
    if treated.all() or not treated.any():
        raise DesignError(
            "arms",
            f"all households are {'treated' if treated.all() else 'untreated'}",
            "both arms",
            "check the treatment column",
        )
    names, columns = ["intercept"], [np.ones(rows.height)]
    for name in regressors:
        series = rows[name]
        if series.null_count():
            raise DataError(
                f"covariate {name!r}",
                f"{series.null_count()} rows are missing",
                "a value in every row",
                "drop these rows or leave the covariate out",
            )
        for label, column in covariate_columns(series):
            names.append(label)
            columns.append(column)
    return [*names, "treated"], np.column_stack([*columns, treated.cast(pl.Float64).to_numpy()])


def _with_interactions(names: Sequence[str], x: FloatArray, w: FloatArray) -> tuple[list[str], FloatArray]:
    """Centre the regressors between intercept and treatment, and add their products with treatment before it."""
    middle = x[:, 1:-1] - np.average(x[:, 1:-1], axis=0, weights=w)
    products = [f"{name} × treated" for name in names[1:-1]]
    columns = np.column_stack([x[:, 0], middle, middle * x[:, -1:], x[:, -1]])
    return [names[0], *names[1:-1], *products, names[-1]], columns


def covariate_columns(series: pl.Series) -> list[tuple[str, FloatArray]]:
    """Return a number less its mean (an intercept stands beside it), and categories as indicators of all but the first.

    Without its mean, a covariate far from zero (a coordinate) isn't taken for the intercept.
    """
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        values = series.cast(pl.Float64).to_numpy()
        return [(series.name, values - values.mean())]
    text = series.cast(pl.String)
    return [
        (f"{series.name}={level}", (text == level).cast(pl.Float64).to_numpy()) for level in text.unique().sort()[1:]
    ]
