"""Diagnostics: means by arm, attrition, pre-trends, leave one out; descriptions that stand beside an estimate."""

from evalkit.diagnostics.arms import CellRow, FourCell, comparison_mean, four_cell, means_by_round
from evalkit.diagnostics.attrition import attrition
from evalkit.diagnostics.leave_one_out import leave_one_out
from evalkit.diagnostics.pre_trend import PreTrend, pre_trend
from evalkit.diagnostics.pre_trend_power import PreTrendPower, pre_trend_power

__all__ = [
    "CellRow",
    "FourCell",
    "PreTrend",
    "PreTrendPower",
    "attrition",
    "comparison_mean",
    "four_cell",
    "leave_one_out",
    "means_by_round",
    "pre_trend",
    "pre_trend_power",
]
