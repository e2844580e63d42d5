"""How far a synthetic estimate can be trusted: fit before the start, placebos in space and time, donors left out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalkit.diagnostics.synthetic import MIN_BEFORE, leave_one_donor_out
from evalkit.errors import DesignError
from evalkit.inference.placebo import placebo_fits, ratio
from evalkit.inference.synthetic_jackknife import synthetic_jackknife
from evalkit.results import Donors, Estimate, FloatArray

SETS = 199
"""Placebo sets: all where there are no more or one pilot village, else so many drawn; p is known to 1/200."""
MOST_LINES = 60
MIDDLE = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Match:
    """What stands beside a synthetic estimate; a number is None where it cannot be had.

    ``p_fit`` is the share of sets (the pilots' own among them) whose misfit before the start is at least as large as
    the pilots' ``pre_rmse``, ``p_ratio`` that of the ratio of misfits after and before. ``early`` is the estimate as if
    the programme had begun in ``start``, with rounds before the true start only, ``p_early`` its rank. ``without`` are
    the smallest and largest estimate without one of the ``n_without`` donors that have weight. ``low``, ``high`` hold,
    by round, the middle 95 % of placebo gaps; ``lines`` each set's gaps where there are no more than `MOST_LINES`.
    """

    n_sets: int
    pre_rmse: float
    p_fit: float
    ratio: float | None
    p_ratio: float | None
    start: int | None
    early: float | None
    p_early: float | None
    without: tuple[float, float] | None
    n_without: int
    jackknife: tuple[float, float] | None
    low: tuple[float, ...]
    high: tuple[float, ...]
    lines: tuple[tuple[float, ...], ...]


def match(estimate: Estimate, seed: int = 1) -> Match | None:
    """Return the checks of a synthetic estimate; None for other estimates and where there are too few donors.

    Fit and ratio: Abadie, Diamond & Hainmueller (2010), section 3.4; earlier start and donors left out: the same
    (2015), section 4.2.
    """
    if not isinstance(estimate.basis, Donors):
        return None
    basis = estimate.basis
    try:
        fits = placebo_fits(basis, SETS, seed)
    except DesignError:  # no placebo leaves two donors: there is nothing to show
        return None
    ratios = np.array([ratio(f, basis) for f in fits])
    own = ratio(basis.fit, basis)
    start, early, p_early = _earlier(basis, seed)
    without = _without(estimate)
    gaps = np.array([f.gaps for f in fits])
    low, high = np.percentile(gaps, MIDDLE, axis=0)
    return Match(
        n_sets=len(fits),
        pre_rmse=basis.fit.pre_rmse,
        p_fit=_rank(basis.fit.pre_rmse, np.array([f.pre_rmse for f in fits])),
        ratio=own if np.isfinite(own) else None,
        p_ratio=_rank(own, ratios) if np.isfinite(own) else None,
        start=start,
        early=early,
        p_early=p_early,
        without=(float(without.min()), float(without.max())) if len(without) else None,
        n_without=len(without),
        jackknife=_jackknife(estimate),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        lines=tuple(map(tuple, gaps.tolist())) if len(fits) <= MOST_LINES else (),
    )


def _rank(own: float, others: FloatArray) -> float:
    """Return the share of all sets, the pilots' own among them, with a number at least as large."""
    return float((1 + np.count_nonzero(others >= own)) / (1 + len(others)))


def _earlier(basis: Donors, seed: int) -> tuple[int | None, float | None, float | None]:
    """Pretend that the programme began where the last third of the rounds before the start begins."""
    early = np.flatnonzero(basis.before)
    kept = len(early) - max(1, len(early) // 3)
    if kept < MIN_BEFORE:
        return None, None, None
    means, before = basis.means[:, early], np.arange(len(early)) < kept
    fit = basis.refit(means, basis.share, before, ~before)
    periods = tuple(basis.periods[i] for i in early)
    moved = replace(basis, periods=periods, means=means, before=before, after=~before, fit=fit)
    others = [abs(f.att) for f in placebo_fits(moved, SETS, seed)]
    return periods[kept], fit.att, _rank(abs(fit.att), np.array(others))


def _without(estimate: Estimate) -> FloatArray:
    return leave_one_donor_out(estimate)["estimate"].drop_nulls().drop_nans().to_numpy()


def _jackknife(estimate: Estimate) -> tuple[float, float] | None:
    """Return the jackknife's interval; None with one pilot village or one donor, or with negative weights."""
    try:
        row = synthetic_jackknife(estimate).row("att")
    except DesignError:  # neither side may vanish: the page shows none
        return None
    return None if row["conf_low"] is None else (row["conf_low"], row["conf_high"])
