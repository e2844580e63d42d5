"""The specification curve with its joint test: hundreds of ways to compute, and the curve where nothing works.

Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4: the whole curve is one statistic, set against the curves
under other assignments of the programme.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evalkit.design import Comparison
from evalkit.diagnostics.specification_set import CHOICES, DataChoice, data_choices
from evalkit.errors import DesignError
from evalkit.estimators.did import did
from evalkit.estimators.group_cells import Sample
from evalkit.inference.assignments import Assignments, Codes, assignments
from evalkit.inference.basis import linear, n_clusters
from evalkit.inference.permuted_group_time import permuted_group_time, village_sums
from evalkit.inference.refits import refit
from evalkit.inference.student import critical
from evalkit.moments import Moments
from evalkit.moments.cells import Cells
from evalkit.programme import Programme
from evalkit.results import FloatArray

DRAWS = 999
ANSWERED = frozenset({"did", "event_study", "group_time", "group_time_balanced", "imputation", "sun_abraham"})
"""Estimators of the average effect in villages that started, which is what all ways of the curve are after."""
TIE = 1e-9
"""Statistics this close (relative) count as equal: they differ by rounding only."""
SCHEMA = {**dict.fromkeys(CHOICES, pl.String), "estimate": pl.Float64, "statistic": pl.Float64}
HOUSEHOLDS: dict[Sample, str] = {"pairwise": "both_rounds", "all_rows": "all", "complete": "every_round"}


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """S ways to compute one effect, sorted, and three joint tests that nobody is affected.

    ``rows`` has the `CHOICES` with ``estimate`` (in the outcome's unit) and ``statistic`` (t); ``median`` of the
    estimates, ``n_above`` and ``n_below``: estimates above and below 0; ``n_beyond``: those of |t| above its 95 % value
    in the direction that has more; ``mean_statistic``. Each ``p_`` is the share of assignments with a statistic as far
    from 0. ``band`` has ``low`` and ``high`` by place: where 95 % of the curves under other assignments lie. ``sizes``
    are the households and villages of each start, under the planned choices of data.
    """

    rows: pl.DataFrame
    median: float
    n_above: int
    n_below: int
    n_beyond: int
    mean_statistic: float
    p_median: float
    p_beyond: float
    p_mean: float
    band: pl.DataFrame
    sizes: tuple[tuple[int, int], ...]
    n_assignments: int
    is_exact: bool


def specification_curve(
    programme: Programme, indicator: str, *, draws: int = DRAWS, seed: int = 1
) -> SpecificationCurve | None:
    """Return the curve of an indicator over all choices of `data_choices` and methods, with its joint tests.

    None unless the indicator is primary, is estimated by one of `ANSWERED`, households are followed over rounds, and
    villages are assigned as a whole. None, too, where the plan infers by village and round (`two_way`): dealing starts
    out anew takes what a round brings to all pilots for an effect.

    Raises
    ------
    DesignError
        As `curve_of`.
    """
    plan = programme.indicator(indicator)
    design = programme.design_for(plan)
    if plan.role != "primary" or plan.estimator not in ANSWERED or plan.inference == "two_way" or design.time is None:
        return None
    if design.assigned_to != "cluster" or not design.follows:
        return None
    return curve_of(list(data_choices(programme, indicator)), draws=draws, seed=seed)


def curve_of(choices: Sequence[DataChoice], *, draws: int = DRAWS, seed: int = 1) -> SpecificationCurve:
    """Return the curve over data choices × methods; the first choice is the planned one, which says who is exchanged.

    Methods: `did`, of all households and of those seen in every round; `group_time`, against villages never or not yet
    treated, averaged over treated rows or over cohorts, of households seen in both rounds, whoever was seen, or those
    seen in every round. Starts are exchanged between villages within strata, the same exchange for all specifications.
    A specification that lacks one of the villages, or a mean that it needs, is left out.

    Raises
    ------
    DesignError
        Some village has two starts, only one assignment is possible, or no specification is left.
    """
    start = _starts(choices[0].moments)
    strata = choices[0].moments.strata
    stratum = np.unique(strata or ("",) * len(start), return_inverse=True)[1]
    pool = assignments(start, stratum, draws, seed)
    if pool.total < 2:
        raise DesignError(
            "specification curve", "only one assignment is possible", "two starts in some stratum", "check strata"
        )
    arms = np.vstack([start, pool.arms])
    found = [(row, *values) for c in choices if _has_all(c.moments, start) for row, values in _ways(c, arms)]
    found = [f for f in found if np.isfinite(f[1]).all() and np.isfinite(f[2]).all()]
    if not found:
        raise DesignError(
            "specification curve", "no specification has all villages", "households in each", "leave it out"
        )
    b, t = (np.stack([f[i] for f in found], axis=1) for i in (1, 2))
    return _summed([f[0] for f in found], b, t, pool, _sizes(choices[0].moments))


def _starts(moments: Moments) -> Codes:
    """Return each village's place among the cohorts."""
    _, cells = moments.of()
    start = np.full(len(moments.clusters), -1, dtype=np.int64)
    start[cells.cluster] = cells.cohort
    if moments.assigned_to == "unit" or (start[cells.cluster] != cells.cohort).any():
        raise DesignError(
            "specification curve",
            "households of one village start at different times",
            "villages that start as a whole",
            "this test exchanges starts between villages",
        )
    return start


def _sizes(moments: Moments) -> tuple[tuple[int, int], ...]:
    """Return the households and villages of each start."""
    _, cells = moments.of()
    starts = [cells.cohort == k for k in np.unique(cells.cohort)]
    return tuple((int(cells.n_units[own].sum()), len(np.unique(cells.cluster[own]))) for own in starts)


def _has_all(moments: Moments, start: Codes) -> bool:
    """Whether all villages are there; others' starts could not be exchanged alike."""
    _, cells = moments.of()
    return len(np.unique(cells.cluster)) == len(start) and bool((cells.attended.sum(axis=1) > 1).any())


Values = tuple[FloatArray, FloatArray]


def _ways(choice: DataChoice, arms: Codes) -> Iterator[tuple[tuple[str, ...], Values]]:
    """Yield the choices of each specification, with its estimates and t under all assignments, the real one first."""
    data, moments = (choice.extremes, choice.weights, choice.rounds), choice.moments
    name, cells = moments.of()
    whole = cells.where(cells.is_whole)
    complete = len(np.unique(whole.cluster)) == arms.shape[1]
    yield (*data, "all", "did"), _permuted_did(moments, arms)
    if complete and cells.blocks is None:
        yield (*data, "every_round", "did"), _permuted_did(replace(moments, cells={name: whole}), arms)
    for sample in _samples(cells, complete):
        sums = village_sums(moments, cells, sample)
        for kind in _comparisons(moments, arms[0]):
            for average, by_cohort in (("rows", False), ("starts", True)):
                values = permuted_group_time(moments, sums, arms, kind, by_cohort=by_cohort)
                yield (*data, HOUSEHOLDS[sample], f"group_time_{kind}_{average}"), values


def _samples(cells: Cells, complete: bool) -> tuple[Sample, ...]:
    """Return which households can be taken: changes need one weight a household, and complete ones in each village."""
    if cells.blocks is not None:
        return ("all_rows",)
    return ("pairwise", "all_rows", "complete") if complete else ("pairwise", "all_rows")


def _comparisons(moments: Moments, start: Codes) -> tuple[Comparison, ...]:
    """Return what villages can be compared with: those never treated only where there are some."""
    ends = moments.periods[-1] + moments.design.anticipation
    never = [g is None or g > ends for g in moments.cohorts]
    return ("never", "not_yet") if np.array(never)[start].any() else ("not_yet",)


def _permuted_did(moments: Moments, arms: Codes) -> Values:
    estimate = did(moments)
    basis, n, g = linear(estimate, "randomization"), estimate.counts.n_obs, n_clusters(estimate)
    if estimate.reassign is None:
        raise DesignError("specification curve", "did cannot be reassigned", "villages that start", "leave it out")
    found = refit(estimate, estimate.reassign(), np.searchsorted(np.unique(arms[0]), arms))
    factor = g / (g - 1) * (n - 1) / (n - basis.k_dof)
    return found.b0[:, 0], found.b0[:, 0] / np.sqrt(factor * found.v0[:, 0])


def _summed(
    names: Sequence[tuple[str, ...]],
    b: FloatArray,
    t: FloatArray,
    pool: Assignments,
    sizes: tuple[tuple[int, int], ...],
) -> SpecificationCurve:
    """Return the curve and its tests from estimates and t by assignment (the real one first) and specification."""
    limit = critical(pool.arms.shape[1] - 1, 0.95)
    beyond = np.maximum((t > limit).sum(axis=1), (t < -limit).sum(axis=1))
    statistics = [np.abs(np.median(b, axis=1)), beyond.astype(np.float64), np.abs(t.mean(axis=1))]
    p_median, p_beyond, p_mean = (_p(s, pool.exact) for s in statistics)
    low, high = np.quantile(np.sort(b[1:], axis=1), [0.025, 0.975], axis=0)
    rows = [(*name, *pair) for name, *pair in zip(names, b[0].tolist(), t[0].tolist(), strict=True)]
    return SpecificationCurve(
        pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("estimate", *CHOICES),
        float(np.median(b[0])),
        int((b[0] > 0).sum()),
        int((b[0] < 0).sum()),
        int(beyond[0]),
        float(t[0].mean()),
        p_median,
        p_beyond,
        p_mean,
        pl.DataFrame({"low": low, "high": high}),
        sizes,
        pool.total if pool.exact else len(pool.arms),
        pool.exact,
    )


def _p(statistic: FloatArray, exact: bool) -> float:
    """Return the share of assignments at least as far from 0 as the real one, which counts among drawn ones."""
    count = int((statistic[1:] >= statistic[0] * (1 - TIE)).sum())
    return count / (len(statistic) - 1) if exact else (1 + count) / len(statistic)
