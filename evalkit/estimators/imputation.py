"""Imputation (Borusyak, Jaravel & Spiess 2024), from Moments: what treated rows show beyond untreated ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalkit.errors import DataError, UsageError
from evalkit.estimators.imputed import Effects, effects_of
from evalkit.estimators.leads import Leads, leads_of
from evalkit.estimators.untreated import Split, Untreated, split_rows, untreated_sums
from evalkit.estimators.within import followed, villages_with
from evalkit.moments import Moments
from evalkit.results import Counts, Estimate, FloatArray, Influence

Average = Literal["cluster", "unit"]


def imputation(
    moments: Moments,
    outcome: str | None = None,
    *,
    anticipation: int | None = None,
    leads: int = 0,
    average: Average = "cluster",
) -> Estimate:
    """Estimate effects as treated rows less what untreated rows predict for them, averaged over treated rows.

    Household and round effects are fitted on untreated rows alone, so no early adopter serves as comparison while its
    effect still grows. Right under parallel trends whatever the effects are.

    Parameters
    ----------
    moments : Moments
        With one weight a household.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    anticipation : int, optional
        Rounds before adoption that are not taken as untreated; the design's where left out. They are imputed too.
    leads : int
        Rounds before that for which pre-trends are estimated, by a regression of their own on untreated rows only; the
        rounds before them, and villages that are never treated, are what they are compared with.
    average : {"cluster", "unit"}
        Over what the variance takes the average effect of a cohort and round: villages, as Stata's did_imputation with
        clusters, or households, as diff-diff.

    Returns
    -------
    Estimate
        Terms ``att`` (all imputed rows from adoption on, weighted by their weight), ``event_time=k`` for treated
        rounds and leads; columns ``event_time``, ``n_treated_units`` and ``n_treated_villages``.

    Raises
    ------
    DataError
        Weights change between rounds; ``average="unit"`` with weights.
    DesignError
        No treated row can be imputed.
    UsageError
        An unknown average, or a negative number of leads.

    Notes
    -----
    First stage y = α_i + β_t + ε on untreated rows S_i of household i: β = (Σ w M_i)⁻ Σ w M_i y, α_i the mean of
    y − β over S_i; τ_it = y_it − α_i − β_t (the paper's section 4.1). Influence of village v (its equations 7 and 8):
    Σ w (τ_it − τ̃_gt) over its treated rows less c'(Σ w M)⁻ Σ_i w M_i(y − β), where c is what the effects of rounds take
    off the term, and τ̃_gt = Σ_v w_v Σ_{i in v} w τ / Σ_v w_v², w_v the village's weight in cohort g and round t. There
    is no small-sample factor; the influence of leads holds that of CRV1. Where a cohort and round is seen in one
    village, its effect is its own average and adds nothing: a term of such rounds alone has no interval by crv1, and
    the notes name event times that rest on some.
    """
    _require_known(moments, average, leads)
    name, cells = moments.of(outcome)
    ahead = moments.design.anticipation if anticipation is None else anticipation
    cells, singles = followed(cells)
    split = split_rows(moments, cells, ahead)
    untreated = untreated_sums(split)
    after = effects_of(moments, split, untreated, by_unit=average == "unit")
    before = leads_of(moments, split, untreated.village, ahead, leads)
    times = (*before.times, *after.times)
    basis = _basis(moments, split, untreated, after, before)
    columns = {
        "event_time": (None, *times),
        "n_treated_units": (max(after.units), *before.units, *after.units),
        "n_treated_villages": (after.villages[0], *before.villages, *after.villages[1:]),
    }
    return Estimate(
        "imputation",
        name,
        ("att", *(f"event_time={k}" for k in times)),
        _in_order(after.values, before.values),
        basis,
        _counts(split, basis, singles),
        columns,
        _notes(split, average, before, after),
    )


def _require_known(moments: Moments, average: Average, leads: int) -> None:
    if average not in ("cluster", "unit") or leads < 0:
        raise UsageError(
            "imputation", f"average={average!r}, leads={leads}", "cluster or unit, 0 leads or more", "correct it"
        )
    if average == "unit" and moments.design.weights is not None:
        raise DataError(
            "imputation",
            "average='unit' with weights",
            "Σ w² y, which moments do not hold",
            "use average='cluster', or leave the weights out",
        )


def _in_order(after: FloatArray, before: FloatArray) -> FloatArray:
    """Join values of ``att`` and the treated rounds with those of leads along the last axis: leads follow ``att``."""
    return np.concatenate([after[..., :1], before, after[..., 1:]], axis=-1)


def _basis(moments: Moments, split: Split, untreated: Untreated, after: Effects, before: Leads) -> Influence:
    village = untreated.village

    def left_out() -> FloatArray:
        return _in_order(after.without_each(), before.without_each())

    return Influence(
        clusters=tuple(moments.clusters[v] for v in village),
        treated=villages_with(moments, split.cells, treated=True)[village],
        untreated=_serving(split, len(moments.clusters))[village],
        psi=_in_order(after.psi, before.psi),
        left_out=left_out,
    )


def _serving(split: Split, n_villages: int) -> NDArray[np.bool_]:
    """Say which villages have untreated rows in a round in which others' treated rows are imputed, (G,)."""
    served = split.before & split.imputed.any(axis=0)
    return np.bincount(split.cells.cluster[served.any(axis=1)], minlength=n_villages) > 0


def _counts(split: Split, basis: Influence, singles: int) -> Counts:
    """Count the rows that are untreated or imputed, and their households and villages."""
    n = split.cells.n_units
    rows = int((n[:, None] * (split.before | split.imputed)).sum())
    treated, untreated = int(basis.treated.sum()), int(basis.untreated.sum())
    return Counts(rows, int(n.sum()), len(basis.clusters), treated, untreated, singles)


def _notes(split: Split, average: Average, before: Leads, after: Effects) -> tuple[str, ...]:
    notes = []
    if split.n_always:
        notes.append(f"{split.n_always} households without an untreated round were left out")
    if split.n_beyond:
        notes.append(f"{split.n_beyond} treated rows were left out: no untreated rows tell the effect of their round")
    if before.times:
        names = ", ".join(f"event_time={k}" for k in before.times)
        notes.append(f"estimated on untreated rows only, as leads: {names}")
    if after.lone:
        who = "one village" if average == "cluster" else "one household"
        notes.append(
            f"at event times {', '.join(map(str, after.lone))} a cohort is seen in {who} only: "
            "crv1 cannot see how its effect varies, crv3 (the jackknife) can"
        )
    return tuple(notes)
