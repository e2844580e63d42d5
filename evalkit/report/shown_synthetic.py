"""What may be shown of a synthetic estimate: gaps by round, and donors without their names on public pages."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.diagnostics import donor_weights
from evalkit.finding import Finding
from evalkit.report.disclosure import coarse
from evalkit.report.shown import shown_rows
from evalkit.results import Donors


def shown_gaps(finding: Finding) -> list[dict[str, Any]]:
    """Return the gaps of a synthetic estimate by round that may be shown, sorted."""
    rows = shown_rows(finding.main, finding.programme.disclosure)
    if rows is None or "event_time" not in rows.columns:
        return []
    return rows.filter(pl.col("event_time").is_not_null()).sort("event_time").to_dicts()


def shown_donors(finding: Finding) -> list[dict[str, Any]] | None:
    """Return the donor weights, the largest first; on public pages villages have numbers in place of names."""
    if not isinstance(finding.main.estimate.basis, Donors):
        return None
    rows = donor_weights(finding.main.estimate).to_dicts()
    if finding.programme.disclosure.audience == "internal":
        return rows
    return [{"donor": n, "weight": coarse(r["weight"])} for n, r in enumerate(rows, 1)]
