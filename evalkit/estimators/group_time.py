"""Group-time effects of staggered programmes (Callaway & Sant'Anna 2021), from Moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.design import Comparison
from evalkit.errors import DataError, DesignError, UsageError, listed
from evalkit.estimators.aggregate import Aggregate, Averages, Place, averages
from evalkit.estimators.doubly_robust import Adjustment
from evalkit.estimators.group_balanced import balanced_effects
from evalkit.estimators.group_cells import Base, Effects, GroupCells, Pair, Sample, pairs_of, sum_pairs
from evalkit.estimators.group_choices import require_choices, rules
from evalkit.estimators.group_covariates import adjusted_pairs
from evalkit.estimators.within import villages_with
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.panel import Panel
from evalkit.results import Counts, Estimate, FloatArray, Influence


def group_time(  # noqa: PLR0913 - each is a choice that the literature names
    data: Moments | Panel,
    outcome: str | None = None,
    *,
    comparison: Comparison | None = None,
    base: Base = "varying",
    sample: Sample | None = None,
    anticipation: int | None = None,
    aggregate: Aggregate = "simple",
    covariates: Sequence[str] = (),
    method: Adjustment = "dr",
    balance: bool = False,
) -> Estimate:
    """Estimate the effect on each cohort in each round, ATT(g, t), and an average of them.

    Parameters
    ----------
    data : Moments or Panel
        Moments are sufficient without covariates; with them the Panel is needed.
    outcome : str, optional
        May be left out where the moments hold one outcome.
    comparison : {"never", "not_yet"}, optional
        Households never treated in the observed rounds, or also those whose start lies after both rounds of the
        comparison (without the cohort itself, as R did); the design's where left out.
    base : {"varying", "universal"}
        What rounds before adoption are compared with: the round before each, or one base for all.
    sample : {"pairwise", "all_rows", "complete"}, optional
        Households seen in both rounds of each comparison (the default); whoever was seen in each of them (the default,
        and all there is, where the design follows no households); only households seen in every round.
    anticipation : int, optional
        Rounds before adoption in which behaviour may already change; the design's where left out.
    aggregate : {"simple", "dynamic", "group", "calendar", "none"}
        The average that ``att`` is: over all treated household-rounds; over event times from 0 on; over cohorts; over
        rounds; or no average.
    covariates : sequence of str
        Columns of the Panel; their value in the earlier round of each comparison counts. Text becomes categories.
    method : {"dr", "reg", "ipw"}
        With covariates: doubly robust, outcome regression, or inverse probability weighting.
    balance : bool
        Weigh comparison villages so that their means in each round before the cohort may change equal the cohort's
        (`entropy_weights`); for villages that were chosen. The estimator is then called ``group_time_balanced``.

    Returns
    -------
    Estimate
        ``att`` first, then ``cohort=g,time=t`` (simple, none), ``event_time=k``, ``cohort=g`` or ``time=t``; columns
        ``event_time``, ``cohort``, ``time``, ``n_treated_units`` and ``n_treated_villages``. A universal base is a term
        with the value 0; an ATT(g, t) without households in one of its means is NaN and is left out of averages, as the
        notes say.

    Raises
    ------
    DesignError
        No cohort has a round before its start, there is no comparison, or no weights balance a cohort.
    DataError
        Weights change between a household's rounds and the sample follows households.
    UsageError
        An unknown choice; covariates with Moments or with ``all_rows``, or with `balance`.

    Notes
    -----
    ATT(g, t) = mean change of the cohort from its base to t − that of its comparison (their eq. 2.9 without
    covariates), unbiased for the effect where changes would have been alike, whatever the effects of other cohorts.
    The influence by village ψ_v holds each household's deviation from its arm's mean, and the cohorts' estimated
    shares; the variance is Σ ψ_v² without a small-sample factor (R did, csdid). The cohort comes from the design, so a
    household that misses its first treated round stays in it.

    With covariates: `doubly_robust`. An ATT(g, t) where covariates are singular or tell the arms wholly apart is NaN.
    The jackknife then fits every pair again without each village, which takes minutes with hundreds of villages.

    With `balance`: rounds before the start are alike by construction, so that they check nothing. Intervals take the
    weights as given: long rather than short where what is balanced explains changes. What villages had is balanced and
    not why they had it: where pilots had a good or bad year by chance, it adds the return to normal (Daw & Hatfield
    2018).
    """
    require_choices(comparison=comparison, base=base, sample=sample, aggregate=aggregate, method=method)
    moments = Moments.from_panel(data) if isinstance(data, Panel) else data
    name, every = moments.of(outcome, pooled=True)
    sample = sample_for(moments, sample)
    comparison = comparison or moments.design.comparison
    cells, ahead = sampled(every, sample), moments.design.anticipation if anticipation is None else anticipation
    pairs = pairs_of(moments, comparison, base, ahead)
    sums = sum_pairs(moments, cells, pairs, sample)
    effects: Effects = sums
    if covariates:
        effects = adjusted_pairs(_panel_for(data, sample, balance), moments, pairs, covariates, method, sample)
    notes = rules(comparison, base, ahead, sample, covariates, method)
    if balance:
        effects, notes = balanced_effects(moments, cells, pairs, sums, ahead, notes)
    found = _Found(moments, cells, pairs, sums, effects, effects.values(), cohort_weights(moments, cells, pairs))
    _require_comparison(moments, pairs, found.att, comparison)
    terms = averages(found.places, ~np.isnan(found.att), aggregate)
    return Estimate(
        estimator="group_time_balanced" if balance else "group_time",
        outcome=name,
        terms=terms.terms,
        values=terms.of(found.att, found.weight.sum(axis=0)),
        basis=found.basis(terms),
        counts=found.counts(every),
        columns=terms.columns(sums.units, sums.weight[:, :, 0] > 0),
        notes=(*notes, *found.notes(every, ahead)),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The pairs with their sums, and the weight of each pair's cohort by village (G, C)."""

    moments: Moments
    cells: Cells
    pairs: Sequence[Pair]
    sums: GroupCells
    effects: Effects
    att: FloatArray
    weight: FloatArray

    @property
    def places(self) -> list[Place]:
        cohorts, periods = self.moments.cohorts, self.moments.periods
        return [Place(cohorts[p.cohort] or 0, periods[p.time]) for p in self.pairs]

    @property
    def villages(self) -> NDArray[np.int64]:
        """The villages that any ATT or any cohort's share rests on."""
        inside = self.weight.sum(axis=1) > 0
        inside[self.cells.cluster[self.sums.used.any(axis=1)]] = True
        return np.flatnonzero(inside)

    def basis(self, terms: Averages) -> Influence:
        """Return ψ by village, and the terms without each."""
        at, weight, total = self.villages, self.weight, self.weight.sum(axis=0)
        treated = villages_with(self.moments, self.cells, treated=True)

        def left_out() -> FloatArray:
            rest = np.where(total - weight > 1e-12 * total, total - weight, 0.0)
            return terms.of(self.effects.without_each()[at], rest[at])

        return Influence(
            clusters=tuple(self.moments.clusters[v] for v in at),
            treated=treated[at],
            untreated=self.sums.serving[at],
            psi=terms.influence(self.att, self.effects.influence(), weight)[at],
            left_out=left_out,
        )

    def counts(self, every: Cells) -> Counts:
        """Count the rows and households that enter, and the households seen once that do not."""
        inside = self.sums.used.any(axis=1)
        followed = self.moments.design.follows
        once = int(every.n_units[every.attended.sum(axis=1) == 1].sum()) if followed else 0
        once_inside = int(self.cells.n_units[inside & (self.cells.attended.sum(axis=1) == 1)].sum()) if followed else 0
        treated = villages_with(self.moments, self.cells, treated=True)[self.villages]
        return Counts(
            n_obs=int((self.cells.n_at * self.sums.used).sum()),
            n_units=households_in(self.cells, self.sums.used),
            n_clusters=len(self.villages),
            n_treated_clusters=int(treated.sum()),
            n_comparison_clusters=int(self.sums.serving.sum()),
            n_dropped_singletons=once - once_inside,
        )

    def notes(self, every: Cells, anticipation: int) -> list[str]:
        """Say how many of the households and rows enter, and what is left out."""
        return [self._used_of(every), *self._left_out(anticipation)]

    def _used_of(self, every: Cells) -> str:
        inside = households_in(self.cells, self.sums.used)
        rows, all_rows = (self.cells.n_at * self.sums.used).sum(), every.n_at.sum()
        return f"{inside} of {every.n_units.sum()} households and {rows} of {all_rows} rows enter"

    def _left_out(self, anticipation: int) -> list[str]:
        first, last = self.moments.periods[0], self.moments.periods[-1]
        early = [g for g in self.moments.cohorts if g is not None and g <= min(first, last) + anticipation]
        lost = [f"cohort={p.cohort},time={p.time}" for p, a in zip(self.places, self.att, strict=True) if np.isnan(a)]
        notes = [f"cohorts without a round before they may change are left out: {listed(early)}"] if early else []
        return notes + ([f"nobody to compare for {listed(lost)}"] if lost else [])


