"""Wild cluster bootstrap-t with the null imposed (WCR), from village sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import linear, n_clusters
from evalkit.inference.crv1 import scores
from evalkit.inference.invert import inverted
from evalkit.results import Estimate, FloatArray, Inference, Linear

WEBB_BELOW = 6
"""Fewer villages than this: 2^(G−1) sign vectors cannot reach p = .05, so Webb's six points are drawn."""
WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Vectors w (B, G) of the bootstrap; `exact` where they are all there are, `is_signs` where every w² is 1."""

    w: FloatArray
    name: str
    exact: bool
    is_signs: bool


def wild(estimate: Estimate, level: float = 0.95, *, draws: int = 9999, seed: int = 1) -> Inference:
    """Return p-values and inverted intervals of the restricted wild cluster bootstrap-t.

    Cameron, Gelbach & Miller (2008); computed from sums as in Roodman et al. (2019), section 4, and MacKinnon (2023).
    Rademacher signs; all 2^G of them where there are no more than `draws`; Webb's six points below six villages.
    Standard errors are CRV1; `df` is null, since no t distribution is used. With drawn vectors p = (1 + #{|t*| ≥
    |t|})/(1 + draws).

    Raises
    ------
    DesignError
        There are fewer than three villages.
    """
    basis = linear(estimate, "wild")
    g = len(basis.sums.clusters)
    if g < 3:
        raise DesignError("wild", f"there are {g} villages", "at least three", "no interval can be given")
    vectors = draw_vectors(g, draws, seed)
    m = len(estimate.terms)
    out = np.full((6, m), np.nan)
    for j in range(m):
        if np.any(basis.contrasts[j] != 0):
            out[:, j] = _term(estimate, j, vectors, level)
    se, df, t, p, low, high = out
    reason = f"{g} villages: wild cluster bootstrap with {len(vectors.w)} {vectors.name}"
    return Inference(estimate, "wild", se, df, t, p, low, high, level, reason)


def draw_vectors(g: int, draws: int, seed: int) -> Draws:
    """Return signs or Webb points for g villages: all sign vectors where there are no more than `draws`."""
    if g < WEBB_BELOW:
        rng = np.random.default_rng(seed)
        w = rng.choice(np.concatenate([-WEBB, WEBB]), size=(draws, g))
        return Draws(w, "Webb draws", exact=False, is_signs=False)
    if 2**g <= draws:
        bits = (np.arange(2**g)[:, None] >> np.arange(g)) & 1
        return Draws((1 - 2 * bits).astype(np.float64), "sign vectors (all)", exact=True, is_signs=True)
    rng = np.random.default_rng(seed)
    signs = 1 - 2 * rng.integers(0, 2, size=(draws, g), dtype=np.int8)
    return Draws(signs.astype(np.float64), "Rademacher draws", exact=False, is_signs=True)


def _term(estimate: Estimate, j: int, vectors: Draws, level: float) -> tuple[float, ...]:
    """Return se, df, t, p, low, high of one term.

    With δ = (c'β − h)/c'Qc the restricted scores are s_v + δ S_vQc; numerator and scores of each draw are linear in δ,
    so p(h) costs no more than a few operations a draw.
    """
    basis = linear(estimate, "wild")
    value = float(estimate.values[j])
    qc = basis.bread @ basis.contrasts[j]
    spread = float(basis.contrasts[j] @ qc)
    fixed, moving = scores(basis), basis.sums.s1 @ qc
    se = _crv1(estimate, fixed @ qc)
    if not se > 0:
        return (np.nan,) * 6
    parts = _parts(basis, qc, fixed, moving, vectors)
    factor = _factor(estimate)

    def p_of(h: float) -> float:
        delta = (value - h) / spread
        numerator = parts.n0 + delta * parts.n1
        variance = factor * (parts.v0 + 2 * delta * parts.v1 + delta * delta * parts.v2)
        t = abs(value - h) / se
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = np.abs(numerator) / np.sqrt(np.maximum(variance, 0.0)) >= t * (1 - TIE)
        count = int(np.count_nonzero(beyond))
        return count / len(beyond) if vectors.exact else (1 + count) / (1 + len(beyond))

    low, high = inverted(p_of, value, se, level)
    return se, np.nan, value / se, p_of(0.0), low, high


@dataclass(frozen=True, slots=True)
class _Parts:
    """Per draw: numerator n0 + δ n1, and the sum of squared scores v0 + 2δ v1 + δ² v2, each (B,)."""

    n0: FloatArray
    n1: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray


def _parts(basis: Linear, qc: FloatArray, fixed: FloatArray, moving: FloatArray, vectors: Draws) -> _Parts:
    """Expand c'Qs*_v = w_v a_v − k_v'M (a_v = c'Q s̃_v, M = Σ w_u s̃_u, k_v = Q S_v Q c) without a (B, G) array."""
    w, k = vectors.w, basis.sums.s1 @ qc @ basis.bread
    a = np.column_stack([fixed @ qc, moving @ qc])
    width = k.shape[1]
    one = w @ np.hstack([fixed, moving, a[:, [0]] * k, a[:, [1]] * k, a])  # one product over the draws
    m0, m1, c0, c1 = (one[:, i * width : (i + 1) * width] for i in range(4))
    kk = k.T @ k
    inner0, inner1 = m0 @ kk, m1 @ kk
    squares = np.column_stack([a[:, 0] * a[:, 0], a[:, 0] * a[:, 1], a[:, 1] * a[:, 1]])
    own = squares.sum(axis=0, keepdims=True) if vectors.is_signs else (w * w) @ squares
    v0 = own[:, 0] - 2 * _dot(c0, m0) + _dot(inner0, m0)
    v1 = own[:, 1] - _dot(c0, m1) - _dot(c1, m0) + _dot(inner0, m1)
    v2 = own[:, 2] - 2 * _dot(c1, m1) + _dot(inner1, m1)
    return _Parts(one[:, -2], one[:, -1], v0, v1, v2)


def _dot(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return x_b'y_b for each draw."""
    return np.asarray(np.einsum("bk,bk->b", x, y), dtype=np.float64)


def _factor(estimate: Estimate) -> float:
    g, n = n_clusters(estimate), estimate.counts.n_obs
    return g / (g - 1) * (n - 1) / (n - linear(estimate, "wild").k_dof)


def _crv1(estimate: Estimate, z: FloatArray) -> float:
    return float(np.sqrt(_factor(estimate) * (z @ z)))
