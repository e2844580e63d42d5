"""Redrawing villages: regressions of several outcomes on the same bootstrap samples of villages, from village sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError, UsageError, nearest
from evalkit.inference.basis import linear
from evalkit.inference.student import EXACT_FIT, two_sided
from evalkit.results import HEADLINE, Estimate, FloatArray

CHUNK = 200
"""Draws that are in memory at once: few enough to stay in the processor's own memory."""
SINGULAR = 1e-11
"""Columns cannot be told apart where less than this share of a scaled sum of squares is left."""
WITHIN = ("strata", "all")
METHOD = "redrawn villages"


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Statistics of m outcomes in B draws, (B, m): (b* − b)/se* with CRV1, and their p with G* − 1 degrees of freedom.

    NaN where a draw leaves an outcome undetermined: one arm alone, or no variation at all.
    """

    statistic: FloatArray
    p_value: FloatArray
    n_villages: int


def redraw(
    estimates: Sequence[Estimate], *, term: str = "att", draws: int = 9999, seed: int = 1, within: str = "strata"
) -> Redrawn:
    """Refit every regression on villages drawn with replacement: the pairs cluster bootstrap.

    A village drawn twice is two villages. All outcomes see the same draws; one that was not asked in some villages uses
    the drawn ones in which it was. The factor (N − 1)/(N − K) of CRV1 is kept at that of the data.

    Parameters
    ----------
    within : {"strata", "all"}
        Draw within the strata of the design (where it has none, from all), or from all villages. Arms are not kept
        apart, so their numbers of villages vary between draws, as in Stata's ``bsample, cluster() strata()``.

    Raises
    ------
    DesignError
        An estimate is no linear regression; an outcome has other strata for a village than the others, or one village.
    UsageError
        No estimate, an estimate without the term, an unknown `within`, or fewer than one draw.
    """
    _check(estimates, term, draws, within)
    strata = _strata(estimates)
    names = list(strata)
    counts = _draws([strata[n] if within == "strata" else "" for n in names], draws, seed)
    place = {name: i for i, name in enumerate(names)}
    statistic, p = np.empty((2, draws, len(estimates)))
    for like in _alike(estimates, term):
        own = counts[:, [place[name] for name in linear(estimates[like[0]], METHOD).sums.clusters]]
        for start in range(0, draws, CHUNK):
            t, df = _statistics([estimates[j] for j in like], term, own[start : start + CHUNK].astype(np.float64))
            statistic[start : start + CHUNK, like] = t
            p[start : start + CHUNK, like] = two_sided(t, df[:, None])
    return Redrawn(statistic, p, len(names))


def _alike(estimates: Sequence[Estimate], term: str) -> list[list[int]]:
    """Group outcomes whose regressions differ in the outcome only: each draw is then solved once for all of them."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for j, estimate in enumerate(estimates):
        basis = linear(estimate, METHOD)
        contrast = basis.contrasts[estimate.place(term)]
        key = basis.sums.clusters, basis.sums.s1.tobytes(), basis.bread.tobytes(), basis.k_dof, contrast.tobytes()
        groups.setdefault(key, []).append(j)
    return list(groups.values())


def _check(estimates: Sequence[Estimate], term: str, draws: int, within: str) -> None:
    if not estimates:
        raise UsageError("several outcomes", "no estimate was given", "at least one", "give one for each outcome")
    without = [e.outcome for e in estimates if term not in (*e.terms, HEADLINE)]
    if without:
        raise UsageError(
            f"term {term!r}", f"{without[0]} has none", "a term of every estimate", "choose another term or estimator"
        )
    if within not in WITHIN:
        raise UsageError(
            "within", f"{within!r} is unknown ({nearest(within, WITHIN)})", "strata or all", "choose one of them"
        )
    if draws < 1:
        raise UsageError("draws", f"{draws}", "at least 1", "give for example 9999")


def _strata(estimates: Sequence[Estimate]) -> dict[str, str]:
    """Return the stratum of each village that any outcome has, in order of their names."""
    found: dict[str, str] = {}
    for estimate in estimates:
        sums = linear(estimate, METHOD).sums
        if len(sums.clusters) < 2:
            raise DesignError(
                f"outcome {estimate.outcome!r}", "it has one village", "at least two", "leave the outcome out"
            )
        for name, group in zip(sums.clusters, sums.strata or ("",) * len(sums.clusters), strict=True):
            if found.setdefault(name, group) != group:
                raise DesignError(
                    "strata",
                    f"a village is in one for one outcome and in another for {estimate.outcome!r} "
                    f"({name}: {found[name]!r} and {group!r})",
                    "one stratum a village",
                    "estimate all outcomes by the same design",
                )
    return dict(sorted(found.items()))


