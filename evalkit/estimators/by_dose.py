"""Level effects by dose: what villages with little and with much of a programme gained beside villages without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Comparison
from evalkit.errors import UsageError, listed
from evalkit.estimators.dose_groups import FEWEST, DoseGroups, Split, dose_edges, split_by_dose
from evalkit.estimators.group_cells import GroupCells, Pair, Sample, pairs_of, sum_pairs
from evalkit.estimators.group_choices import require_choices
from evalkit.estimators.group_time import cohort_weights, households_in, sample_for, sampled
from evalkit.estimators.within import villages_with
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.results import Counts, Estimate, FloatArray, Influence


def by_dose(
    moments: Moments,
    dose: Mapping[str, float],
    cuts: Sequence[float],
    outcome: str | None = None,
    *,
    comparison: Comparison | None = None,
    sample: Sample | None = None,
    slopes: bool = False,
    before: bool = False,
) -> Estimate:
    """Estimate the level effect ATT(d|d) of each dose group, and their mean over treated villages, ATT^loc.

    Parameters
    ----------
    moments : Moments
        Sums by village are sufficient, for a dose is a number of the village.
    dose : mapping of str to float
        The dose of every village that starts within the rounds, above 0; others may be left out or have 0.
    cuts : sequence of float
        Lower ends of all dose groups but the first, ascending; stated before results are seen.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    comparison : {"never", "not_yet"}, optional
        As in `group_time`; of whatever dose.
    sample : {"pairwise", "all_rows", "complete"}, optional
        As in `group_time`.
    slopes : bool
        Also what one more unit of dose goes with, between neighbouring groups. To be read as an effect of the dose it
        takes *strong* parallel trends: with the same dose, villages of all groups would have gained the same.
    before : bool
        Instead, what a look at earlier rounds shows: how much more each group changed from one round to the next,
        before its start (and before `anticipation`), than villages did that start later or never, on average over
        households and rounds. Under plain parallel trends all terms are 0.

    Returns
    -------
    Estimate
        ``att`` (ATT^loc), then ``dose=1``, ``dose=2`` … by rising dose and, where asked for, ``slope=2`` (from the
        first group to the second) …, in units of the outcome per unit of dose. Columns: ``dose_low`` and ``dose_high``
        (ends of the group, the last is open), ``dose_mean``, ``n_treated_units``, ``n_treated_villages``. A group of
        fewer than four villages has a value without interval, and so have slopes from and to it.

    Raises
    ------
    DataError
        A village that starts has no dose above 0, or one that never starts has one.
    DesignError
        Households and not villages were assigned; no village of a group can be compared (``before``: a group has no
        two rounds before its start).
    UsageError
        No cuts, or cuts that do not ascend; an unknown choice; slopes before the start.

    Notes
    -----
    ATT(d|d) = E[ΔY | D = d] − E[ΔY | untreated] is what villages with dose d gained from it, if without the programme
    they would have changed as untreated ones did (plain parallel trends). Two groups also differ in whatever set their
    doses, so the difference between their effects is no effect of the dose. Starts and rounds are compared as in
    `group_time` and averaged over households and rounds, as its ``att`` is; diff-diff's ContinuousDiD averages the
    rounds of each start first, and differs where there are several starts.

    References
    ----------
    Callaway, Goodman-Bacon & Sant'Anna (2024), Difference-in-differences with a continuous treatment, NBER w32117.
    """
    require_choices(comparison=comparison, sample=sample)
    _require_effects(slopes, before)
    edges = dose_edges(cuts)
    name, every = moments.of(outcome, pooled=True)
    sample = sample_for(moments, sample)
    split = split_by_dose(moments, sampled(every, sample), dose, edges)
    pairs = _pairs(split.moments, comparison or moments.design.comparison, before)
    sums = sum_pairs(split.moments, split.cells, pairs, sample)
    group = np.array([split.group[p.cohort] for p in pairs], dtype=np.int64)
    weight = cohort_weights(split.moments, split.cells, pairs)
    found = DoseGroups(sums.values(), sums.influence(), weight, split.doses, group, edges, slopes)
    found.require(before)
    treated = villages_with(moments, every, treated=True)
    basis = _basis(split, sums, found, treated, _serving(split, pairs, sums))
    return Estimate(
        estimator="by_dose",
        outcome=name,
        terms=found.terms,
        values=found.values(),
        basis=basis,
        counts=_counts(split.cells, sums, basis),
        columns=found.columns(sums.units),
        notes=tuple(_notes(found)),
    )


def _basis(
    split: Split, sums: GroupCells, found: DoseGroups, treated: NDArray[np.bool_], serving: NDArray[np.bool_]
) -> Influence:
    """Return ψ by village that any term rests on, and the terms without each."""
    inside: NDArray[np.bool_] = np.asarray((found.weight > 0).any(axis=1))
    inside[split.cells.cluster[sums.used.any(axis=1)]] = True
    at = np.flatnonzero(inside)

    def left_out() -> FloatArray:
        return found.without_each(sums.without_each())[at]

    return Influence(
        clusters=tuple(split.moments.clusters[v] for v in at),
        treated=treated[at],
        untreated=serving[at],
        psi=found.influence()[at],
        left_out=left_out,
        arms=found.arms(int(serving.sum())),
    )


def _pairs(moments: Moments, comparison: Comparison, before: bool) -> list[Pair]:
    """Return the pairs (start and dose group, round) from the start on, or those of a round and the next before it.

    Before the start as after it, a dose group is compared with villages that start later, or never.
    """
    ahead, start = moments.design.anticipation, moments.cohorts
    pairs = pairs_of(moments, comparison, "varying", ahead)
    if not before:
        return [p for p in pairs if moments.periods[p.time] >= (start[p.cohort] or 0)]
    early = [p for p in pairs if moments.periods[p.time] < (start[p.cohort] or 0) - ahead]
    others = [tuple(k for k in p.comparison if (start[k] or np.inf) > (start[p.cohort] or 0)) for p in early]
    return [replace(p, comparison=rest) for p, rest in zip(early, others, strict=True)]


def _serving(split: Split, pairs: Sequence[Pair], sums: GroupCells) -> NDArray[np.bool_]:
    """Return which villages have households in the comparison of any pair, (G,)."""
    served = np.isin(split.cells.cohort, sorted({k for p in pairs for k in p.comparison}))
    found = np.zeros(len(split.moments.clusters), dtype=np.bool_)
    found[split.cells.cluster[served & sums.used.any(axis=1)]] = True
    return found


def _require_effects(slopes: bool, before: bool) -> None:
    if slopes and before:
        raise UsageError("by_dose", "slopes before the start", "slopes of effects", "leave out one of the two")


def _counts(cells: Cells, sums: GroupCells, basis: Influence) -> Counts:
    return Counts(
        n_obs=int((cells.n_at * sums.used).sum()),
        n_units=households_in(cells, sums.used),
        n_clusters=len(basis.clusters),
        n_treated_clusters=int(basis.treated.sum()),
        n_comparison_clusters=int(basis.untreated.sum()),
    )


def _notes(found: DoseGroups) -> Iterator[str]:
    few = [str(j + 1) for j, n in enumerate(found.n_villages) if n < FEWEST]
    if few:
        yield f"no interval for dose groups of fewer than {FEWEST} villages: {listed(few)}"
    lost = int(np.isnan(found.att).sum())
    if lost:
        yield f"{lost} of {len(found.att)} starts and rounds by dose have nobody to compare and are left out"
