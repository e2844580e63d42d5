"""The panel of a programme's indicator: from the cache, or from raw files through intake and indicators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evalkit.cache import Entry, cache_folder, code_hash, hash_of, read_entry, write_entry
from evalkit.columns import EXPOSURE
from evalkit.flow import FlowStep, SampleFlow
from evalkit.indicators import build
from evalkit.intake import checksums
from evalkit.intake.identifiers.pseudonym import key_mark
from evalkit.intake_store import programme_rows
from evalkit.panel import Panel, Winsorised
from evalkit.programme import IndicatorPlan, Programme


def cached_panel(cls: type[Panel], programme: Programme, indicator: str) -> Panel:
    """Return the panel of one indicator; it is built where inputs, plan or code have changed since it was stored."""
    plan = programme.indicator(indicator)
    root, key = cache_folder(programme.folder), panel_key(programme, plan)
    entry = read_entry(root, key)
    if entry is None:
        panel = build_panel(cls, programme, plan)
        write_entry(root, key, Entry({"frame": panel.frame, "followed": panel.followed}, _facts(panel)))
        return panel
    facts = entry.meta
    flow = SampleFlow(tuple(FlowStep(**s) for s in facts["flow"]))
    cut = None if facts["winsorised"] is None else Winsorised(**facts["winsorised"])
    return cls(
        entry.tables["frame"],
        entry.tables["followed"],
        programme.design_for(plan),
        plan.name,
        facts["assigned_to"],
        flow,
        tuple(facts["covariates"]),
        cut,
    )


def build_panel(cls: type[Panel], programme: Programme, plan: IndicatorPlan) -> Panel:
    """Build the indicator from the programme's rows, and arrange the panel."""
    rows = programme_rows(programme)
    series = build(rows.frame, plan, programme, rows.prices)
    frame = rows.frame.drop(plan.name, strict=False).with_columns(series)
    return cls.from_frame(
        frame,
        design=programme.design_for(plan),
        outcome=plan.name,
        covariates=(EXPOSURE,) if EXPOSURE in frame.columns else (),
        winsorise=plan.winsorise,
        flow=rows.flow,
    )


def panel_key(programme: Programme, plan: IndicatorPlan) -> str:
    """Return the key of a panel: a hash of the raw files, the plan and the code."""
    return hash_of(
        "panel",
        programme.id,
        checksums(programme),
        key_mark(programme.folder),
        plan.model_dump(mode="json"),
        code_hash(),
    )


def _facts(panel: Panel) -> dict[str, Any]:
    steps = [asdict(s) for s in panel.flow.steps]
    return {
        "flow": steps,
        "assigned_to": panel.assigned_to,
        "covariates": list(panel.covariates),
        "winsorised": None if panel.winsorised is None else asdict(panel.winsorised),
    }
