"""The effect on those who took part because they were assigned to (LATE): 2SLS with assignment as instrument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from evalkit.errors import DataError, DesignError, UsageError
from evalkit.estimators.itt import itt
from evalkit.estimators.linear import independent_columns
from evalkit.moments import Moments
from evalkit.panel import Panel
from evalkit.results import Estimate, FloatArray, Influence, Linear

LATE = frozenset({"late", "late_ancova"})
"""Estimators with assignment as instrument; their terms are the same."""
NO_FIRST_STAGE = 1e-12
"""A difference in take-up below this is rounding."""
WEAK = 10.0
"""With a first-stage F below this the usual interval is not to be trusted (Staiger & Stock 1997)."""


def late(
    data: Moments | Panel, outcome: str | None = None, *, strata: bool = True, covariates: Sequence[str] = ()
) -> Estimate:
    """Estimate the effect of taking part on those who do so because they were assigned to, in the last round.

    The design's treatment is the assignment (the instrument), its ``take_up`` is who took part.

    Parameters
    ----------
    data : Moments or Panel
        Moments are sufficient without household covariates; with them the Panel is needed.
    outcome : str, optional
        May be left out where there is one.
    strata : bool
        Whether to include an effect for each stratum of the design.
    covariates : sequence of str
        Household columns of the Panel; they stand in both stages.

    Returns
    -------
    Estimate
        Terms ``late``, ``first_stage`` (take-up by assignment) and ``reduced_form`` (outcome by assignment); the column
        ``first_stage_f`` of `late` is the clustered F.

    Raises
    ------
    DesignError
        The design names no take-up, or assignment does not move it.
    DataError
        Outcome and take-up were summed over different households.

    Notes
    -----
    Just identified: β = reduced form / first stage. With u = y − βd − Xγ the score of village v is z̃_v'u_v, so its
    influence is (ψ_v^y − β ψ_v^d)/first stage, both ψ from the two regressions on assignment (Imbens & Angrist 1994;
    Wooldridge 2010, eq. 5.24). N − K counts the columns of the second stage (ivregress small, linearmodels debiased).
    The interval that holds with a weak first stage is the method ``anderson_rubin`` of `infer`.
    """
    effect, taken = _both(data, outcome, strata, covariates)
    y, d = (_regression(e) for e in (effect, taken))
    first, reduced = float(taken.values[0]), float(effect.values[0])
    if abs(first) < NO_FIRST_STAGE:
        raise DesignError(
            "late",
            "take-up is the same share among those assigned and the others",
            "an assignment that moves take-up",
            "check the take-up column, or report itt",
        )
    beta = reduced / first
    psi_y, psi_d = _influence(y), _influence(d)
    sums, counts = y.sums, effect.counts
    g, n = len(sums.clusters), counts.n_obs
    factor = g / (g - 1) * (n - 1) / (n - y.k_dof) if g > 1 and n > y.k_dof else float("nan")
    psi = np.column_stack([(psi_y - beta * psi_d) / first, psi_d, psi_y])
    size_y, size_d = (float(np.abs(e.contrasts[0] @ e.bread) @ np.abs(e.sums.r1).sum(axis=0)) for e in (y, d))
    scale = np.array([size_y / abs(first), size_d, size_y])
    basis = Influence(sums.clusters, sums.treated, sums.untreated, psi, factor, _left_out(y, d), scale=scale)
    f = first**2 / (factor * float(psi_d @ psi_d)) if float(psi_d @ psi_d) > 0 else float("nan")
    return Estimate(
        "late",
        effect.outcome,
        ("late", "first_stage", "reduced_form"),
        np.array([beta, first, reduced]),
        basis,
        counts,
        {"first_stage_f": (f if np.isfinite(f) else None, None, None)},
        (*effect.notes, *_notes(f)),
    )


def _both(
    data: Moments | Panel, outcome: str | None, strata: bool, covariates: Sequence[str]
) -> tuple[Estimate, Estimate]:
    """Return the regressions of outcome and of take-up on assignment, over the same rows."""
    taken = data.design.take_up
    if taken is None:
        raise DesignError(
            "late",
            "the design names no take-up",
            "the column that says who took part",
            "give take_up in the design (evalkit estimate: --treatment TAKE_UP --instrument ASSIGNMENT)",
        )
    if isinstance(data, Panel):
        panels = data, replace(data, outcome=taken)
        fits = [itt(p, p.outcome, strata=strata, covariates=covariates) for p in panels]
        return fits[0], fits[1]
    name, _ = data.of(outcome)
    _require_joint(data, name, taken)
    if covariates:
        raise UsageError("late", "covariates with Moments", "a Panel, which has the households' rows", "pass the Panel")
    return itt(data, name, strata=strata), itt(data, taken, strata=strata)


def _require_joint(moments: Moments, name: str, taken: str) -> None:
    """Refuse sums of which some row lacks the outcome or the take-up: each must count every row of the moments."""
    total = sum(p.n_rows for p in moments.parts)
    rows = {k: int((c.n_units * c.attended.sum(axis=1)).sum()) for k, c in moments.cells.items() if k in (name, taken)}
    if any(rows.get(k) != total for k in (name, taken)):
        raise DataError(
            "late",
            f"of {total} rows {rows.get(name, 0)} have {name!r} and {rows.get(taken, 0)} have {taken!r}",
            "outcome and take-up summed over the same rows",
            "make moments of this outcome alone, with the take-up in the design",
        )


def _regression(estimate: Estimate) -> Linear:
    if not isinstance(estimate.basis, Linear):
        raise TypeError(type(estimate.basis))
    return estimate.basis


def _influence(basis: Linear) -> FloatArray:
    """Return what each village moves in the coefficient of assignment, (G,)."""
    scores = basis.sums.r1 - basis.sums.s1 @ basis.beta
    return np.asarray(scores @ basis.bread @ basis.contrasts[0], dtype=np.float64)


def _left_out(y: Linear, d: Linear) -> Callable[[], FloatArray]:
    """Return the three terms without each village, (G, 3); NaN where the others have one arm, or no first stage."""

    def build() -> FloatArray:
        gram, right = y.sums.s1.sum(axis=0), np.stack([y.sums.r1.sum(axis=0), d.sums.r1.sum(axis=0)], axis=1)
        own = np.stack([y.sums.r1, d.sums.r1], axis=2)
        return np.array([_ratio(gram - s, right - r) for s, r in zip(y.sums.s1, own, strict=True)])

    return build


def _ratio(gram: FloatArray, right: FloatArray) -> FloatArray:
    scale = np.sqrt(np.clip(np.diag(gram), 1e-300, None))
    kept = independent_columns(gram)
    if not kept[-1]:
        return np.full(3, np.nan)
    at = np.flatnonzero(kept)
    scaled = gram[np.ix_(at, at)] / np.outer(scale[at], scale[at])
    reduced, first = np.linalg.solve(scaled, right[at] / scale[at, None])[-1] / scale[-1]
    late_ = reduced / first if abs(first) > NO_FIRST_STAGE else np.nan
    return np.array([late_, first, reduced])


def _notes(f: float) -> tuple[str, ...]:
    if f >= WEAK or not np.isfinite(f):
        return ()
    return (f"weak first stage (clustered F = {f:.1f}): trust only the interval of method anderson_rubin",)
