"""Diagnostics: means by arm, attrition, pre-trends; descriptions that stand beside an estimate."""

from evalkit.diagnostics.arms import CellRow, FourCell, comparison_mean, four_cell, means_by_round
from evalkit.diagnostics.attrition import attrition
from evalkit.diagnostics.bounds import bounds
from evalkit.diagnostics.compliance import compliance, instrument_notes
from evalkit.diagnostics.pre_trend import PreTrend, pre_trend

__all__ = [
    "CellRow",
    "FourCell",
    "PreTrend",
    "attrition",
    "bounds",
    "comparison_mean",
    "compliance",
    "four_cell",
    "instrument_notes",
    "means_by_round",
    "pre_trend",
]
