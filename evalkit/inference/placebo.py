"""Placebo in space: other villages taken for the pilot villages, one set after another; for synthetic estimates."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError
from evalkit.inference.basis import donors
from evalkit.inference.ranks import Sets, ranked
from evalkit.inference.student import by_student
from evalkit.results import Donors, Estimate, FloatArray, Inference, SyntheticFit

MOST_SETS = 999
"""All sets are used where there are no more; else this many are drawn, or fewer where fewer are asked for."""
STATISTICS = ("att", "ratio")


def placebo(
    estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1, statistic: str = "att"
) -> Inference:
    """Return p by rank among placebo effects, and the interval of effects that are not rejected.

    Each set of as many villages as there are pilots is taken for the pilots, with all other villages as donors; under
    the hypothesis of an effect h this is taken off the true pilots first, wherever they stand. p is the share of sets
    with an effect at least as large as the true pilots' (Abadie, Diamond & Hainmueller 2010, section 3.4, who leave
    the pilot out of its placebos' donors; kept in, the rank is exact for exchangeable villages). Weights of donors do
    not depend on h; weights of rounds are taken at h = estimate, and so are the factors of `synthetic_factors`, which
    rest on later rounds too. ``std_error`` is the standard deviation of placebo effects among comparison villages alone
    (Arkhangelsky et al. 2021, algorithm 4); it has no part in p or interval.
    Rounds before the start are matched, so they have neither. A 95 % interval needs 19 comparison villages beside one
    pilot village, 5 beside two, 4 beside three (`ranks.enough_comparison`).

    Parameters
    ----------
    statistic : {"att", "ratio"}
        ``ratio`` ranks the root mean square gap after the start over that before it among comparison villages' own, as
        Abadie et al.; it gives no interval.

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
    alone = placebo_fits(basis, draws, seed)
    out = np.full((6, len(estimate.terms)), np.nan)
    out[0] = _spread(alone)
    out[2] = estimate.values / out[0]
    sets = placebo_sets(basis, draws, seed)
    after = np.concatenate([[True], basis.after])
    for j, term in sets.items():
        out[3:, j] = ranked(term, float(estimate.values[j]), level)[1:]
    out[:, ~after] = np.nan
    if statistic == "ratio":
        out[3:] = np.nan
        own, others = ratio(basis.fit, basis), np.array([ratio(f, basis) for f in alone])
        out[3, 0] = (1 + np.count_nonzero(others >= own)) / (1 + len(others))
    se, df, t, p, low, high = out
    reason = (
        f"{sets[0].text}; assumes that without the programme pilot villages would differ from their synthetic village "
        "no more than comparison villages do"
    )
    return Inference(estimate, "placebo", se, df, t, p, low, high, level, reason)


def placebo_normal(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return intervals from the standard deviation of placebo effects, as synthdid, but by t with donors − 1 df.

    Arkhangelsky et al. (2021), algorithm 4 (they use the normal distribution). Assumes, beyond `placebo`, that placebo
    effects are normal; gives an interval where there are too few donors to rank.
    """
    basis = donors(estimate, "placebo_normal")
    se = _spread(placebo_fits(basis, draws, seed))
    se[1:][~basis.after] = np.nan
    df = float(basis.untreated.sum()) - 1
    reason = (
        f"standard deviation of placebo effects in {int(df) + 1} comparison villages, t with {int(df)} df; assumes "
        "that pilot villages would differ from their synthetic village as comparison villages do, about normally"
    )
    return by_student(estimate, "placebo_normal", se, np.full(len(se), df), level, reason)


def placebo_fits(basis: Donors, draws: int, seed: int) -> list[SyntheticFit]:
    """Return the fit with each set of comparison villages taken for pilots; the true pilots are left out.

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
    chosen, _ = _choose(len(rows), k, draws, seed)
    return [_fit(basis, basis.means[rows], basis.size[rows], c) for c in chosen]


def placebo_sets(basis: Donors, draws: int, seed: int) -> dict[int, Sets]:
    """Return, by place of the term, what each set of villages would have shown; the true pilots' set first."""
    own = np.flatnonzero(basis.treated)
    chosen, exact = _choose(len(basis.clusters), len(own), draws, seed)
    others = chosen[(chosen != own).any(axis=1)] if exact else chosen
    null = basis.means - np.outer(basis.treated, np.where(basis.after, basis.fit.gaps, 0.0))
    fits = [_fit(basis, null, basis.size, c) for c in np.concatenate([own[None, :], others])]
    values, rows = _terms(fits), np.arange(len(fits))
    pilot = basis.treated.astype(np.float64)
    parts = np.zeros((len(fits), len(pilot)))
    places = np.concatenate([own[None, :], others])
    parts[rows[:, None], places] = basis.size[places] / basis.size[places].sum(axis=1, keepdims=True)
    slope = (parts - np.stack([f.donors for f in fits])) @ pilot
    effects = np.array([basis.fit.att, *basis.fit.gaps])
    terms = [0, *(1 + np.flatnonzero(basis.after)).tolist()]
    return {j: Sets(values[:, j] + effects[j] * slope, slope, 1.0, exact) for j in terms}


def _fit(basis: Donors, means: FloatArray, size: FloatArray, chosen: NDArray[np.int64]) -> SyntheticFit:
    share = np.zeros(len(means))
    share[chosen] = size[chosen] / size[chosen].sum()
    return basis.refit(means, share, basis.before, basis.after)


def _choose(n: int, k: int, draws: int, seed: int) -> tuple[NDArray[np.int64], bool]:
    """Return sets of k of n (B, k), sorted within; all of them, or drawn."""
    most = min(draws, MOST_SETS)
    if k == 1 or comb(n, k) <= most:
        return np.array(list(combinations(range(n), k)), dtype=np.int64), True
    rng = np.random.default_rng(seed)
    return np.sort(np.argsort(rng.random((most, n)), axis=1)[:, :k], axis=1).astype(np.int64), False


def _terms(fits: list[SyntheticFit]) -> FloatArray:
    return np.array([[f.att, *f.gaps] for f in fits])


def _spread(fits: list[SyntheticFit]) -> FloatArray:
    """Return the standard deviation of each term; NaN where a round's gap is 0 by construction."""
    values = _terms(fits)
    spread = values.std(axis=0)
    return np.where(spread > 1e-10 * np.abs(values).max(), spread, np.nan)


def ratio(fit: SyntheticFit, basis: Donors) -> float:
    """Return the root mean square gap after the start over that before it; NaN where the match is perfect."""
    after = float(np.sqrt((fit.gaps[basis.after] ** 2).mean()))
    return after / fit.pre_rmse if fit.pre_rmse > 0 else float("nan")
