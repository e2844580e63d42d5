"""Subgroups that the plan names: the effect in each, and whether effects differ, with p adjusted for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evalkit.columns import TIME, UNIT
from evalkit.diagnostics import FourCell, four_cell
from evalkit.errors import DataError, DesignError
from evalkit.estimators.registry import estimate_by_name
from evalkit.flow import SampleFlow
from evalkit.inference import adjust
from evalkit.inference.auto import few_villages
from evalkit.inference.crv1 import influence
from evalkit.inference.crv3 import crv3, without_each
from evalkit.inference.infer import infer
from evalkit.inference.joint import joint_test
from evalkit.intake_store import programme_rows
from evalkit.moments import Moments
from evalkit.panel import Panel, flow_step, follow
from evalkit.plan_tables import Subgroup, SubgroupValue
from evalkit.programme import Programme
from evalkit.results import Counts, Estimate, FloatArray, Inference, Influence, Linear


@dataclass(frozen=True, slots=True)
class Group:
    """One group of households: its value, the effect in it, and the arms of its households."""

    value: SubgroupValue
    effect: Inference
    cells: FourCell


@dataclass(frozen=True, slots=True)
class SubgroupEffects:
    """The effects in the groups of one characteristic, and their differences from the group that the plan names first.

    ``differences`` has a term for each other group (its place, "1" for the second); ``p_adjusted`` (Holm) is of each,
    over the differences of all characteristics of the indicator. ``p_joint`` is of the test that all are zero, None
    with two groups, or where it is undefined. ``n_left_out`` households have no value, or one that the plan lacks.
    """

    plan: Subgroup
    groups: tuple[Group, ...]
    differences: Inference
    p_adjusted: tuple[float | None, ...]
    p_joint: float | None
    n_left_out: int


def subgroup_effects(programme: Programme, indicator: str, *, seed: int = 1) -> tuple[SubgroupEffects, ...]:
    """Return the effects of a primary indicator in every subgroup of the plan; empty for others, or without subgroups.

    Each group's effect is that of the plan's estimator on its households alone, so round and strata effects are its
    own, and their difference is the interaction of treatment with the group. A household stays in the group of its
    first round, before it could be changed by the programme. The jackknife leaves each village out of all groups at
    once (CRV3, G − 1 degrees of freedom), since villages have households of several groups.

    Raises
    ------
    DataError
        The column is not in the data, or a group has no household.
    DesignError
        A group has too few villages in an arm, or the plan's estimator cannot be refitted without a village.
    """
    plan = programme.indicator(indicator)
    if plan.role != "primary" or plan.running is not None:
        return ()
    found = [_of(programme, indicator, s, seed) for s in programme.subgroups]
    p = [list(f.differences.tidy()["p_value"]) for f in found]
    flat = [value for values in p for value in values]
    adjusted = iter(adjust(flat, [indicator] * len(flat)))
    return tuple(replace(f, p_adjusted=tuple(next(adjusted) for _ in v)) for f, v in zip(found, p, strict=True))


def _of(programme: Programme, indicator: str, stated: Subgroup, seed: int) -> SubgroupEffects:
    panel, plan = Panel.from_programme(programme, indicator), programme.indicator(indicator)
    member = first_value(programme, stated)
    parts = [_part(panel, member, v, stated) for v in stated.values]
    moments = [Moments.from_panel(part) for part in parts]
    estimates = [estimate_by_name(plan.estimator, m, part) for m, part in zip(moments, parts, strict=True)]
    for value, estimate in zip(stated.values, estimates, strict=True):
        few = few_villages(estimate)
        if few:
            raise DesignError(
                f"[[subgroups]] {stated.column!r}, {value.value!r}", few, "two villages in each arm", "join groups"
            )
    effects = [infer(e, seed=seed) for e in estimates]
    differences = crv3(difference_of(estimates))
    joint = joint_test(differences, differences.estimate.terms) if len(estimates) > 2 else None
    groups = tuple(Group(v, e, four_cell(m)) for v, e, m in zip(stated.values, effects, moments, strict=True))
    inside = sum(part.frame[UNIT].n_unique() for part in parts)
    return SubgroupEffects(
        stated,
        groups,
        differences,
        (),
        None if joint is None else joint.p_value,
        panel.frame[UNIT].n_unique() - inside,
    )


def first_value(programme: Programme, stated: Subgroup) -> pl.DataFrame:
    """Return ``unit`` and ``value``: what the column held in each unit's first round."""
    rows, unit, time = programme_rows(programme).frame, programme.design.unit, programme.design.time
    if stated.column not in rows.columns or unit is None:
        raise DataError(
            f"[[subgroups]] {stated.column!r}",
            "there is no such column, or no unit" if unit else "households are not followed",
            "a column of the survey or the roster",
            "correct the name",
        )
    rows = rows.sort(time) if time else rows
    first = pl.col(stated.column).cast(pl.String).first().alias("value")
    return rows.group_by(pl.col(unit).alias(UNIT), maintain_order=True).agg(first)


