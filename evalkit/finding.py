"""Finding: everything that a page says about one indicator; and evaluate(), which makes it from a programme."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.beside import event_study, naive, robustness
from evalkit.cache import hash_of
from evalkit.diagnostics import (
    CutoffChecks,
    FourCell,
    HonestDid,
    Match,
    PreTrend,
    PreTrendPower,
    Spread,
    Stability,
    attrition,
    bounds,
    by_instrument,
    comparison_mean,
    compliance,
    cutoff_checks,
    donor_weights,
    four_cell,
    honest_did,
    match,
    means_by_round,
    pre_trend,
    pre_trend_power,
    spread,
    stability,
)
from evalkit.estimators.registry import estimate_by_name
from evalkit.evaluated import once
from evalkit.evidence import evidence_of
from evalkit.flow import SampleFlow
from evalkit.gate import Gate, open_gate
from evalkit.inference.band import uniform_band
from evalkit.inference.family_interval import FamilyInterval, family_interval
from evalkit.inference.infer import infer_or_none
from evalkit.intake import read_truth
from evalkit.moments.stored import stored_moments
from evalkit.panel import Panel, Winsorised
from evalkit.panel_store import panel_key
from evalkit.plan_lock import Deviation, PlanLock, deviations, read_lock
from evalkit.programme import IndicatorPlan, Programme, Terms
from evalkit.provenance import Provenance, provenance
from evalkit.results import Donors, FloatArray, Inference, plain, plain_rows

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """One indicator's answer: estimate, interval, what may be claimed, and what it rests on.

    ``main`` answers the plan; its first term is ``att``. ``event_study`` is the path by rounds since adoption, by the
    plan's estimator where it has one of its own (`group_time`). ``naive`` is the pilot villages' own change. ``cells``
    and ``means`` describe the arms; ``comparison_mean`` turns an effect into a percentage. ``truth`` exists only for
    simulated programmes. ``notes`` says what could not be computed, and why; ``lock`` is the plan as it was fixed
    before results were seen, ``deviations`` what has changed since.
    ``stability`` says whether the answer hangs on one village, ``drift`` what the look at earlier rounds may miss,
    ``honest`` the effect where paths drift apart as much as before the start; ``spread`` what stands behind the means.
    ``band`` holds the ends of the event study's uniform band, by term, NaN where it has none; ``compliance`` who took
    part, ``instrument`` the effect on them by Anderson–Rubin; ``bounds`` how far losses could move a drawn effect;
    ``match`` how a synthetic comparison fitted before the start, and what placebos show.
    ``in_family`` is the interval that holds together with those of the other indicators of its family.
    ``cutoff`` are the checks at a cut-off, where ``naive`` is the difference between all above and all below.
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
    lock: PlanLock | None = None
    deviations: tuple[Deviation, ...] = ()
    band: tuple[FloatArray, FloatArray] | None = None
    compliance: pl.DataFrame | None = None
    bounds: Inference | None = None
    cutoff: CutoffChecks | None = None
    instrument: Inference | None = None
    match: Match | None = None
    stability: Stability | None = None
    drift: PreTrendPower | None = None
    honest: HonestDid | None = None
    spread: Spread | None = None
    in_family: FamilyInterval | None = None

    @property
    def words(self) -> Terms:
        """What its pages call villages and households."""
        return self.programme.words_for(self.indicator)

    def event_table(self) -> pl.DataFrame | None:
        """Return the event study's tidy rows with `band_low` and `band_high`; None where there is no event study."""
        if self.event_study is None:
            return None
        table = self.event_study.tidy()
        if "band_low" in table.columns:
            return table
        ends = self.band or (np.full(len(self.event_study.std_error), np.nan),) * 2
        columns = [
            pl.Series(name, end).fill_nan(None) for name, end in zip(("band_low", "band_high"), ends, strict=True)
        ]
        return table.with_columns(columns)

    def tidy(self) -> pl.DataFrame:
        """Return the main result, robustness and naive change as tidy rows, with the column `role` in front."""
        parts = [("main", self.main), *self.robustness]
        parts += [("naive", self.naive)] if self.naive is not None else []
        tables = [inference.tidy().select(pl.lit(role).alias("role"), pl.all()) for role, inference in parts]
        return pl.concat(tables, how="diagonal")

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as values that fit in JSON; undefined numbers are None."""
        plan, events, estimate = self.indicator, self.event_table(), self.main.estimate
        return {
            "schema_version": SCHEMA_VERSION,
            "programme": {
                "id": self.programme.id,
                "name": self.programme.about.name.model_dump(),
                "provenance": self.programme.about.provenance,
            },
            "indicator": plan.model_dump(mode="json"),
            "main": plain_rows(self.main.tidy()),
            "why_this_interval": self.main.reason,
            "event_study": None if events is None else plain_rows(events),
            "donors": plain_rows(donor_weights(estimate)) if isinstance(estimate.basis, Donors) else None,
            "naive": None if self.naive is None else plain_rows(self.naive.tidy()),
            "robustness": {name: plain_rows(result.tidy()) for name, result in self.robustness},
            "cells": plain(self.cells),
            "means": plain_rows(self.means),
            "comparison_mean": self.comparison_mean,
            "attrition": None if self.attrition is None else plain_rows(self.attrition),
            "gate": {
                "claim": self.gate.claim,
                "reasons": [{"code": r.code, "values": dict(r.values), "text": r.text} for r in self.gate.reasons],
            },
            "flow": plain_rows(self.flow.frame()),
            "winsorised": None if self.winsorised is None else plain(self.winsorised),
            "truth": None if self.truth is None else dict(self.truth),
            "provenance": plain(self.provenance),
            "notes": list(self.notes),
            "plan_lock": None if self.lock is None else {"locked_on": self.lock.locked_on, "hash": self.lock.plan_hash},
            "deviations": plain(self.deviations),
            **{k: plain(getattr(self, k)) for k in ("pre_trend", "match", "in_family", "drift", "honest", "cutoff")},
            "stability": None if self.stability is None else {"verdict": self.stability.verdict},
            "bounds": None if self.bounds is None else plain_rows(self.bounds.tidy()),
            "instrument": None if self.instrument is None else plain_rows(self.instrument.tidy()),
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
    key = hash_of(panel_key(programme, plan), programme.model_dump(mode="json"), seed)
    return once(key, lambda: _evaluate(programme, plan, seed), {"programme": programme, "indicator": plan})


def _evaluate(programme: Programme, plan: IndicatorPlan, seed: int) -> Finding:
    panel = Panel.from_programme(programme, plan.name)
    moments = stored_moments(programme, plan, panel)
    lock, notes = read_lock(programme), list[str]()
    main = infer_or_none(estimate_by_name(plan.estimator, moments, panel), plan.inference, seed=seed)
    study = event_study(programme, plan, moments, main, seed, notes)
    leads = None if study is None else pre_trend(study, programme.design.steps_ahead)
    lost, checks, fit = attrition(panel), cutoff_checks(panel, main.estimate), match(main.estimate, seed)
    cells, firm, others = four_cell(moments), stability(main), robustness(programme, plan, moments, panel, seed, notes)
    return Finding(
        programme=programme,
        indicator=plan,
        main=main,
        event_study=study,
        pre_trend=leads,
        naive=naive(moments, seed, notes),
        robustness=others,
        cells=cells,
        means=means_by_round(moments),
        comparison_mean=comparison_mean(moments),
        attrition=lost,
        gate=open_gate(evidence_of(programme, main, leads, lost, cells, fit, checks)),
        flow=panel.flow,
        winsorised=panel.winsorised,
        truth=(read_truth(programme) or {}).get(plan.name),
        provenance=provenance(programme, plan, panel.flow.steps[0].n_rows),
        notes=tuple(notes),
        lock=lock,
        deviations=() if lock is None else deviations(programme, lock, plan.name),
        compliance=compliance(moments) if moments.design.take_up else None,
        bounds=bounds(panel, lost, notes),
        cutoff=checks,
        instrument=by_instrument(main, others),
        match=fit,
        stability=firm,
        in_family=family_interval(main, sum(p.family == plan.family for p in programme.indicators), seed=seed),
        spread=spread(panel, moments, cells, firm, is_primary=plan.role == "primary"),
        **({} if study is None else _of_path(study, programme.design.steps_ahead, seed)),
    )


def _of_path(study: Inference, ahead: int, seed: int) -> dict[str, Any]:
    """Return what the path by rounds says of the answer, by field."""
    return {
        "band": uniform_band(study, seed),
        "drift": pre_trend_power(study, ahead, seed=seed),
        "honest": honest_did(study, ahead),
    }
