"""The regression under many assignments at once, from village sums.

Columns that no assignment changes (round and strata effects) are partialled out once; each assignment then solves
only for the few columns that move. With S = [[F, C], [C', D]], Q = S⁻ and Schur complement E = D − C'F⁻C: β_m =
E⁻(t_m − C'F⁻t_f), β_f = F⁻t_f − F⁻Cβ_m, and a term's weights u = Qa solve the same equations with a in place of t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.inference.assignments import Codes
from evalkit.inference.basis import linear, n_clusters
from evalkit.results import Estimate, FloatArray, Reassignment

SAME = 1e-12
"""A column is fixed where its sums differ between arms by no more than rounding (relative)."""
SINGULAR = 1e-11
"""An assignment leaves a column undetermined where less than this share of its sum of squares is left."""


@dataclass(frozen=True, slots=True)
class Refits:
    """Per assignment and term (B, m): coefficient b0 − h b1, and summed squared scores v0 − 2h v1 + h² v2."""

    b0: FloatArray
    b1: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray


@dataclass(frozen=True, slots=True)
class _Split:
    """Sums split into fixed (f) columns, by village (G, …), and moving (m) columns, by option (U·C, …).

    The last axis of ``t_f`` and ``t_m`` is the target: the outcome, and the real exposure (for intervals).
    """

    inverse: FloatArray
    f_f: FloatArray
    t_f: FloatArray
    f_m: FloatArray
    m_m: FloatArray
    t_m: FloatArray
    a_f: FloatArray
    a_m: FloatArray
    cluster: Codes
    n_clusters: int


def refit(estimate: Estimate, design: Reassignment, arms: Codes, chunk: int = 256) -> Refits:
    """Return coefficients and summed squared scores under each assignment (B, U)."""
    split = _split(estimate, design)
    wanted = [term == "att" for term in estimate.terms]
    parts = [_chunk(split, design, arms[i : i + chunk], wanted) for i in range(0, len(arms), chunk)]
    b0, b1, v0, v1, v2 = (np.concatenate([p[i] for p in parts]) for i in range(5))
    return Refits(b0, b1, v0, v1, v2)


def _split(estimate: Estimate, design: Reassignment) -> _Split:
    basis = linear(estimate, "randomization")
    kept = np.flatnonzero(np.diag(basis.bread) > 0)
    s, t = design.s[:, :, kept][:, :, :, kept], np.stack([design.r, design.shift], axis=-1)[:, :, kept]
    fixed = _fixed(s, t)
    f, m = np.flatnonzero(fixed), np.flatnonzero(~fixed)
    g = n_clusters(estimate)
    f_f = _by_village(s[:, 0][:, f][:, :, f], design.cluster, g)
    a = basis.contrasts[:, kept]
    return _Split(
        inverse=np.linalg.inv(f_f.sum(axis=0)) if len(f) else np.zeros((0, 0)),
        f_f=f_f,
        t_f=_by_village(t[:, 0][:, f], design.cluster, g),
        f_m=s[:, :, f][:, :, :, m].reshape(-1, len(f), len(m)),
        m_m=s[:, :, m][:, :, :, m].reshape(-1, len(m), len(m)),
        t_m=t[:, :, m].reshape(-1, len(m), 2),
        a_f=a[:, f],
        a_m=a[:, m],
        cluster=design.cluster,
        n_clusters=g,
    )


def _fixed(s: FloatArray, t: FloatArray) -> NDArray[np.bool_]:
    """Find the columns whose sums, with each other and with the targets, are the same under every arm."""
    size = np.abs(s).max()
    same = np.ptp(np.einsum("uckk->uck", s), axis=1).max(axis=0) <= SAME * size
    same &= np.ptp(t, axis=1).max(axis=(0, 2)) <= SAME * np.abs(t).max()
    block = s[:, :, same][:, :, :, same]
    if block.size and np.ptp(block, axis=1).max() > SAME * size:
        return np.zeros_like(same)
    return np.asarray(same, dtype=np.bool_)


def _by_village(values: FloatArray, cluster: Codes, n_clusters: int) -> FloatArray:
    out = np.zeros((n_clusters, *values.shape[1:]))
    np.add.at(out, cluster, values)
    return out


def _chunk(split: _Split, design: Reassignment, arms: Codes, wanted: list[bool]) -> tuple[FloatArray, ...]:
    n_units, n_arms = design.r.shape[:2]
    place = arms + np.arange(n_units) * n_arms
    pick = np.zeros((len(arms), n_units * n_arms))
    np.put_along_axis(pick, place, 1.0, axis=1)
    c, d, t_m = (np.tensordot(pick, v, axes=1) for v in (split.f_m, split.m_m, split.t_m))
    fc = split.inverse @ c
    schur = _inverses(d - c.transpose(0, 2, 1) @ fc, d)
    ft = split.inverse @ split.t_f.sum(axis=0)
    beta_m = schur @ (t_m - c.transpose(0, 2, 1) @ ft)
    beta_f = ft - fc @ beta_m
    fa = split.inverse @ split.a_f.T
    u_m = schur @ (split.a_m.T - c.transpose(0, 2, 1) @ fa)
    u_f = fa - fc @ u_m
    b = split.a_f @ beta_f + split.a_m @ beta_m
    squares = np.full((3, len(arms), len(split.a_m)), np.nan)
    for j, both in enumerate(wanted):
        z = [
            _scores(split, place, u_f[:, :, j], u_m[:, :, j], beta_f[:, :, t], beta_m[:, :, t], t)
            for t in range(1 + both)
        ]
        squares[0, :, j] = np.einsum("bg,bg->b", z[0], z[0])
        if both:
            squares[1:, :, j] = np.einsum("bg,bg->b", z[0], z[1]), np.einsum("bg,bg->b", z[1], z[1])
    return b[:, :, 0], b[:, :, 1], squares[0], squares[1], squares[2]


def _scores(
    split: _Split, place: Codes, u_f: FloatArray, u_m: FloatArray, beta_f: FloatArray, beta_m: FloatArray, target: int
) -> FloatArray:
    """Return u'(t_v − S_vβ) of each village under each assignment, (B, G)."""
    village = u_f @ split.t_f[:, :, target].T - _outer(u_f, beta_f) @ split.f_f.reshape(split.n_clusters, -1).T
    option = u_m @ split.t_m[:, :, target].T - _outer(u_m, beta_m) @ split.m_m.reshape(len(split.m_m), -1).T
    option -= (_outer(u_f, beta_m) + _outer(beta_f, u_m)) @ split.f_m.reshape(len(split.f_m), -1).T
    unit = np.take_along_axis(option, place, axis=1)
    if len(split.cluster) == split.n_clusters:
        village[:, split.cluster] += unit
        return village
    np.add.at(village.T, split.cluster, unit.T)
    return village


def _outer(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the products of all pairs of columns, (B, p·q)."""
    return (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)


def _inverses(schur: FloatArray, whole: FloatArray) -> FloatArray:
    """Invert each Schur complement; NaN where an assignment leaves a column undetermined."""
    scale = 1 / np.sqrt(np.maximum(np.einsum("bkk->bk", whole), np.finfo(float).tiny))
    scaled = schur * scale[:, :, None] * scale[:, None, :]
    if scaled.shape[1] == 1:
        with np.errstate(divide="ignore"):
            inverse = np.where(scaled > SINGULAR, 1 / scaled, np.nan)
    else:
        bad = np.linalg.eigvalsh(scaled)[:, 0] < SINGULAR
        scaled[bad] = np.eye(scaled.shape[1])
        inverse = np.linalg.inv(scaled)
        inverse[bad] = np.nan
    return np.asarray(inverse * scale[:, :, None] * scale[:, None, :], dtype=np.float64)