def households_in(cells: Cells, used: NDArray[np.bool_]) -> int:
    """Count the households that enter; rows where they are not followed."""
    if cells.n_by_period is not None:
        return int((cells.n_at * used).sum())
    return int(cells.n_units[used.any(axis=1)].sum())


def sample_for(moments: Moments, sample: Sample | None) -> Sample:
    """Return the sample asked for, or the default of the design."""
    if moments.design.follows:
        return sample or "pairwise"
    if sample not in (None, "all_rows"):
        raise UsageError(
            "sample",
            f"{sample!r} follows households, and the design names no unit",
            "'all_rows'",
            "leave it out, or name the column of the household",
        )
    return "all_rows"


def _panel_for(data: Moments | Panel, sample: Sample, balance: bool) -> Panel:
    """Return the households' rows, which covariates need."""
    if isinstance(data, Moments):
        raise UsageError("group_time", "covariates with Moments", "a Panel, which has the households' rows", "pass it")
    if sample == "all_rows":
        raise UsageError(
            "sample", "'all_rows' with covariates", "households seen in both rounds", "use 'pairwise' or 'complete'"
        )
    if balance:
        raise UsageError("group_time", "balance with covariates", "one of them", "leave one out")
    return data


def sampled(cells: Cells, sample: Sample) -> Cells:
    """Return the cells of the sample; raises DataError where weights change and households are followed."""
    if cells.blocks is not None and sample != "all_rows":
        raise DataError(
            "weights",
            "they change between a household's rounds, and changes are taken household by household",
            "one weight a household",
            "give each household one weight (that of its first round), or use sample='all_rows'",
        )
    if sample != "complete":
        return cells
    complete = cells.is_whole
    if not complete.any():
        raise DesignError(
            "group_time", "no household is seen in every round", "complete households", "use sample='pairwise'"
        )
    return cells.where(complete)


