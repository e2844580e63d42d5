"""The finding as values for JSON, without what its page withholds too."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.finding import Finding
from evalkit.report.disclosure import rounded, shown_cut
from evalkit.report.match import shown_match
from evalkit.report.shown import (
    lead_withheld,
    shown_bounds,
    shown_cells,
    shown_comparison_mean,
    shown_flow,
    shown_losses,
    shown_means,
    shown_reasons,
    shown_rows,
    shown_study,
    shown_take_up,
)
from evalkit.report.shown_cutoff import shown_cutoff
from evalkit.report.shown_digits import DECIMALS, is_rough, shown_digits
from evalkit.report.shown_synthetic import shown_donors
from evalkit.report.statement import case_for

RESULTS = (
    "main",
    "event_study",
    "pre_trend",
    "match",
    "donors",
    "bounds",
    "cutoff",
    "instrument",
    "take_up",
    "stability",
    "drift",
    "honest",
    "naive",
    "robustness",
    "cells",
    "means",
    "comparison_mean",
    "attrition",
    "flow",
    "winsorised",
    "why_this_interval",
    "in_family",
)
"""What is null in the numbers beside a page that reports no result."""
FROM_COUNTS = ("cells", "means", "attrition", "take_up")
"""What is computed from rounded counts."""


def publishable(finding: Finding) -> dict[str, Any]:
    """Return the finding as values for JSON; where the page reports no result, they hold none."""
    values = finding.to_dict()
    reasons = shown_reasons(finding)
    values |= _results(finding)
    values |= shown_digits({name: values[name] for name in RESULTS if name not in FROM_COUNTS}, finding)
    values["decimals"] = DECIMALS if is_rough(finding) else None
    values["gate"] = {
        "claim": finding.gate.claim,
        "reasons": [
            {"code": r.code, "values": dict(r.values), "text": r.code if _bare(r) else r.text} for r in reasons
        ],
    }
    values["notes"] = []
    values["n_notes_withheld"] = len(finding.notes)
    if not case_for(finding).shows_numbers:
        values |= dict.fromkeys(RESULTS) | {"withheld": [r.code for r in reasons]}
        values["gate"]["reasons"] = [{"code": r.code} for r in reasons]
    return values


def _bare(reason: Any) -> bool:
    """Whether the reason has lost the numbers of its text."""
    return reason.code == "small_cell" and not reason.values


def _results(finding: Finding) -> dict[str, Any]:
    limits = finding.programme.disclosure
    study = shown_study(finding)
    losses = shown_losses(finding)
    naive = shown_rows(finding.naive, limits)
    return {
        "main": _rows(shown_rows(finding.main, limits)),
        "event_study": _rows(study),
        "match": shown_match(finding),
        "donors": shown_donors(finding),
        "bounds": _rows(shown_bounds(finding)),
        "cutoff": shown_cutoff(finding),
        "instrument": _rows(shown_rows(finding.instrument, limits)),
        "take_up": shown_take_up(finding),
        "pre_trend": None if lead_withheld(finding) else finding.to_dict()["pre_trend"],
        "honest": None if lead_withheld(finding) else finding.to_dict()["honest"],
        "naive": _rows(naive),
        "robustness": {name: _rows(shown_rows(r, limits)) for name, r in finding.robustness},
        "cells": _cells(finding),
        "means": shown_means(finding).to_dicts(),
        "comparison_mean": shown_comparison_mean(finding),
        "attrition": None if any(r["held"] for r in losses) else losses or None,
        "flow": shown_flow(finding.flow.steps, limits),
        "winsorised": _winsorised(finding),
    }


def _rows(frame: pl.DataFrame | None) -> list[dict[str, Any]] | None:
    return None if frame is None else frame.with_columns(pl.selectors.float().fill_nan(None)).to_dicts()


def _cells(finding: Finding) -> dict[str, Any]:
    names = ("row", "before", "after", "change", "n_units", "n_villages")
    rows = [{**{k: getattr(c.row, k) for k in names}, "held": c.held} for c in shown_cells(finding).values()]
    return {"before_label": finding.cells.before_label, "after_label": finding.cells.after_label, "rows": rows}


def _winsorised(finding: Finding) -> dict[str, Any] | None:
    """Return what winsorising did; the cut is the value of few households where few were changed."""
    capped, limits = finding.winsorised, finding.programme.disclosure
    if capped is None:
        return None
    few = capped.n_changed < limits.min_households
    n = None if few and capped.n_changed else rounded(capped.n_changed, limits)
    return {"quantile": capped.quantile, "cut": None if few else shown_cut(capped.cut, limits), "n_changed": n}
