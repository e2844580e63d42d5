"""The frozen values that estimators and inference return, and the columns of their tidy tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
HEADLINE = "att"

TIDY_SCHEMA: dict[str, type[pl.DataType]] = {
    "term": pl.String,
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "statistic": pl.Float64,
    "df": pl.Float64,
    "p_value": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "conf_level": pl.Float64,
    "n_obs": pl.Int64,
    "n_units": pl.Int64,
    "n_clusters": pl.Int64,
    "n_treated_clusters": pl.Int64,
    "estimator": pl.String,
    "inference": pl.String,
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What an estimate rests on, after drops; the same for all its terms."""

    n_obs: int
    n_units: int
    n_clusters: int
    n_treated_clusters: int
    n_comparison_clusters: int
    n_dropped_singletons: int = 0


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """Sums by village of a linear regression: all that clustered inference needs.

    ``treated`` and ``untreated`` (G,) say whether a village has households that are ever treated, and never;
    a village treated as a whole has only one of them. G villages, K columns: ``s0, s1, s2`` are Σ w^k xx' (k = 0, 1, 2)
    of the residualised regressors, ``r0, r1`` Σ w^k x y. Without weights ``s0 is s1 is s2`` and ``r0 is r1``;
    they are None where a weight changes between a household's rounds (see `inference.crv2`).
    """

    clusters: tuple[str, ...]
    treated: NDArray[np.bool_]
    untreated: NDArray[np.bool_]
    strata: tuple[str, ...] | None
    s1: FloatArray
    r1: FloatArray
    s0: FloatArray | None
    s2: FloatArray | None
    r0: FloatArray | None
    weighted: bool


