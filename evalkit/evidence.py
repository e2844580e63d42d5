"""The evidence that the gate weighs, read from a programme's result and its diagnostics."""

from __future__ import annotations

import math

import polars as pl

from evalkit.diagnostics import CutoffChecks, FourCell, Match, PreTrend
from evalkit.gate import Evidence
from evalkit.inference.auto import arm_villages
from evalkit.inference.basis import matched_rounds
from evalkit.inference.lone_pilot import covers_one_pilot
from evalkit.programme import Programme
from evalkit.results import Inference


def evidence_of(
    programme: Programme,
    main: Inference,
    leads: PreTrend | None,
    lost: pl.DataFrame | None,
    cells: FourCell,
    fit: Match | None = None,
    checks: CutoffChecks | None = None,
) -> Evidence:
    """Collect what decides which sentence may be written."""
    pilot, comparison = arm_villages(main.estimate)
    return Evidence(
        assignment=programme.design.assignment if checks is None else "threshold",
        n_pilot=pilot,
        n_comparison=comparison,
        has_interval=math.isfinite(float(main.conf_low[0])),
        n_leads=0 if leads is None else leads.n_leads * programme.design.path_step,
        pre_trend_p=None if leads is None else leads.p_joint,
        attrition=_unequal(lost),
        smallest_arm=_too_small(programme, cells, comparison),
        n_matched=matched_rounds(main.estimate),
        p_fit=None if fit is None else fit.p_fit,
        p_early=None if fit is None else fit.p_early,
        covers_one_pilot=covers_one_pilot(main.estimate, main.method),
        at_cutoff=checks is not None,
        density_p=None if checks is None else checks.density_p,
    )


def _unequal(lost: pl.DataFrame | None) -> tuple[float, float] | None:
    """Return the shares lost where the interval of their difference excludes 0."""
    if lost is None:
        return None
    shares = dict(lost.select("arm", "share_missing").iter_rows())
    row = lost.row(by_predicate=pl.col("arm") == "difference", named=True)
    if row["conf_low"] is None or row["conf_low"] <= 0 <= row["conf_high"]:
        return None
    return shares["pilot"], shares["comparison"]


def _too_small(programme: Programme, cells: FourCell, n_comparison: int) -> tuple[int, int] | None:
    """Return the smaller arm's households and villages where they may not be shown.

    An absent arm is another matter: where all villages start in the end, those not yet started are the comparison.
    Whatever the plan's thresholds are, what is about a single village is not for the public.
    """
    limits = programme.disclosure
    villages = limits.min_villages if limits.audience == "internal" else max(2, limits.min_villages)
    other = cells.row("comparison")
    arms = [cells.row("pilot")] + ([other] if n_comparison and other.n_units else [])
    small = [
        (r.n_units or 0, r.n_villages or 0)
        for r in arms
        if (r.n_units or 0) < limits.min_households or (r.n_villages or 0) < villages
    ]
    return min(small) if small else None