def cohort_weights(moments: Moments, cells: Cells, pairs: Sequence[Pair]) -> FloatArray:
    """Return Σ of household weights by village and pair's cohort, (G, C): a household once, a row if not followed."""
    times = cells.attended.sum(axis=1) if moments.design.follows else 1.0
    per_cell = cells.sum_w.sum(axis=1) / times
    shape = len(moments.clusters), len(moments.cohorts)
    flat = np.bincount(cells.cluster * shape[1] + cells.cohort, per_cell, shape[0] * shape[1])
    return np.asarray(flat.reshape(shape)[:, [p.cohort for p in pairs]], dtype=np.float64)


def _require_comparison(moments: Moments, pairs: Sequence[Pair], att: FloatArray, comparison: Comparison) -> None:
    first = moments.periods[0]
    if not pairs:
        raise DesignError(
            "group_time",
            f"no cohort has a round before it may change (the first round is {first})",
            "a round before adoption and before anticipation",
            "use fewer rounds of anticipation, or report the change only",
        )
    after = [moments.periods[p.time] >= (moments.cohorts[p.cohort] or 0) for p in pairs]
    if not (~np.isnan(att) & np.array(after)).any():
        raise DesignError(
            "group_time",
            "no cohort can be compared with any other after adoption",
            f"households that are {comparison.replace('_', ' ')} treated, seen before and after",
            "add comparison villages, or let those not yet treated serve (comparison = 'not_yet')"
            if comparison == "never"
            else "add comparison villages",
        )
