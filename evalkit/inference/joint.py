"""Joint tests: whether several terms are all zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.errors import UsageError, nearest
from evalkit.inference.basis import is_fixed, n_clusters
from evalkit.inference.contributions import contributions
from evalkit.inference.crv2 import Adjusted, adjusted
from evalkit.results import FloatArray, Inference, Linear


@dataclass(frozen=True, slots=True)
class JointTest:
    """An F statistic of `df_num` terms with `df_den` degrees of freedom, and its p-value."""

    statistic: float
    df_num: int
    df_den: float
    p_value: float


def joint_test(inference: Inference, terms: Sequence[str]) -> JointTest | None:
    """Test that all these terms are zero: Wald's statistic with the method's covariance.

    `crv1`, `crv3` and `jackknife`: W/q against F(q, G − 1), as Stata and fixest test; it rejects too often with few or
    unequal villages. `crv2`: Hotelling's T² with the degrees of freedom η that fit the first
    two moments of the covariance under the working model, (η − q + 1)/(η q) W against F(q, η − q + 1) (Pustejovsky &
    Tipton 2018, section 3.2, "AHT"); with one term it is the t-test of `crv2`.

    Returns
    -------
    JointTest or None
        None where the test is not defined: the method has no covariance (`wild`, `randomization`), a term has no
        standard error, or there are too few villages for so many terms. Fixed terms are left out.

    Raises
    ------
    UsageError
        A term is unknown.
    """
    estimate = inference.estimate
    unknown = [t for t in terms if t not in estimate.terms]
    if unknown:
        near = nearest(unknown[0], estimate.terms)
        raise UsageError(
            "joint test", f"term {unknown[0]!r} is unknown ({near})", "terms of the estimate", "correct it"
        )
    fixed = is_fixed(estimate)
    place = [j for j in map(estimate.terms.index, terms) if not fixed[j]]
    part = adjusted(estimate.basis) if inference.method == "crv2" and isinstance(estimate.basis, Linear) else None
    z = contributions(inference) if part is None else part.z
    if z is None or not place or not np.isfinite(inference.std_error[place]).all():
        return None
    q, g = len(place), n_clusters(estimate)
    w = _wald(estimate.values[place], z[:, place])
    df = g - 1.0
    if part is not None:
        eta = _hotelling(part, place)
        df, w = eta - q + 1, w * (eta - q + 1) / eta
    return _against_f(w / q, q, df) if np.isfinite(w) and g > q and df > 0 else None


def _against_f(statistic: float, q: int, df: float) -> JointTest:
    from scipy.special import fdtrc

    return JointTest(statistic, q, df, float(fdtrc(q, df, statistic)))


def _wald(values: FloatArray, z: FloatArray) -> float:
    """Return b'V⁻¹b with V = z'z; NaN where V is singular."""
    size = np.linalg.norm(z, axis=0)
    roots, vectors = np.linalg.eigh((z / size).T @ (z / size))
    if roots[0] < 1e-10 * roots[-1]:
        return float("nan")
    return float(((vectors.T @ (values / size)) ** 2 / roots).sum())


def _hotelling(part: Adjusted, place: Sequence[int]) -> float:
    """Return η = q(q + 1)/Σ_st var(D_st), D the covariance of the terms in units of its expectation.

    With M_uv = cov(z_u, z_v) in those units, Σ_st var(D_st) = Σ_uv (tr M_uv)² + tr(M_uv M_uv); the parts f_u'C f_v of
    M_uv sum over pairs of villages through W_st = Σ_v f_vs f_vt'.
    """
    alpha, inside, c = part.alpha[:, :, place], part.inside[:, :, place], part.c
    mean = np.tensordot(alpha, alpha, ((0, 1), (0, 1))) + np.tensordot(inside, c @ inside, ((0, 1), (0, 1)))
    roots, vectors = np.linalg.eigh(mean)
    unit = vectors / np.sqrt(roots)
    alpha, inside = alpha @ unit, inside @ unit
    d = alpha.transpose(0, 2, 1) @ alpha
    own = inside.transpose(0, 2, 1) @ c @ inside
    trace_d, trace_own = np.einsum("gss->g", d), np.einsum("gss->g", own)
    alone = trace_d**2 + 2 * trace_d * trace_own + np.einsum("gst,gts->g", d, d) + 2 * np.einsum("gst,gts->g", d, own)
    cw = np.tensordot(c @ inside, inside, (0, 0))  # CW_st at [p, s, r, t]
    pairs = np.vdot(cw, cw.transpose(2, 3, 0, 1)) + np.vdot(cw, cw.transpose(2, 1, 0, 3))
    q = len(place)
    return float(q * (q + 1) / (alone.sum() + pairs))
