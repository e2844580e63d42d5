"""What synthetic estimators share: from one fit to the Estimate with its gaps by round."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import UsageError
from evalkit.estimators.village_series import VillageSeries
from evalkit.results import Donors, Estimate, FloatArray, Refit

Average = Literal["village", "household"]
USED = 1e-3
"""A donor counts as used from this weight on."""


def noise(series: VillageSeries) -> float:
    """Return σ, the standard deviation of the donors' changes between neighbouring rounds before the start.

    Arkhangelsky et al. (2021), eq. 5; the sample standard deviation, as synthdid.
    """
    changes = np.diff(series.means[~series.treated][:, series.before], axis=1)
    return float(np.std(changes, ddof=1)) if changes.size > 1 else 0.0


def sizes(series: VillageSeries, average: Average) -> FloatArray:
    """Return what each village counts in an average of pilots (G,): 1, or the Σ w of its households."""
    if average not in {"village", "household"}:
        raise UsageError("average", f"{average!r}", "village or household", "choose one of them")
    return series.size if average == "household" else np.ones_like(series.size)


def shares(series: VillageSeries, average: Average) -> FloatArray:
    """Return the part of each village in the average of pilots, zero for donors, (G,)."""
    size = sizes(series, average)
    return np.asarray(np.where(series.treated, size, 0.0) / size[series.treated].sum(), dtype=np.float64)


def pilot_and_donors(means: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return the pilot average (T,), the donors' means (D, T) and which rows are donors (G,)."""
    donors = share == 0
    return share @ means, means[donors], donors


def synthetic_estimate(estimator: str, outcome: str, series: VillageSeries, refit: Refit, average: Average) -> Estimate:
    """Fit, and report ``att`` and the gap of each round as ``event_time=k``."""
    size, share = sizes(series, average), shares(series, average)
    fit = refit(series.means, share, series.before, series.after)
    basis = Donors(
        clusters=series.clusters,
        treated=series.treated,
        untreated=~series.treated,
        periods=series.periods,
        means=series.means,
        size=size,
        share=share,
        before=series.before,
        after=series.after,
        fit=fit,
        refit=refit,
    )
    times = [p - series.start for p in series.periods]
    nothing = (None,) * len(times)
    columns = {
        "event_time": (None, *times),
        "n_treated_units": (
            int(series.n_treated_units[series.after].max()),
            *(int(n) for n in series.n_treated_units),
        ),
        "n_treated_villages": (int(series.treated.sum()),) * (1 + len(times)),
        "time_weight": (None, *(float(w) if b else None for w, b in zip(fit.times, series.before, strict=True))),
        "pre_rmse": (fit.pre_rmse, *nothing),
        "n_donors": (int((fit.donors >= USED).sum()), *nothing),
    }
    terms = ("att", *(f"event_time={k}" for k in times))
    return Estimate(
        estimator, outcome, terms, np.array([fit.att, *fit.gaps]), basis, series.counts, columns, series.notes
    )
