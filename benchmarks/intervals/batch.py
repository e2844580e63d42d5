"""Every method over all draws of a sample at once: with the same villages, all but the outcome stays the same.

The regression, its solution and the random vectors are evalkit's own; `infer` on households is the reference, and
`check` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import stdtrit

import evalkit
from evalkit.inference import crv2
from evalkit.inference.assignments import assignments
from evalkit.inference.ferman_pinto import scales
from evalkit.inference.ranks import TIE
from evalkit.inference.village_effects import SEEN, VillageEffects, pilot_sets, village_effects
from evalkit.inference.wild import draw_vectors
from evalkit.results import Estimate, Linear, Reassignment
from intervals.draws import Array, Sample, rows

DESIGN = evalkit.Design(unit="unit", cluster="village", time="time", first_treated="first")
DRAWS = 999
"""Vectors of the wild bootstrap, and assignments of the randomization, where these are not all used."""
BY_STUDENT = ("crv1", "crv2", "crv3", "jackknife")
EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Draws:
    """Outcomes of a sample by draw: village sums r (D, G, K) under the real arms, and under each arm (D, G, 2, K)."""

    estimate: Estimate
    r: Array
    options: Array
    design: Reassignment

    @property
    def basis(self) -> Linear:
        return self.estimate.basis


def fitted(drawn: Sample, one: Array, rng: np.random.Generator) -> Estimate:
    """Return evalkit's estimate from households."""
    frame = pl.DataFrame(rows(drawn, one, rng))
    return evalkit.did(evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"]))


def village_sums(drawn: Sample, y: Array, estimate: Estimate) -> Draws:
    """Demean Σy by pattern and multiply with the round dummies and the treatment of each arm."""
    seen = drawn.attended.astype(float)
    demean = np.stack([np.diag(a) - np.outer(a, a) / a.sum() for a in seen])
    b = np.einsum("pts,dgps->dgt", demean, y)
    post = (np.arange(drawn.study.rounds) >= drawn.start).astype(float)
    options = np.concatenate([b[:, :, None, 1:].repeat(2, axis=2), np.zeros((*b.shape[:2], 2, 1))], axis=3)
    options[:, :, 1, -1] = b @ post
    own = options[:, np.arange(len(drawn.pilot)), drawn.pilot.astype(int)]
    return Draws(estimate, own, options, estimate.reassign())


def add_effect(draws: Draws, effect: float) -> Draws:
    """Return the same draws with an effect in pilot villages: r moves by S_v times the contrast's coefficient."""
    moved = draws.basis.sums.s1 @ draws.basis.contrasts[0] * effect
    shift = draws.design.shift[:, _codes(draws)] * effect
    return replace(draws, r=draws.r + moved, options=draws.options + shift)


def joined(one: Draws, two: Draws) -> Draws:
    """Return the draws of both, which share their villages."""
    return replace(one, r=np.concatenate([one.r, two.r]), options=np.concatenate([one.options, two.options]))


def _codes(draws: Draws) -> list[int]:
    """The codes of never and of pilot among evalkit's arms."""
    pilot = int(draws.design.assigned[draws.basis.sums.treated][0])
    return [1 - pilot, pilot]


def values(draws: Draws) -> Array:
    """Return the estimates, (D,)."""
    return draws.r.sum(axis=1) @ draws.basis.bread @ draws.basis.contrasts[0]


def _scores(draws: Draws) -> Array:
    beta = draws.r.sum(axis=1) @ draws.basis.bread
    return draws.r - np.einsum("gkl,dl->dgk", draws.basis.sums.s1, beta)


def _crv1(draws: Draws) -> Array:
    z = _scores(draws) @ draws.basis.bread @ draws.basis.contrasts[0]
    g, n = z.shape[1], draws.estimate.counts.n_obs
    return np.sqrt(g / (g - 1) * (n - 1) / (n - draws.basis.k_dof) * (z * z).sum(axis=1))


def _crv2(draws: Draws) -> Array:
    working = crv2._working(draws.basis)
    span = crv2._adjustment(working)
    maps = np.einsum("gpm,gpq,gqk->gk", span.root @ working.gamma, span.half, span.back)
    z = np.einsum("gk,dgk->dg", maps, _scores(draws))
    return np.sqrt((z * z).sum(axis=1))


def _crv3(draws: Draws) -> Array:
    s, contrast = draws.basis.sums.s1, draws.basis.contrasts[0]
    inverse = np.linalg.pinv(s.sum(axis=0) - s, rcond=1e-10, hermitian=True)
    left_out = np.einsum("k,gkl,dgl->dg", contrast, inverse, draws.r.sum(axis=1)[:, None] - draws.r)
    g = s.shape[0]
    return np.sqrt((g - 1) / g * ((left_out - values(draws)[:, None]) ** 2).sum(axis=1))


STD_ERRORS = {"crv1": _crv1, "crv2": _crv2, "crv3": _crv3, "jackknife": _crv3}


def half_lengths(draws: Draws) -> dict[str, Array]:
    """Return half the length of each t interval, (D,), NaN where there is none; df by evalkit from one draw."""
    out = {}
    for name in BY_STUDENT:
        df = float(evalkit.infer(draws.estimate, name).df[0])
        out[name] = stdtrit(df, 0.975) * STD_ERRORS[name](draws) if np.isfinite(df) else np.full(len(draws.r), np.nan)
    return out


def p_wild(draws: Draws) -> Array:
    """Return p of the hypothesis of no effect, (D,)."""
    basis = draws.basis
    qc = basis.bread @ basis.contrasts[0]
    moving = basis.sums.s1 @ qc
    restricted = _scores(draws) + (values(draws) / (basis.contrasts[0] @ qc))[:, None, None] * moving
    vectors = draw_vectors(moving.shape[0], DRAWS, 1)
    w, k = vectors.w, moving @ basis.bread
    a = restricted @ qc
    m = np.tensordot(w, restricted, axes=(1, 1))
    c = np.tensordot(w, a[:, :, None] * k, axes=(1, 1))
    v = (w * w) @ (a * a).T - 2 * (c * m).sum(axis=2) + ((m @ (k.T @ k)) * m).sum(axis=2)
    z = _scores(draws) @ qc
    own = np.abs(values(draws)) / np.sqrt((z * z).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        beyond = np.abs(w @ a.T) / np.sqrt(np.maximum(v, 0.0)) >= own * (1 - EQUAL)
    count = beyond.sum(axis=0)
    return count / len(w) if vectors.exact else (1 + count) / (1 + len(w))


def p_randomization(draws: Draws) -> Array:
    """Return p of the hypothesis of no effect on anybody, (D,)."""
    design, basis = draws.design, draws.basis
    pool = assignments(design.assigned, design.stratum, DRAWS, 1)
    pilot = pool.arms == _codes(draws)[1]
    size = np.concatenate([_sizes(draws, pilot[i : i + 100]) for i in range(0, len(pilot), 100)])
    own = _sizes(draws, basis.sums.treated[None, :])
    count = (size >= own * (1 - EQUAL)).sum(axis=0)
    return count / len(size) if pool.exact else (1 + count) / (1 + len(size))


def _sizes(draws: Draws, pilot: np.ndarray) -> Array:
    """Return |t| up to its factor for assignments (B, G) and draws, (B, D)."""
    s = draws.design.s[:, _codes(draws)]
    place = pilot.astype(int)
    own_s = s[np.arange(len(s))[None, :], place]
    bread = np.linalg.inv(own_s.sum(axis=1))
    q = bread @ draws.basis.contrasts[0]
    chosen = np.einsum("dgck,bk->cbdg", draws.options, q, optimize=True)
    z = np.where(pilot[:, None, :], chosen[1], chosen[0])
    total = np.tensordot(np.stack([~pilot, pilot], axis=2).astype(float), draws.options, axes=([1, 2], [1, 2]))
    beta = total @ bread
    b = (beta @ draws.basis.contrasts[0][:, None])[..., 0]
    z = z - np.einsum("bk,bgkl,bdl->bdg", q, own_s, beta, optimize=True)
    with np.errstate(divide="ignore"):
        return np.abs(b) / np.sqrt((z * z).sum(axis=2))


def p_conley_taber(draws: Draws) -> Array:
    """Return p of the hypothesis of no effect by the rank among villages' changes, (D,)."""
    return _p_by_rank(draws, lambda effects: np.ones_like(effects.size))


def p_ferman_pinto(draws: Draws) -> Array:
    """Return p of the hypothesis of no effect by the rank among changes brought to the pilots' size, (D,)."""
    return _p_by_rank(draws, scales)


def _p_by_rank(draws: Draws, scale: Callable[[VillageEffects], Array]) -> Array:
    known, s = village_effects(draws.estimate, "conley_taber"), draws.design.s[:, _codes(draws)[1]]
    weight = s[:, -1, -1]
    seen = weight > SEEN * weight.max()
    beta = draws.r.sum(axis=1) @ draws.basis.bread
    changes = (draws.options[:, seen, 1, -1] - beta[:, :-1] @ s[seen, -1, :-1].T) / weight[seen]
    p = np.empty(len(changes))
    for d, change in enumerate(changes):
        effects = replace(known, change=change)
        sizes = np.abs(pilot_sets(effects, scale(effects), DRAWS, 1).at_zero)
        p[d] = np.count_nonzero(sizes >= sizes[0] * (1 - TIE)) / len(sizes)
    return p


DRAWING: dict[str, Callable[[Draws], Array]] = {
    "wild": p_wild,
    "randomization": p_randomization,
    "conley_taber": p_conley_taber,
    "ferman_pinto": p_ferman_pinto,
}

FOR_FEW = {"conley_taber": 1, "ferman_pinto": 1}
"""Up to how many pilot villages a method is measured that is made for few of them."""


def measured(methods: Collection[str], pilots: int) -> list[str]:
    """Return which of the methods that draw are measured with so many pilot villages."""
    return [m for m in methods if pilots <= FOR_FEW.get(m, pilots)]


def check(
    draws: Draws, drawn: Sample, y: Array, d: int, rng: np.random.Generator, methods: Collection[str]
) -> dict[str, float]:
    """Compare draw `d` with `infer` on households; return half-lengths by inversion, NaN where there is no interval."""
    estimate = fitted(drawn, y[d], rng)
    one = replace(draws, r=draws.r[d : d + 1], options=draws.options[d : d + 1])
    _same("estimate", estimate.values[0], values(one)[0])
    for name, half in half_lengths(one).items():
        row = evalkit.infer(estimate, name)
        _same(name, (row.conf_high[0] - row.conf_low[0]) / 2, half[0])
    lengths = {}
    for name in methods:
        row = evalkit.infer(estimate, name, draws=DRAWS, seed=1)
        _same(name, row.p_value[0], DRAWING[name](one)[0])
        lengths[name] = float(row.conf_high[0] - row.conf_low[0]) / 2
    return lengths


def _same(name: str, by_rows: float, by_batch: float) -> None:
    if not np.isclose(by_rows, by_batch, rtol=EQUAL, atol=EQUAL, equal_nan=True):
        raise SystemExit(f"{name}: infer on rows gives {by_rows!r}, the batch {by_batch!r}")
