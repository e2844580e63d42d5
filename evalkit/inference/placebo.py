"""Placebo in space: comparison villages taken for pilot villages, one set after another; for synthetic estimates."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError
from evalkit.inference.basis import donors
from evalkit.inference.student import EXACT_FIT, by_student
from evalkit.results import Donors, Estimate, FloatArray, Inference, SyntheticFit

TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""
MOST_SETS = 999
"""With one pilot village every donor is a placebo; of the sets of several no more than this are drawn."""
STATISTICS = ("att", "ratio")


def placebo(
    estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1, statistic: str = "att"
) -> Inference:
    """Return p by rank among placebo effects, and the interval of constant effects that are not rejected.

    As many comparison villages as there are pilot villages are taken for pilots, with the other comparison villages as
    donors and the true pilot villages left out; all such sets are used, or `draws` (at most `MOST_SETS`) of them.
    p = (1 + #{|placebo| ≥ |own|})/(1 + #), Abadie, Diamond & Hainmueller (2010), section 3.4: the pilot is one of the
    units that might have been. As placebos don't move with the effect, the interval is estimate ± the placebo that p
    just doesn't reject. ``std_error`` is the placebos' standard deviation (Arkhangelsky et al. 2021, algorithm 4); it
    has no part in p or interval. No interval exists where fewer than 1/(1 − level) − 1 sets can be formed: 19 at 95 %.

    Parameters
    ----------
    statistic : {"att", "ratio"}
        ``ratio`` ranks the root mean square gap after the start over that before it; it gives no interval.

    Raises
    ------
    DesignError
        The estimate has no donors, or too few to form placebos.

    Notes
    -----
    Rests on villages being exchangeable without the programme: a pilot village that runs as the others do, and whose
    shocks are no larger than theirs.
    """
    if statistic not in STATISTICS:
        raise UsageError("placebo", f"statistic {statistic!r}", "att or ratio", "choose one of them")
    basis = donors(estimate, "placebo")
    fits = placebo_fits(basis, draws, seed)
    values = _terms(fits)
    m, n = values.shape[1], len(fits)
    out = np.full((6, m), np.nan)
    spread = values.std(axis=0)
    varies = spread > EXACT_FIT * np.abs(values).max()
    out[0, varies] = spread[varies]
    out[2] = estimate.values / out[0]
    for j in np.flatnonzero(varies):
        out[3, j], half = _rank(np.abs(values[:, j]), abs(float(estimate.values[j])), level)
        out[4:, j] = estimate.values[j] - half, estimate.values[j] + half
    if statistic == "ratio":
        out[3:] = np.nan
        out[3, 0] = _rank(np.array([ratio(f, basis) for f in fits]), ratio(basis.fit, basis), level)[0]
    se, df, t, p, low, high = out
    return Inference(estimate, "placebo", se, df, t, p, low, high, level, _reason(basis, n))


def placebo_normal(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return intervals from the standard deviation of placebo effects, as synthdid, but by t with donors − 1 df.

    Arkhangelsky et al. (2021), algorithm 4 (they use the normal distribution). Assumes, beyond `placebo`, that placebo
    effects are normal; gives an interval where there are too few donors to rank.
    """
    basis = donors(estimate, "placebo_normal")
    se = _terms(placebo_fits(basis, draws, seed)).std(axis=0)
    df = float(basis.untreated.sum()) - 1
    reason = f"standard deviation of placebo effects in {int(df) + 1} comparison villages, t with {int(df)} df"
    return by_student(estimate, "placebo_normal", se, np.full(len(se), df), level, reason)


def placebo_fits(basis: Donors, draws: int, seed: int) -> list[SyntheticFit]:
    """Return the fit with each set of comparison villages taken for pilots.

    Raises
    ------
    DesignError
        Fewer than two donors would be left.
    """
    rows, k = np.flatnonzero(basis.untreated), int(basis.treated.sum())
    if len(rows) - k < 2:
        raise DesignError(
            "placebo",
            f"{len(rows)} comparison villages for {k} pilot village(s)",
            "two donors beside each placebo set",
            "add comparison villages",
        )
    return [_fit(basis, rows, chosen) for chosen in _sets(len(rows), k, min(draws, MOST_SETS), seed)]


def _fit(basis: Donors, rows: NDArray[np.int64], chosen: NDArray[np.int64]) -> SyntheticFit:
    size = basis.size[rows]
    share = np.zeros(len(rows))
    share[chosen] = size[chosen] / size[chosen].sum()
    return basis.refit(basis.means[rows], share, basis.before, basis.after)


def _sets(n: int, k: int, draws: int, seed: int) -> NDArray[np.int64]:
    if k == 1 or comb(n, k) <= draws:
        return np.array(list(combinations(range(n), k)), dtype=np.int64)
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(n, k, replace=False) for _ in range(draws)]).astype(np.int64)


def _terms(fits: list[SyntheticFit]) -> FloatArray:
    return np.array([[f.att, *f.gaps] for f in fits])


def ratio(fit: SyntheticFit, basis: Donors) -> float:
    """Return the root mean square gap after the start over that before it; NaN where the match is perfect."""
    after = float(np.sqrt((fit.gaps[basis.after] ** 2).mean()))
    return after / fit.pre_rmse if fit.pre_rmse > 0 else float("nan")


def _rank(sizes: FloatArray, own: float, level: float) -> tuple[float, float]:
    """Return p, and the half-length of the interval: the smallest size that fewer than (1 − level) reach."""
    n = len(sizes)
    p = (1 + int((sizes >= own * (1 - TIE)).sum())) / (1 + n)
    allowed = int((1 - level) * (1 + n) * (1 + TIE)) - 1
    return p, float(np.sort(sizes)[n - 1 - allowed]) if 0 <= allowed < n else float("nan")


def _reason(basis: Donors, n: int) -> str:
    which = f"{n} placebo effects in {int(basis.untreated.sum())} comparison villages"
    return (
        f"rank among {which}; the smallest p that can be attained is {1 / (1 + n):.2g}; assumes that without the "
        "programme pilot villages would differ from their synthetic village no more than comparison villages do"
    )
