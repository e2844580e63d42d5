"""The next round: what a study like a programme's own would find, from what its untreated rows show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np

from evalkit.diagnostics.baseline import Baseline, baseline_of
from evalkit.diagnostics.power import (
    DetectableEffect,
    minimum_detectable_effect,
    probability_of_finding,
    villages_needed,
)
from evalkit.diagnostics.power_simulation import SimulatedPower, simulated_power
from evalkit.diagnostics.study import Comparison, Study
from evalkit.errors import DesignError, UsageError
from evalkit.panel import Panel
from evalkit.programme import IndicatorPlan, Programme

STEPS = 33
"""Effects at which a power curve is drawn, from 0 to twice the minimum detectable effect."""
FEWEST = 2
"""Villages of an arm: the least for any interval."""
DRAWS = 200
HIGHEST_CV = 2.0
"""Villages more unequal than this are planned as if they were so; the page shows it."""
Missing = Literal["", "cutoff", "no_likeness", "all_alike", "shared_rounds"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a next round; 0, and a negative `attrition`, leave it open: as in the programme so far."""

    pilot: int = 0
    comparison: int = 0
    households: int = 0
    before: int = 1
    after: int = 1
    attrition: float = -1.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability of finding each effect with so many villages, (`STEPS`,)."""

    pilot: int
    comparison: int
    effects: tuple[float, ...]
    power: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NextRound:
    """A plan for the next round of a programme, and what it would find; `found` is None where `missing` says why.

    ``curves`` are those of half the villages, of the plan's, and of twice as many; ``sizes`` the minimum detectable
    effect by (pilot villages, comparison villages, households a village); ``needed`` how many pilot and comparison
    villages would find the difference that the plan calls trivial, None where none is stated or no number would do.
    """

    programme: Programme
    indicator: IndicatorPlan
    baseline: Baseline | None
    found: DetectableEffect | None
    curves: tuple[Curve, ...] = ()
    sizes: tuple[tuple[int, int, int, float], ...] = ()
    simulated: SimulatedPower | None = None
    needed: tuple[int, int] | None = None
    missing: Missing = ""


def next_round(
    programme: Programme, outcome: str = "", wanted: Wanted | None = None, *, draws: int = DRAWS, seed: int = 1
) -> NextRound:
    """Return what a next round would find of `outcome` (by default the first primary indicator).

    What `wanted` leaves open is taken from the programme's own data (two villages of an arm at least, half of all in
    each where all were pilots in the end); SD, ICC, correlations between rounds, take-up and how unequal villages are
    always (see `baseline_of`). There is no number where the plan says that villages share what a round brings
    (`two_way`): they are then not so many draws of chance. The study is compared at the end only where households are
    not followed over untreated rounds, else by `ancova` where the programme was drawn by lot and by `did` where it was
    not. Nothing of it depends on what the programme changed.

    Raises
    ------
    PlanError, UsageError
        There is no such indicator, or the numbers given cannot be.
    """
    plan = programme.indicator(outcome) if outcome else first_primary(programme)
    if plan.inference == "two_way":
        return NextRound(programme, plan, None, None, missing="shared_rounds")
    try:
        baseline = baseline_of(Panel.from_programme(programme, plan.name))
    except DesignError:
        return NextRound(programme, plan, None, None, missing="cutoff" if plan.running else "no_likeness")
    if baseline.sd == 0 or baseline.icc >= 1:
        return NextRound(programme, plan, baseline, None, missing="all_alike")
    study = study_of(programme, baseline, wanted or Wanted())
    found = minimum_detectable_effect(study)
    return NextRound(
        programme,
        plan,
        baseline,
        found,
        curves=power_curves(study, found.mde),
        sizes=by_size(study),
        simulated=simulated_power(study, found.mde, draws=draws, seed=seed) if draws else None,
        needed=_needed(study, plan.trivial),
    )


def study_of(programme: Programme, baseline: Baseline, wanted: Wanted) -> Study:
    """Return the study of a next round: what is wanted, and for the rest what was seen."""
    own = _arms(baseline)
    lost = baseline.attrition if wanted.attrition < 0 else wanted.attrition
    return Study(
        pilot=wanted.pilot or own[0],
        comparison=wanted.comparison or own[1],
        households=wanted.households or max(round(baseline.households), ceil(1 / (1 - lost))),
        icc=baseline.icc,
        sd=baseline.sd,
        before=wanted.before,
        after=wanted.after,
        autocorrelation=baseline.autocorrelation or 0.0,
        village_autocorrelation=baseline.village_autocorrelation,
        attrition=lost,
        take_up=_possible_share(baseline.take_up),
        estimator=comparison_of(programme, baseline),
        cv=min(baseline.cv, HIGHEST_CV),
    )


def first_primary(programme: Programme) -> IndicatorPlan:
    """Return the first primary indicator, or the first one where none is primary; those at a cut-off come last."""
    order = sorted(programme.indicators, key=lambda plan: (plan.running is not None, plan.role != "primary"))
    return order[0]


def comparison_of(programme: Programme, baseline: Baseline) -> Comparison:
    """Return how the next round is compared."""
    if baseline.autocorrelation is None:
        return "end"
    return "ancova" if programme.design.assignment == "randomised" else "did"


def power_curves(study: Study, mde: float, villages: Sequence[float] = (0.5, 1.0, 2.0)) -> tuple[Curve, ...]:
    """Return the power curve of the study with each multiple of its villages; those that leave too few are left out.

    Effects go from 0 to twice `mde`, in the outcome's unit, and are the same for all curves.
    """
    effects = tuple(float(e) for e in np.linspace(0.0, 2 * mde, STEPS))
    arms = [(round(study.pilot * m), round(study.comparison * m)) for m in villages]
    return tuple(
        Curve(k, other, effects, tuple(probability_of_finding(_with(study, k, other), e) for e in effects))
        for k, other in dict.fromkeys(arms)
        if min(k, other) >= FEWEST
    )


def by_size(study: Study) -> tuple[tuple[int, int, int, float], ...]:
    """Return the minimum detectable effect with half, all and twice the villages, and of the households in each."""
    found = []
    for villages in (0.5, 1.0, 2.0):
        k, other = round(study.pilot * villages), round(study.comparison * villages)
        for households in dict.fromkeys(round(study.households * share) for share in (0.5, 1.0, 2.0)):
            one = replace(_with(study, k, other), households=households)
            if min(k, other) >= FEWEST and one.left >= 1:
                found.append((k, other, households, minimum_detectable_effect(one).mde))
    return tuple(found)


def _arms(baseline: Baseline) -> tuple[int, int]:
    """Return pilot and comparison villages as there were; half of all each where all were pilots in the end."""
    pilot, comparison = baseline.n_pilot, baseline.n_comparison
    if comparison == 0:
        pilot, comparison = (pilot + 1) // 2, pilot // 2
    return max(FEWEST, pilot), max(FEWEST, comparison)


def _with(study: Study, pilot: int, comparison: int) -> Study:
    return replace(study, pilot=pilot, comparison=comparison)


def _needed(study: Study, trivial: float | None) -> tuple[int, int] | None:
    if not trivial:
        return None
    try:
        return villages_needed(study, trivial)
    except UsageError:
        return None


def _possible_share(take_up: float | None) -> float:
    """Return the take-up of a study; where the programme has none, or nobody was moved, all take part."""
    return take_up if take_up is not None and 0 < take_up <= 1 else 1.0
