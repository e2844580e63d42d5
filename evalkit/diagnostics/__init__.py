"""Diagnostics: means by arm, attrition, pre-trends, leave one out; descriptions that stand beside an estimate."""

from evalkit.diagnostics.arms import CellRow, FourCell, comparison_mean, four_cell, means_by_round
from evalkit.diagnostics.attrition import attrition
from evalkit.diagnostics.balancing import Balancing, balancing, balancing_of
from evalkit.diagnostics.baseline import Baseline, baseline_of, variance_between
from evalkit.diagnostics.bounds import bounds
from evalkit.diagnostics.compliance import by_instrument, compliance, instrument_notes
from evalkit.diagnostics.cutoff import CutoffChecks, cutoff_checks
from evalkit.diagnostics.distribution import Distribution, distribution
from evalkit.diagnostics.dose import Dose, dose, dose_in
from evalkit.diagnostics.follow_up import follow_up, losses_by_baseline
from evalkit.diagnostics.goodman_bacon import GoodmanBacon, goodman_bacon
from evalkit.diagnostics.honest_did import Bounds, HonestDid, honest_did
from evalkit.diagnostics.leave_one_out import leave_one_out
from evalkit.diagnostics.match import Match, match
from evalkit.diagnostics.next_round import NextRound, Wanted, next_round
from evalkit.diagnostics.other_cuts import CUTS, other_cuts
from evalkit.diagnostics.plain_regression import PlainRegression, plain_regression, plain_regression_in
from evalkit.diagnostics.power import (
    DetectableEffect,
    minimum_detectable_effect,
    probability_of_finding,
    villages_needed,
)
from evalkit.diagnostics.power_simulation import SimulatedPower, simulated_power
from evalkit.diagnostics.pre_trend import PreTrend, pre_trend
from evalkit.diagnostics.pre_trend_power import PreTrendPower, pre_trend_power
from evalkit.diagnostics.rollout import Rollout, rollout, rollout_in
from evalkit.diagnostics.specification_curve import SpecificationCurve, curve_of, specification_curve
from evalkit.diagnostics.specification_set import CHOICES, DataChoice, data_choices, round_choices
from evalkit.diagnostics.spread import Spread, spread
from evalkit.diagnostics.stability import Stability, stability
from evalkit.diagnostics.study import Study
from evalkit.diagnostics.synthetic import donor_weights, leave_one_donor_out, placebo_in_space, placebo_in_time
from evalkit.diagnostics.take_up_funnel import take_up_funnel
from evalkit.diagnostics.twoway_weights import TwowayWeights, twoway_weights
from evalkit.diagnostics.village_changes import village_changes
from evalkit.diagnostics.village_map import VillageMap, village_map

__all__ = [
    "CHOICES",
    "CUTS",
    "Balancing",
    "Baseline",
    "Bounds",
    "CellRow",
    "CutoffChecks",
    "DataChoice",
    "DetectableEffect",
    "Distribution",
    "Dose",
    "FourCell",
    "GoodmanBacon",
    "HonestDid",
    "Match",
    "NextRound",
    "PlainRegression",
    "PreTrend",
    "PreTrendPower",
    "Rollout",
    "SimulatedPower",
    "SpecificationCurve",
    "Spread",
    "Stability",
    "Study",
    "TwowayWeights",
    "VillageMap",
    "Wanted",
    "attrition",
    "balancing",
    "balancing_of",
    "baseline_of",
    "bounds",
    "by_instrument",
    "comparison_mean",
    "compliance",
    "curve_of",
    "cutoff_checks",
    "data_choices",
    "distribution",
    "donor_weights",
    "dose",
    "dose_in",
    "follow_up",
    "four_cell",
    "goodman_bacon",
    "honest_did",
    "instrument_notes",
    "leave_one_donor_out",
    "leave_one_out",
    "losses_by_baseline",
    "match",
    "means_by_round",
    "minimum_detectable_effect",
    "next_round",
    "other_cuts",
    "placebo_in_space",
    "placebo_in_time",
    "plain_regression",
    "plain_regression_in",
    "pre_trend",
    "pre_trend_power",
    "probability_of_finding",
    "rollout",
    "rollout_in",
    "round_choices",
    "simulated_power",
    "specification_curve",
    "spread",
    "stability",
    "take_up_funnel",
    "twoway_weights",
    "variance_between",
    "village_changes",
    "village_map",
    "villages_needed",
]