@dataclass(frozen=True, slots=True)
class Linear:
    """A solved linear regression: coefficients, and contrasts of them that the terms report.

    ``beta`` (K,), ``bread`` (K, K) = (Σ S_v)⁻ with zero rows for dropped columns, ``contrasts`` (m, K);
    ``k_dof`` is the K of the small-sample factor (N − 1)/(N − K); ``rss`` the weighted residual sum of squares or None.
    ``by_round`` gives the villages' scores by round, (G, T, K), or says (by raising DataError) why it can't.
    """

    sums: ClusterSums
    beta: FloatArray
    bread: FloatArray
    contrasts: FloatArray
    k_dof: int
    rss: float | None = None
    by_round: Callable[[], FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class Influence:
    """What each village moves in the terms: the basis of estimators that are no single linear regression.

    ``psi`` (G, m): estimate − truth ≈ Σ_v ψ_v, zero for fixed terms. ``factor`` multiplies Σ ψ_v² (1 where the
    published estimator has none). ``left_out`` gives the terms without each village, (G, m), NaN where others do not
    determine a term; None where there is no such refit. ``log`` says that terms are exp(b) − 1, and that ``psi`` and
    ``left_out`` are of b: intervals are made for b and then transformed.
    ``scale`` (m,) is the size of the sums that a term is a difference of, beside which rounding is told from an error;
    ``arms`` (m, 2) the villages on either side of each term, where the smaller side decides degrees of freedom.
    """

    clusters: tuple[str, ...]
    treated: NDArray[np.bool_]
    untreated: NDArray[np.bool_]
    psi: FloatArray
    factor: float = 1.0
    left_out: Callable[[], FloatArray] | None = None
    log: bool = False
    scale: FloatArray | None = None
    arms: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class SyntheticFit:
    """One fit of a synthetic comparison.

    ``donors`` (G,) and ``times`` (T,) are its weights, zero for pilot villages and for rounds that take no part;
    ``gaps`` (T,) is pilot minus synthetic by round, ``att`` their mean after the start, ``pre_rmse`` the root mean
    square of the gaps before it (about their mean where the fit has an intercept).
    """

    att: float
    donors: FloatArray
    times: FloatArray
    gaps: FloatArray
    pre_rmse: float


Refit = Callable[[FloatArray, FloatArray, NDArray[np.bool_], NDArray[np.bool_]], SyntheticFit]


@dataclass(frozen=True, slots=True)
class Donors:
    """Village means, and how pilot villages are matched by others: the basis of synthetic estimators.

    ``means`` (G, T) by round; ``size`` (G,) what a village counts in an average of pilots, ``share`` (G,) its part in
    the one that was estimated, zero for donors; ``before`` and ``after`` (T,) the rounds that are matched and those
    that are compared. ``refit(means, share, before, after)`` estimates anew with the penalties of the first fit, on any
    rows and rounds.
    """

    clusters: tuple[str, ...]
    treated: NDArray[np.bool_]
    untreated: NDArray[np.bool_]
    periods: tuple[int, ...]
    means: FloatArray
    size: FloatArray
    share: FloatArray
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    fit: SyntheticFit
    refit: Refit


@dataclass(frozen=True, slots=True)
class LocalFit:
    """Local lines on either side of a cut-off, with their bias estimated: the basis of `discontinuity`.

    m terms. ``std_error`` (m,) are those of the estimates; ``corrected`` (m,) are the estimates less their estimated
    bias and ``robust_error`` (m,) the standard errors of that difference, which count the bias's own estimation.
    ``bandwidth`` and ``bias_bandwidth`` (left, right) are in units of the score, ``near`` the units within the
    bandwidth, ``lines`` (2, 2) intercept at the cut-off and slope of the outcome; ``refit(scale, donut)`` is anew with
    ``scale`` times the bandwidth and without units nearer than ``donut``. ``sides`` (2, n) are the sorted scores near
    the cut-off and what each unit counts in the corrected intercept, ``places`` their villages where clustered.
    """

    clusters: tuple[str, ...]
    treated: NDArray[np.bool_]
    untreated: NDArray[np.bool_]
    cutoff: float
    std_error: FloatArray
    corrected: FloatArray
    robust_error: FloatArray
    bandwidth: tuple[float, float]
    bias_bandwidth: tuple[float, float]
    near: tuple[int, int]
    lines: FloatArray
    refit: Callable[[float, float], Estimate]
    sides: tuple[FloatArray, FloatArray]
    places: tuple[NDArray[np.int64], NDArray[np.int64]] | None


@dataclass(frozen=True, slots=True)
class Reassignment:
    """What the regression would be under any other assignment: all that permutation needs.

    U assignment units (villages, or households where these were assigned), C arms or adoption rounds, K columns.
    ``cluster`` (U,) is the place of a unit's village among the regression's clusters; units are exchanged within
    equal ``stratum`` (U,). ``assigned`` (U,) is the arm each really had. ``s`` (U, C, K, K) and ``r`` (U, C, K) are a
    unit's sums under each arm; ``shift`` (U, C, K) is `r` with the real exposure in place of the outcome.
    """

    cluster: NDArray[np.int64]
    stratum: NDArray[np.int64]
    assigned: NDArray[np.int64]
    s: FloatArray
    r: FloatArray
    shift: FloatArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """Point estimates by term, before any inference.

    ``values`` (m,) stand in the order of ``terms``; ``columns`` holds method-specific tidy columns
    (each of length m), ``notes`` what was dropped or assumed, in plain English. ``reassign`` gives the sums under other
    assignments, or says (by raising DesignError) why it can't.
    """

    estimator: str
    outcome: str
    terms: tuple[str, ...]
    values: FloatArray
    basis: Linear | Influence | Donors | LocalFit
    counts: Counts
    columns: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reassign: Callable[[], Reassignment] | None = None

    def place(self, term: str) -> int:
        """Return the place of a term; ``att`` is the headline, the first term where none bears that name."""
        return 0 if term == HEADLINE and term not in self.terms else self.terms.index(term)

    def tidy(self) -> pl.DataFrame:
        """Return one row a term; the columns of inference are null."""
        return tidy_frame(self, inference=None)

    def _repr_html_(self) -> str:
        return self.tidy()._repr_html_()


@dataclass(frozen=True, slots=True)
class Inference:
    """Standard errors, p-values and intervals of an Estimate. Undefined numbers are NaN here, null in `tidy`.

    ``columns`` holds method-specific tidy columns (each of length m), such as the ends of a uniform band.
    """

    estimate: Estimate
    method: str
    std_error: FloatArray
    df: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    reason: str = ""
    notes: tuple[str, ...] = ()
    columns: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def tidy(self) -> pl.DataFrame:
        """Return one row a term with the columns of `TIDY_SCHEMA` first, then method-specific ones."""
        return tidy_frame(self.estimate, inference=self)

    def row(self, term: str) -> dict[str, Any]:
        """Return the tidy row of one term; ``att`` is the headline, the first term where none bears that name."""
        place = self.estimate.place(term)
        values = {name: column[place] for name, column in _tidy_columns(self.estimate, self).items()}
        row = {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()}
        return {k: None if k in TIDY_SCHEMA and v != v else v for k, v in row.items()}

    def _repr_html_(self) -> str:
        return self.tidy()._repr_html_()


def tidy_frame(estimate: Estimate, inference: Inference | None) -> pl.DataFrame:
    """Build the tidy table of an estimate, with or without its inference."""
    columns = _tidy_columns(estimate, inference)
    series = [pl.Series(name, columns[name], dtype, nan_to_null=True) for name, dtype in TIDY_SCHEMA.items()]
    return pl.DataFrame([*series, *(pl.Series(k, list(v)) for k, v in columns.items() if k not in TIDY_SCHEMA)])


def _tidy_columns(estimate: Estimate, inference: Inference | None) -> dict[str, Sequence[Any] | FloatArray]:
    """Return the columns of the tidy table, each of length m: those of `TIDY_SCHEMA` first; undefined numbers NaN."""
    m = len(estimate.terms)
    data: dict[str, Sequence[Any] | FloatArray] = {"term": estimate.terms, "estimate": estimate.values}
    for name in ("std_error", "statistic", "df", "p_value", "conf_low", "conf_high"):
        data[name] = np.full(m, np.nan) if inference is None else getattr(inference, name)
    data["conf_level"] = [None if inference is None else inference.conf_level] * m
    for name in ("n_obs", "n_units", "n_clusters", "n_treated_clusters"):
        data[name] = [getattr(estimate.counts, name)] * m
    data["estimator"] = [estimate.estimator] * m
    data["inference"] = [None if inference is None else inference.method] * m
    return {**data, **estimate.columns, **({} if inference is None else inference.columns)}


def plain_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return a table as values that fit in JSON: undefined numbers are None."""
    return frame.with_columns(pl.selectors.float().fill_nan(None)).to_dicts()


def plain(value: Any) -> Any:
    """Return a dataclass of this package as plain values."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, pl.DataFrame):
        return plain_rows(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (tuple, list)) else value
