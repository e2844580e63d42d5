"""CRV2 with Satterthwaite degrees of freedom (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018), from village sums.

The rows of village v enter only through U_v = [X_v, W_v X_v] (or X_v, without weights). With Q = (ΣS_v)⁻ the bias-
reducing matrix of clubSandwich and estimatr is A_v = B_v^{+½} with B_v = (I − H)_v (I − H)_v' = I + U_v C U_v',
which differs from the identity only within the span of U_v; so its action is found in 2K dimensions from the Gram
matrix N_v = U_v'U_v, whatever the number of rows. Household effects nested in villages cancel.

Working model: errors independent with one variance. Where a weight changes between a household's rounds, the working
variance is the inverse weight instead, for which S_v alone is sufficient: CR2 of the rows scaled by the root of their
weight (clubSandwich's inverse_var takes another root of the same equation, which needs the rows).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.inference.basis import linear
from evalkit.inference.crv1 import scores
from evalkit.inference.student import by_student
from evalkit.results import Estimate, FloatArray, Inference, Linear

NULL = 1e-9
"""An eigenvalue of I + RCR' below this is taken as zero: a village that some coefficient fits exactly."""
NULL_SHARE = 1e-6
"""A term is undefined where more than this share of its weight lies in such a village's null space."""
RANK = 1e-12
"""Directions of a village's regressors with less than this share of the largest are rounding."""


@dataclass(frozen=True, slots=True)
class _Working:
    """What the adjustment needs: N_v (G, p, p), C (p, p), U_v'e_v (G, p), and γ (p, m) with q_v = U_v γ.

    ``plain`` (p, m) gives X_vQc instead: a null direction u = W_vX_vd of v meets it in u'X_vQc = d'c, the share of the
    contrast that v alone determines (W_vX_vQc meets u even where d'c = 0, and there u'e_v = 0 whatever the errors).
    """

    gram: FloatArray
    c: FloatArray
    residual: FloatArray
    gamma: FloatArray
    plain: FloatArray


