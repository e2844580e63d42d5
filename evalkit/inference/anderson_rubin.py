"""Anderson–Rubin: the effects that the reduced form does not reject, right however weak the first stage is."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.inference.basis import n_clusters
from evalkit.inference.student import by_student, critical
from evalkit.results import Estimate, FloatArray, Inference, Influence

TERMS = ("late", "first_stage", "reduced_form")


def anderson_rubin(estimate: Estimate, level: float = 0.95) -> Inference:
    """Return the set {β : |t(β)| ≤ t_{G−1}} of `late`, t that of assignment in y − βd, clustered by village.

    With b the reduced form and first stage and V their CRV1 covariance, the set solves
    (b_d² − c²V_dd) β² − 2 (b_y b_d − c²V_yd) β + b_y² − c²V_yy ≤ 0 (Anderson & Rubin 1949; Fieller 1954). It is an
    interval where the first stage is clear of zero; else everything, or everything but an interval: these have no two
    ends, so the ends are null and a note gives the set. The p-value of `late` is that of the reduced form; it has no
    standard error here. The other terms have their CRV1 intervals.

    Raises
    ------
    DesignError
        The estimate is not from `late`, or there is one village.
    """
    basis = estimate.basis
    if estimate.terms != TERMS or not isinstance(basis, Influence):
        raise DesignError(
            "inference 'anderson_rubin'",
            f"{estimate.estimator} has no instrument",
            "an estimate of late",
            "use another method",
        )
    g = n_clusters(estimate)
    if g < 2:
        raise DesignError("anderson_rubin", "there is one village", "at least two", "no interval follows from one")
    first = estimate.values[1]
    psi = np.column_stack([basis.psi[:, 2], basis.psi[:, 1]])
    v = basis.factor * psi.T @ psi
    se = np.sqrt(np.array([v[0, 0] / first**2, v[1, 1], v[0, 0]]))
    usual = by_student(estimate, "anderson_rubin", se, np.full(3, g - 1.0), level, f"{g} villages, by inversion")
    low, high, note = _solve(estimate.values[[2, 1]], v, critical(g - 1.0, level))
    return Inference(
        estimate,
        "anderson_rubin",
        _replace_first(usual.std_error, np.nan),
        usual.df,
        _replace_first(usual.statistic, usual.statistic[2]),
        usual.p_value,
        _replace_first(usual.conf_low, low),
        _replace_first(usual.conf_high, high),
        level,
        f"Anderson-Rubin over {g} villages, t with {g - 1} degrees of freedom",
        (note,) if note else (),
    )


def _solve(b: FloatArray, v: FloatArray, c: float) -> tuple[float, float, str]:
    """Return the two ends of the set, or NaN and what the set is."""
    square = b[1] ** 2 - c**2 * v[1, 1]
    half = b[0] * b[1] - c**2 * v[0, 1]
    rest = b[0] ** 2 - c**2 * v[0, 0]
    inside = half**2 - square * rest
    if square > 0:
        root = np.sqrt(max(inside, 0.0))
        return (half - root) / square, (half + root) / square, ""
    nothing = float("nan"), float("nan")
    if square == 0 or inside <= 0:
        return *nothing, "the Anderson-Rubin set is unbounded: no effect can be excluded on at least one side"
    low, high = sorted([(half - np.sqrt(inside)) / square, (half + np.sqrt(inside)) / square])
    return *nothing, f"the Anderson-Rubin set is disjoint: all effects but those between {low:.6g} and {high:.6g}"


def _replace_first(values: FloatArray, first: float) -> FloatArray:
    return np.concatenate([[first], values[1:]])
