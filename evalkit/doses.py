"""The dose that the plan names: how much of the programme each village had, and the level effects by dose group."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evalkit.columns import CLUSTER, TIME, UNIT
from evalkit.diagnostics import FourCell, four_cell
from evalkit.dose_plan import DosePlan
from evalkit.errors import DesignError, PlanError, nearest
from evalkit.estimators.by_dose import by_dose
from evalkit.flow import SampleFlow
from evalkit.inference.infer import infer_or_none
from evalkit.intake.requests import ACCEPTED
from evalkit.intake.truth import read_truth_by_village
from evalkit.intake_store import programme_intake, programme_rows
from evalkit.moments import Moments
from evalkit.panel import Panel, flow_step, follow
from evalkit.programme import Programme
from evalkit.results import Inference

YEAR = datetime.timedelta(days=365.25)


@dataclass(frozen=True, slots=True)
class DoseEffects:
    """Level effects by dose group.

    ``effects`` has the terms of `by_dose`, with slopes where the plan says why doses may be compared; ``cells`` are the
    four cells of each group, beside all untreated villages; ``truth`` the effect that was built in on average and in
    each group, None for real programmes and where it is not known by village. ``before`` is how much more each group
    changed from one round to the next before its start (`by_dose` with ``before``), None where a group has no two
    rounds there.
    """

    plan: DosePlan
    effects: Inference
    cells: tuple[FourCell, ...]
    truth: tuple[float, ...] | None
    before: Inference | None = None


def dose_effects(programme: Programme, indicator: str, *, seed: int = 1) -> DoseEffects | None:
    """Return the level effects of a primary indicator by the plan's dose; None for others, or without ``[dose]``.

    Raises
    ------
    DataError
        A village that starts has no dose, or one that never starts has one.
    DesignError
        No village of a dose group can be compared.
    PlanError
        The column of the dose is not in the data.
    """
    plan, stated = programme.indicator(indicator), programme.dose
    if stated is None or plan.role != "primary" or plan.running is not None:
        return None
    panel, doses = Panel.from_programme(programme, indicator), village_doses(programme)
    moments = Moments.from_panel(panel)
    estimate = by_dose(moments, doses, stated.cuts, slopes=stated.slope is not None)
    group = {v: int(np.searchsorted(stated.cuts, d, side="right")) for v, d in doses.items() if d > 0}
    groups = [{v for v, j in group.items() if j == k} for k in range(len(stated.cuts) + 1)]
    known = read_truth_by_village(programme).get(indicator)
    return DoseEffects(
        stated,
        infer_or_none(estimate, "auto", seed=seed),
        tuple(_cells(panel, set(group) - own) for own in groups),
        None if known is None else tuple(_mean(known, own) for own in (set(group), *groups)),
        _before(moments, doses, stated.cuts, seed),
    )


def _before(moments: Moments, doses: Mapping[str, float], cuts: Sequence[float], seed: int) -> Inference | None:
    """Return what the rounds before the start show of each group, where each has two of them."""
    try:
        return infer_or_none(by_dose(moments, doses, cuts, before=True), "auto", seed=seed)
    except DesignError:
        return None


def village_doses(programme: Programme) -> dict[str, float]:
    """Return the dose of each village that has one, by its name, in the plan's unit.

    From the roster as it stands there; of a column of the survey (or of a ledger's sums, which stand beside it) the
    weighted mean over the village's rows since its start; or the requests that were taken a year, from the first one
    taken to the day on which the log ends, and over a year at least.

    Raises
    ------
    PlanError
        There is no dose in the plan, or its column is not in the data.
    """
    stated, village = programme.dose, programme.design.cluster
    if stated is None:
        raise PlanError(f"{programme.id}, [dose]", "it is not in the plan", "[dose]", "add it, see docs/programme.md")
    if stated.source == "requests":
        return _requests_a_year(programme)
    rows, column = programme_rows(programme).frame, str(stated.column)
    if column not in rows.columns:
        raise PlanError(
            f"{programme.id}, [dose]",
            f"there is no column {column!r} ({nearest(column, rows.columns)})",
            f"a column of the {stated.source}",
            "correct the name, or enter it in the codebook",
        )
    if stated.source == "survey":
        rows = rows.filter(pl.col(str(programme.design.time)) >= pl.col(str(programme.design.first_treated)))
    rows = rows.drop_nulls(column)
    weight = pl.col(programme.design.weights) if programme.design.weights else pl.lit(1.0)
    mean = (pl.col(column) * weight).sum() / (pl.lit(0.0) + weight).sum()
    of = pl.col(column).cast(pl.Float64).first() if stated.source == "roster" else mean
    found = rows.group_by(pl.col(village).cast(pl.String), maintain_order=True).agg(of.alias("dose"))
    return dict(found.sort(village).iter_rows())


def _requests_a_year(programme: Programme) -> dict[str, float]:
    until = next(s.until for s in programme.sources if s.kind == "requests")
    requests, village = programme_intake(programme).requests, programme.design.cluster
    if requests is None or until is None:
        return {}
    taken = requests.filter(pl.col(ACCEPTED) <= until).group_by(pl.col(village).cast(pl.String))
    counted = taken.agg(pl.len().alias("n"), pl.col(ACCEPTED).min().alias("first")).sort(village)
    return {v: n / max((until - first) / YEAR, 1.0) for v, n, first in counted.iter_rows()}


def _cells(panel: Panel, others: set[str]) -> FourCell:
    """Return the four cells without the villages of other dose groups."""
    frame = panel.frame.filter(~pl.col(CLUSTER).cast(pl.String).is_in(list(others))).sort(UNIT, TIME)
    flow = SampleFlow((flow_step("raw_rows", frame, 0),))
    part = replace(panel, frame=frame, followed=follow(frame, panel.outcome), flow=flow, winsorised=None)
    return four_cell(Moments.from_panel(part))


def _mean(known: Mapping[str, tuple[float, int]], villages: set[str]) -> float:
    """Return the mean of the villages' effects, by their interviews."""
    own = [known[v] for v in villages if v in known]
    return sum(effect * n for effect, n in own) / sum(n for _, n in own)
