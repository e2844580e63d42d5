"""PPML: a proportional effect on outcomes that are never negative, with household and round effects, from Moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DataError, DesignError
from evalkit.estimators.multinomial import Fit, Groups, fit
from evalkit.estimators.multinomial_refits import Part, refits
from evalkit.estimators.within import event_times, followed, full_regressors, villages_with
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.panel import Panel
from evalkit.results import Counts, Estimate, FloatArray, Influence


def ppml(data: Moments | Panel, outcome: str | None = None) -> Estimate:
    """Estimate by what share treatment raises the mean of the outcome, by Poisson pseudo-maximum likelihood.

    Zeros need no special care, and the unit of the outcome does not matter; neither holds for log(1 + y) or asinh
    (Chen & Roth 2024). The assumption is that without the programme both arms would have changed in the same ratio.

    Parameters
    ----------
    data : Moments or Panel
        Moments are sufficient.
    outcome : str, optional
        May be left out where there is one.

    Returns
    -------
    Estimate
        One term, ``att`` = exp(b) − 1: 0.12 is 12 % more. Column ``log_ratio`` is b. Intervals are made for b.

    Raises
    ------
    DataError
        The outcome has negative values, or weights change between a household's rounds.
    DesignError
        No household is seen twice, or treatment cannot be told from the other effects: all treated rows are zero, say.

    Notes
    -----
    With the household effects maximised out, the sums by (village, cohort, pattern) are sufficient: score
    Σ_p X'(S_p − Y_pπ_p), Hessian Σ_p Y_p X'(diag π_p − π_pπ_p')X. Households without any positive outcome say nothing
    and are counted in a note, as are rows that are separated (see `estimators.separation`). N, K and the factor
    G/(G − 1)·(N − 1)/(N − K) are those of the rows that remain (fixest's and pyfixest's fepois).
    """
    moments = Moments.from_panel(data) if isinstance(data, Panel) else data
    name, cells = moments.of(outcome)
    _require_usable(name, cells)
    cells, singles = followed(cells)
    grouped = _group(moments, cells)
    fitted = _fit(grouped, name)
    used = _informative(cells, grouped, fitted)
    psi, village = _influence(cells, grouped, fitted, used)
    counts = _counts(moments, cells, grouped, fitted, used, singles)
    n, g, k = counts.n_obs, len(village), int(fitted.kept.sum()) + 1
    basis = Influence(
        clusters=tuple(moments.clusters[v] for v in village),
        treated=villages_with(moments, cells.where(used), treated=True)[village],
        untreated=villages_with(moments, cells.where(used), treated=False)[village],
        psi=psi[:, None],
        factor=g / (g - 1) * (n - 1) / (n - k) if g > 1 and n > k else float("nan"),
        left_out=_left_out(cells, grouped, fitted, village),
        log=True,
    )
    b = float(fitted.beta[-1])
    notes = _notes(moments, cells, grouped, fitted)
    return Estimate("ppml", name, ("att",), np.array([np.expm1(b)]), basis, counts, {"log_ratio": (b,)}, notes)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """The sums over villages by (cohort, pattern), and which group each cell belongs to (R,)."""

    groups: Groups
    of_cell: NDArray[np.int64]


def _require_usable(name: str, cells: Cells) -> None:
    if np.isnan(cells.n_zero).any():
        raise DataError(
            f"outcome {name!r}",
            "it has negative values (or its moments were made before these were counted)",
            "an outcome that is never negative",
            "use did for outcomes that may be negative; make old moments again",
        )
    if cells.blocks is not None:
        raise DataError(
            "weights",
            "they change between a household's rounds",
            "one weight a household",
            "give each household one weight, or use did",
        )


def _group(moments: Moments, cells: Cells) -> _Grouped:
    def treated(cohort: int | None) -> FloatArray:
        return (np.nan_to_num(event_times(moments, cohort), nan=-1.0) >= 0).astype(np.float64)[:, None]

    by_cohort = np.stack([full_regressors(moments, treated, g) for g in moments.cohorts])
    keys = np.stack([cells.cohort.astype(np.uint64), cells.pattern], axis=1)
    _, first, of_cell = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    of_cell = of_cell.ravel()
    total = np.zeros((len(first), cells.sum_wy.shape[1]))
    np.add.at(total, of_cell, cells.sum_wy)
    return _Grouped(Groups(by_cohort[cells.cohort[first]], cells.attended[first], total), of_cell)


def _fit(grouped: _Grouped, name: str) -> Fit:
    fitted = fit(grouped.groups)
    if fitted.kept[-1]:
        return fitted
    dropped = int((grouped.groups.seen & ~fitted.seen).sum())
    raise DesignError(
        "ppml",
        f"treatment cannot be told from household and round effects of {name!r}"
        + (f" after {dropped} separated groups of zeros are left out" if dropped else ""),
        "positive outcomes of treated and untreated households before and after adoption",
        "use did, or an outcome that is less often zero",
    )


def _informative(cells: Cells, grouped: _Grouped, fitted: Fit) -> NDArray[np.bool_]:
    """Whether a cell has households with a positive outcome and two rounds that are not separated, (R,)."""
    followed_twice = (fitted.seen.sum(axis=1) > 1)[grouped.of_cell]
    return np.asarray((cells.n_units > cells.n_zero) & followed_twice, dtype=np.bool_)


def _influence(
    cells: Cells, grouped: _Grouped, fitted: Fit, used: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return what each village moves in b (G,), and the villages."""
    own = cells.sum_wy[used]
    rest = own - own.sum(axis=1, keepdims=True) * fitted.share[grouped.of_cell[used]]
    moved = np.einsum("rtk,rt->rk", grouped.groups.x[grouped.of_cell[used]], rest) @ fitted.bread[-1]
    village, place = np.unique(cells.cluster[used], return_inverse=True)
    return np.bincount(place, weights=moved).astype(np.float64), village


def _counts(
    moments: Moments, cells: Cells, grouped: _Grouped, fitted: Fit, used: NDArray[np.bool_], singles: int
) -> Counts:
    units = (cells.n_units - cells.n_zero)[used]
    rows = fitted.seen.sum(axis=1)[grouped.of_cell[used]]
    pilot, other = (int(villages_with(moments, cells.where(used), treated=arm).sum()) for arm in (True, False))
    n_villages = len(np.unique(cells.cluster[used]))
    return Counts(int((units * rows).sum()), int(units.sum()), n_villages, pilot, other, singles)


def _left_out(cells: Cells, grouped: _Grouped, fitted: Fit, village: NDArray[np.int64]) -> Callable[[], FloatArray]:
    """Return b without each village, (G, 1); NaN where it is then undetermined."""

    def build() -> FloatArray:
        starts, ends = (np.searchsorted(cells.cluster, village, side=side) for side in ("left", "right"))
        parts = [
            Part(grouped.of_cell[a:b], cells.sum_wy[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        return refits(grouped.groups, fitted, parts)[:, None]

    return build


def _notes(moments: Moments, cells: Cells, grouped: _Grouped, fitted: Fit) -> tuple[str, ...]:
    notes = []
    zero = int(cells.n_zero.sum())
    if zero:
        notes.append(f"{zero} households without any positive outcome say nothing about a ratio and were left out")
    gone = (grouped.groups.seen & ~fitted.seen).sum(axis=1)[grouped.of_cell]
    rows = int(((cells.n_units - cells.n_zero) * gone).sum())
    if rows:
        notes.append(f"{rows} rows of zeros are separated (no finite fit) and were left out")
    dates = [c for c in moments.cohorts if c is not None]
    if len(dates) > 1:
        notes.append(f"{len(dates)} adoption rounds: one ratio is an average only where it does not grow with time")
    return tuple(notes)