def _draws(strata: Sequence[str], draws: int, seed: int) -> NDArray[np.int64]:
    """Return how often each village is drawn, (B, G)."""
    rng = np.random.default_rng(seed)
    groups = np.unique(np.array(strata), return_inverse=True)[1]
    counts = np.empty((draws, len(groups)), dtype=np.int64)
    for group in range(int(groups.max()) + 1):
        here = np.flatnonzero(groups == group)
        counts[:, here] = rng.multinomial(len(here), np.full(len(here), 1 / len(here)), size=draws)
    return counts


def _statistics(alike: Sequence[Estimate], term: str, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (b* − b)/se* of outcomes with one regression, (B, m), and the degrees of freedom, (B,)."""
    bases = [linear(e, METHOD) for e in alike]
    basis = bases[0]
    kept = np.flatnonzero(np.diag(basis.bread) > 0)
    s = basis.sums.s1[:, kept][:, :, kept]
    r = np.stack([b.sums.r1[:, kept] for b in bases], axis=-1)
    contrast = basis.contrasts[alike[0].place(term), kept]
    inverse = _inverses(np.tensordot(counts, s, axes=1), contrast)
    beta, weights = inverse @ np.tensordot(counts, r, axes=1), inverse @ contrast
    own = np.array([e.values[e.place(term)] for e in alike])
    factor = np.array([(e.counts.n_obs - 1) / (e.counts.n_obs - basis.k_dof) for e in alike])
    g = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = _scores(s, r, weights, beta)
        variance = (g / (g - 1))[:, None] * factor * np.einsum("bg,bgm->bm", counts, scores**2)
        size = np.einsum("bk,bkm->bm", np.abs(weights), np.tensordot(counts, np.abs(r), axes=1))
        t = (np.einsum("bkm,k->bm", beta, contrast) - own) / np.sqrt(variance)
    return np.where(np.sqrt(variance) > EXACT_FIT * (np.abs(own) + size), t, np.nan), np.where(g > 1, g - 1, np.nan)


def _scores(s: FloatArray, r: FloatArray, weights: FloatArray, beta: FloatArray) -> FloatArray:
    """Return c'Q*(r_v − S_vβ*) of each village in each draw, (B, G, m)."""
    through = np.tensordot(weights, s, axes=([1], [1]))
    return np.tensordot(weights, r, axes=([1], [1])) - through @ beta


def _inverted(scaled: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return inverses (B, K, K), and which matrices have an eigenvalue below SINGULAR: those have none.

    The trace of an inverse is at least 1/λ, λ the least eigenvalue: only where it is large are eigenvalues needed.
    """
    bad = (np.einsum("bkk->bk", scaled) <= 0).any(axis=1)
    inverse = np.zeros_like(scaled)
    try:
        inverse[~bad] = np.linalg.inv(scaled[~bad])
    except np.linalg.LinAlgError:  # one is singular to the last bit, and numpy does not say which
        inverse[~bad] = np.inf
    doubtful = ~bad & ~(np.abs(np.einsum("bkk->bk", inverse)).sum(axis=1) < 1 / np.sqrt(SINGULAR))
    bad[doubtful] = np.linalg.eigvalsh(scaled[doubtful])[:, 0] < SINGULAR
    again = doubtful & ~bad
    inverse[again] = np.linalg.inv(scaled[again])
    return inverse, bad


def _inverses(grams: FloatArray, contrast: FloatArray) -> FloatArray:
    """Invert ΣS_v of each draw; NaN where the contrast is undetermined, a generalised inverse where it is not."""
    scale = 1 / np.sqrt(np.maximum(np.einsum("bkk->bk", grams), np.finfo(float).tiny))
    scale = np.where(np.einsum("bkk->bk", grams) > 0, scale, 0.0)
    scaled = grams * (scale[:, :, None] * scale[:, None, :])
    inverse, bad = _inverted(scaled)
    inverse[bad] = np.linalg.pinv(scaled[bad], rcond=SINGULAR, hermitian=True)
    inverse *= scale[:, :, None] * scale[:, None, :]
    left = np.abs(np.einsum("bkl,blm,m->bk", grams[bad], inverse[bad], contrast) - contrast).max(axis=1, initial=0.0)
    inverse[np.flatnonzero(bad)[left > EXACT_FIT * np.abs(contrast).max()]] = np.nan
    return inverse
