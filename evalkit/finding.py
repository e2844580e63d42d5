"""Finding: everything that a page says about one indicator; and evaluate(), which makes it from a programme."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from evalkit.cache import cache_folder
from evalkit.diagnostics import FourCell, PreTrend, attrition, comparison_mean, four_cell, means_by_round, pre_trend
from evalkit.errors import DesignError
from evalkit.estimators import event_study, pre_post
from evalkit.estimators.registry import estimate_by_name
from evalkit.flow import SampleFlow
from evalkit.gate import Evidence, Gate, open_gate
from evalkit.inference.auto import arm_villages, few_villages
from evalkit.inference.infer import infer
from evalkit.inference.student import no_interval
from evalkit.intake import read_truth
from evalkit.moments import Moments
from evalkit.panel import Panel, Winsorised
from evalkit.panel_store import panel_key
from evalkit.programme import IndicatorPlan, Programme
from evalkit.provenance import Provenance, provenance
from evalkit.results import Estimate, Inference

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """One indicator's answer: estimate, interval, what may be claimed, and what it rests on.

    ``main`` answers the plan; its first term is ``att``. ``naive`` is the pilot villages' own change. ``cells`` and
    ``means`` describe the arms; ``comparison_mean`` turns an effect into a percentage. ``truth`` exists only for
    simulated programmes. ``notes`` says what could not be computed, and why.
    """

    programme: Programme
    indicator: IndicatorPlan
    main: Inference
    event_study: Inference | None
    pre_trend: PreTrend | None
    naive: Inference | None
    robustness: tuple[tuple[str, Inference], ...]
    cells: FourCell
    means: pl.DataFrame
    comparison_mean: float | None
    attrition: pl.DataFrame | None
    gate: Gate
    flow: SampleFlow
    winsorised: Winsorised | None
    truth: Mapping[str, float] | None
    provenance: Provenance
    notes: tuple[str, ...] = ()

    def tidy(self) -> pl.DataFrame:
        """Return the main result, robustness and naive change as tidy rows, with the column `role` in front."""
        parts = [("main", self.main), *self.robustness]
        parts += [("naive", self.naive)] if self.naive is not None else []
        tables = [inference.tidy().select(pl.lit(role).alias("role"), pl.all()) for role, inference in parts]
        return pl.concat(tables, how="diagonal")

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as values that fit in JSON; undefined numbers are None."""
        plan = self.indicator
        return {
            "schema_version": SCHEMA_VERSION,
            "programme": {
                "id": self.programme.id,
                "name": self.programme.about.name.model_dump(),
                "provenance": self.programme.about.provenance,
            },
            "indicator": plan.model_dump(mode="json"),
            "main": _rows(self.main.tidy()),
            "why_this_interval": self.main.reason,
            "event_study": None if self.event_study is None else _rows(self.event_study.tidy()),
            "pre_trend": None if self.pre_trend is None else _plain(self.pre_trend),
            "naive": None if self.naive is None else _rows(self.naive.tidy()),
            "robustness": {name: _rows(result.tidy()) for name, result in self.robustness},
            "cells": _plain(self.cells),
            "means": _rows(self.means),
            "comparison_mean": self.comparison_mean,
            "attrition": None if self.attrition is None else _rows(self.attrition),
            "gate": {
                "claim": self.gate.claim,
                "reasons": [{"code": r.code, "values": dict(r.values), "text": r.text} for r in self.gate.reasons],
            },
            "flow": _rows(self.flow.frame()),
            "winsorised": None if self.winsorised is None else _plain(self.winsorised),
            "truth": None if self.truth is None else dict(self.truth),
            "provenance": _plain(self.provenance),
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """Return the finding as JSON, with sorted keys: equal findings have equal bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)

    def __repr__(self) -> str:
        row = self.main.row("att")
        low, high = row["conf_low"], row["conf_high"]
        interval = "no interval" if low is None else f"{low:.4g} to {high:.4g}"
        answer = f"{self.indicator.name}: {row['estimate']:.4g} ({interval}), {self.gate.claim}"
        return f"Finding({self.programme.id}, {answer})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>{self.tidy()._repr_html_()}"


def evaluate(programme: Programme, indicator: str, *, seed: int = 1) -> Finding:
    """Carry out the plan for one indicator: panel, moments, estimate, inference, checks, gate.

    Parameters
    ----------
    programme : Programme
    indicator : str
        The name of one of its indicators.
    seed : int
        Seed of methods that draw.

    Raises
    ------
    PlanError, DataError, DesignError
        The plan, the raw files or the design do not allow it; the message says what to do.
    """
    plan = programme.indicator(indicator)
    panel = Panel.from_programme(programme, indicator)
    moments = stored_moments(programme, plan, panel)
    notes: list[str] = []
    main = _infer(estimate_by_name(plan.estimator, moments), plan.inference, seed)
    study = _event_study(moments, main, plan.inference, seed, notes)
    leads = None if study is None else pre_trend(study, programme.design.anticipation)
    lost = attrition(panel)
    cells = four_cell(moments)
    return Finding(
        programme=programme,
        indicator=plan,
        main=main,
        event_study=study,
        pre_trend=leads,
        naive=_naive(moments, seed, notes),
        robustness=tuple(
            (name, _infer(estimate_by_name(name, moments), plan.inference, seed)) for name in plan.robustness
        ),
        cells=cells,
        means=means_by_round(moments),
        comparison_mean=comparison_mean(moments),
        attrition=lost,
        gate=open_gate(_evidence(programme, main, leads, lost, cells)),
        flow=panel.flow,
        winsorised=panel.winsorised,
        truth=(read_truth(programme) or {}).get(indicator),
        provenance=provenance(programme, plan, panel.flow.steps[0].n_rows),
        notes=tuple(notes),
    )


def stored_moments(programme: Programme, plan: IndicatorPlan, panel: Panel) -> Moments:
    """Return the moments of an indicator's panel, from the cache where they stand there."""
    file = cache_folder(programme.folder) / f"{panel_key(programme, plan)}.moments.parquet"
    if file.is_file():
        return Moments.read(file)
    moments = Moments.from_panel(panel)
    file.parent.mkdir(parents=True, exist_ok=True)
    moments.write(file)
    return moments


def _infer(estimate: Estimate, method: str, seed: int) -> Inference:
    """Infer by the plan's method, or give no interval where an arm has too few villages."""
    few = few_villages(estimate)
    return no_interval(estimate, "none", 0.95, few) if few else infer(estimate, method, seed=seed)


def _event_study(moments: Moments, main: Inference, method: str, seed: int, notes: list[str]) -> Inference | None:
    if main.estimate.estimator == "event_study":
        return main
    if moments.design.time is None:
        return None
    try:
        return _infer(event_study(moments), method, seed)
    except DesignError as error:
        notes.append(str(error))
        return None


def _naive(moments: Moments, seed: int, notes: list[str]) -> Inference | None:
    if moments.design.time is None:
        return None
    try:
        return _infer(pre_post(moments), "auto", seed)
    except DesignError as error:
        notes.append(str(error))
        return None


def _evidence(
    programme: Programme, main: Inference, leads: PreTrend | None, lost: pl.DataFrame | None, cells: FourCell
) -> Evidence:
    pilot, comparison = arm_villages(main.estimate)
    return Evidence(
        assignment=programme.design.assignment,
        n_pilot=pilot,
        n_comparison=comparison,
        has_interval=math.isfinite(float(main.conf_low[0])),
        n_leads=0 if leads is None else leads.n_leads,
        pre_trend_p=None if leads is None else leads.p_joint,
        attrition=_unequal(lost),
        smallest_arm=_too_small(programme, cells, comparison),
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
    """Return the smaller arm's households and villages where they may not be shown; an absent arm is another matter."""
    limits = programme.disclosure
    arms = [cells.row("pilot")] + ([cells.row("comparison")] if n_comparison else [])
    small = [
        (r.n_units or 0, r.n_villages or 0)
        for r in arms
        if (r.n_units or 0) < limits.min_households or (r.n_villages or 0) < limits.min_villages
    ]
    return min(small) if small else None


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.with_columns(pl.selectors.float().fill_nan(None)).to_dicts()


def _plain(value: Any) -> Any:
    """Return a dataclass of this package as plain values."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return value