def _part(panel: Panel, member: pl.DataFrame, value: SubgroupValue, stated: Subgroup) -> Panel:
    """Return the panel of the households of one group."""
    units = member.filter(pl.col("value") == str(value.value)).select(UNIT)
    frame = panel.frame.join(units, on=UNIT, how="semi").sort(UNIT, TIME)
    if frame.is_empty():
        raise DataError(
            f"[[subgroups]] {stated.column!r}",
            f"no household has {value.value!r} in its first round",
            "values as they stand in the data",
            "correct the value",
        )
    flow = SampleFlow((flow_step("raw_rows", frame, 0),))
    return replace(panel, frame=frame, followed=follow(frame, panel.outcome), flow=flow, winsorised=None)


def difference_of(estimates: Sequence[Estimate], term: str = "att") -> Estimate:
    """Return each later estimate's `term` less the first one's, with villages moved in all of them at once.

    A village that an estimate does not rest on leaves it as it is.

    Raises
    ------
    DesignError
        An estimate is neither a regression nor a sum of influences.
    """
    for e in estimates:
        if not isinstance(e.basis, Linear | Influence):
            raise DesignError("subgroups", f"{e.estimator} compares with donors", "did, ancova, itt …", "leave it out")
    names = sorted({c for e in estimates for c in _clusters(e)})
    at = {c: i for i, c in enumerate(names)}
    value = np.array([e.values[e.place(term)] for e in estimates])
    out, psi = np.tile(value, (len(names), 1)), np.zeros((len(names), len(value)))
    arms = np.zeros((2, len(names)), dtype=bool)
    for j, e in enumerate(estimates):
        own = [at[c] for c in _clusters(e)]
        z, factor = influence(e, len(own))
        out[own, j] = without_each(e)[:, e.place(term)]
        psi[own, j] = np.sqrt(factor) * z[:, e.place(term)]
        arms[:, own] |= _arms(e)
    left_out, moved = out[:, 1:] - out[:, :1], psi[:, 1:] - psi[:, :1]
    counts = [e.counts for e in estimates]
    total = Counts(
        sum(c.n_obs for c in counts), sum(c.n_units for c in counts), len(names), int(arms[0].sum()), int(arms[1].sum())
    )
    basis = Influence(tuple(names), arms[0], arms[1], moved, left_out=left_out.copy)
    terms = tuple(str(j) for j in range(1, len(value)))
    return Estimate("subgroup_difference", estimates[0].outcome, terms, value[1:] - value[0], basis, total)


def _clusters(estimate: Estimate) -> tuple[str, ...]:
    basis = estimate.basis
    return basis.sums.clusters if isinstance(basis, Linear) else basis.clusters


def _arms(estimate: Estimate) -> FloatArray:
    basis = estimate.basis
    side = basis.sums if isinstance(basis, Linear) else basis
    return np.stack([side.treated, side.untreated])