def crv2(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return intervals from CRV2 with Satterthwaite degrees of freedom, each term with its own.

    A term is null where its contrast rests on a village that it fits exactly (a cohort of one village).

    Raises
    ------
    DesignError
        There is one village.
    """
    basis = linear(estimate, "crv2")
    if len(basis.sums.clusters) < 2:
        raise DesignError("crv2", "there is one village", "at least two", "no interval can be given from one village")
    part = adjusted(basis)
    se = np.sqrt((part.z * part.z).sum(axis=0))
    df = _satterthwaite(part)
    return by_student(estimate, "crv2", se, df, level, _reason(estimate, df))


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What each village moves in the terms, adjusted: ``z`` (G, m), V = z'z; NaN where a term rests on one village.

    Under the working model cov(z_us, z_vt) = δ_uv α_vs'α_vt + f_us' C f_vt with ``alpha`` and ``inside`` = f (G, p, m).
    """

    z: FloatArray
    alpha: FloatArray
    inside: FloatArray
    c: FloatArray


_KEPT: deque[tuple[Linear, Adjusted]] = deque(maxlen=2)
"""The last regressions that were adjusted: interval, band, joint test and drift of one path ask for the same."""


def adjusted(basis: Linear) -> Adjusted:
    """Return the adjusted scores of the terms, A_v q_v'e_v, and what their variance under the working model needs."""
    for known, part in _KEPT:
        if known is basis:
            return part
    part = _adjusted(basis)
    _KEPT.append((basis, part))
    return part


def _adjusted(basis: Linear) -> Adjusted:
    working = _working(basis)
    span = _adjustment(working)
    weights = span.root @ working.gamma
    residual = np.einsum("gpq,gq->gp", span.back, working.residual)
    z = np.einsum("gpm,gpq,gq->gm", weights, span.half, residual)
    z[:, _rests_on_null(span.root @ working.plain, span.null)] = np.nan
    alpha = span.half @ weights
    return Adjusted(z, alpha, np.einsum("gpq,gpm->gqm", span.root, alpha), working.c)


def _working(basis: Linear) -> _Working:
    sums, q = basis.sums, basis.bread
    gamma = q @ basis.contrasts.T
    if not sums.weighted or sums.s0 is None or sums.s2 is None or sums.r0 is None:
        return _Working(sums.s1, -q, scores(basis), gamma, gamma)
    k = len(q)
    gram = np.block([[sums.s0, sums.s1], [sums.s1, sums.s2]])
    c = np.block([[q @ sums.s2.sum(axis=0) @ q, -q], [-q, np.zeros((k, k))]])
    residual = np.concatenate([sums.r0 - sums.s0 @ basis.beta, scores(basis)], axis=1)
    zero = np.zeros_like(gamma)
    return _Working(gram, c, residual, np.concatenate([zero, gamma]), np.concatenate([gamma, zero]))


@dataclass(frozen=True, slots=True)
class _Span:
    """U_v = O_v R_v in an orthonormal basis O_v of its span, each (G, p, p).

    ``root`` = R_v, ``back`` = R_v'⁻ (from U_v'e to coordinates of e), ``half`` = (I + R C R')^{+½}, ``null`` its null
    space.
    """

    root: FloatArray
    back: FloatArray
    half: FloatArray
    null: FloatArray


def _adjustment(working: _Working) -> _Span:
    size = np.sqrt(np.einsum("gkk->k", working.gram))
    scale = np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(working.gram / np.outer(scale, scale))
    used = values > RANK * values.max(axis=1, keepdims=True)
    length = np.sqrt(np.where(used, values, 1.0))
    basis = vectors.transpose(0, 2, 1) * used[:, :, None]
    root = basis * length[:, :, None] * scale
    back = basis / length[:, :, None] / scale
    inner = np.eye(root.shape[1]) + root @ working.c @ root.transpose(0, 2, 1)
    lam, vec = np.linalg.eigh((inner + inner.transpose(0, 2, 1)) / 2)
    zero = lam < NULL
    power = np.where(zero, 0.0, 1 / np.sqrt(np.where(zero, 1.0, lam)))
    half = (vec * power[:, None, :]) @ vec.transpose(0, 2, 1)
    return _Span(root, back, half, (vec * zero[:, None, :]) @ vec.transpose(0, 2, 1))


def _rests_on_null(weights: FloatArray, null: FloatArray) -> NDArray[np.bool_]:
    """Whether a term's X_vQc (G, p, m) has a part that the adjustment cannot restore."""
    lost = np.linalg.norm(null @ weights, axis=1)
    size = np.linalg.norm(weights, axis=1).max(axis=0)
    return np.asarray((lost > NULL_SHARE * size).any(axis=0))


def _satterthwaite(part: Adjusted) -> FloatArray:
    """Return tr(P)²/tr(P²) for each term, P_uv = cov(z_u, z_v): δ_uv d_v + f_u'C f_v with d_v = |A_v q_v|²."""
    d = np.einsum("gpm,gpm->gm", part.alpha, part.alpha)
    own = np.einsum("gqm,qr,grm->gm", part.inside, part.c, part.inside)
    outer = np.einsum("gqm,grm->mqr", part.inside, part.inside)
    cross = np.einsum("mqr,mrq->m", part.c @ outer, part.c @ outer)
    total = (d + own).sum(axis=0)
    square = (d * d + 2 * d * own).sum(axis=0) + cross
    return np.asarray(np.where(square > 0, total * total / np.where(square > 0, square, 1.0), np.nan))


def _reason(estimate: Estimate, df: FloatArray) -> str:
    g = estimate.counts.n_clusters
    pilot = estimate.counts.n_treated_clusters
    return f"{g} villages, {pilot} with treated households: CRV2 with {df[0]:.1f} degrees of freedom"
