"""Report: formats findings for readers, in Chinese and English; it never estimates.

Each function returns a value that shows itself in Jupyter and on the page.
"""

from evalkit.report.answer import statement
from evalkit.report.backchecks import quality_backchecks
from evalkit.report.balance import balance
from evalkit.report.balancing import balancing
from evalkit.report.block import Block, FigureBlock
from evalkit.report.chain import chain
from evalkit.report.charts import arms, event_study, means
from evalkit.report.claims import claims_arithmetic, claims_figures, claims_headline
from evalkit.report.costs import costs
from evalkit.report.cutoff import cutoff, cutoff_checks
from evalkit.report.distribution import distribution
from evalkit.report.dose import dose
from evalkit.report.dose_effects import dose_effects
from evalkit.report.follow_up import quality_follow_up, quality_losses
from evalkit.report.forest import forest
from evalkit.report.funnel import funnel
from evalkit.report.groups import spillover
from evalkit.report.map import village_map
from evalkit.report.match import match_checks
from evalkit.report.next_round import power_basis, power_headline, power_limits, power_sizes
from evalkit.report.origin import provenance, publish
from evalkit.report.overview import overview_headline, overview_notes, overview_table
from evalkit.report.passage import quality_flow, quality_ledgers, quality_rounds
from evalkit.report.plain_regression import plain_regression
from evalkit.report.plan import plan
from evalkit.report.power_curve import power_curve
from evalkit.report.quality import quality_files, quality_headline, quality_rules
from evalkit.report.quality_checks import quality_checks, quality_missing
from evalkit.report.replication import published_numbers, replication
from evalkit.report.requests import first_askers, waiting, waiting_groups
from evalkit.report.rollout import rollout
from evalkit.report.sample import attrition, flow, limits
from evalkit.report.sensitivity import sensitivity
from evalkit.report.sources import sources
from evalkit.report.specification_curve import specification_curve
from evalkit.report.specifications import specifications
from evalkit.report.statement import headline
from evalkit.report.strip import village_strip
from evalkit.report.subgroups import subgroups
from evalkit.report.synthetic import donors, gap
from evalkit.report.tables import estimates, four_cell, truth
from evalkit.report.take_up import take_up
from evalkit.report.thresholds import thresholds
from evalkit.report.village import village_figures, village_headline, village_table

__all__ = [
    "Block",
    "FigureBlock",
    "arms",
    "attrition",
    "balance",
    "balancing",
    "chain",
    "claims_arithmetic",
    "claims_figures",
    "claims_headline",
    "costs",
    "cutoff",
    "cutoff_checks",
    "distribution",
    "donors",
    "dose",
    "dose_effects",
    "estimates",
    "event_study",
    "first_askers",
    "flow",
    "forest",
    "four_cell",
    "funnel",
    "gap",
    "headline",
    "limits",
    "match_checks",
    "means",
    "overview_headline",
    "overview_notes",
    "overview_table",
    "plain_regression",
    "plan",
    "power_basis",
    "power_curve",
    "power_headline",
    "power_limits",
    "power_sizes",
    "provenance",
    "publish",
    "published_numbers",
    "quality_backchecks",
    "quality_checks",
    "quality_files",
    "quality_flow",
    "quality_follow_up",
    "quality_headline",
    "quality_ledgers",
    "quality_losses",
    "quality_missing",
    "quality_rounds",
    "quality_rules",
    "replication",
    "rollout",
    "sensitivity",
    "sources",
    "specification_curve",
    "specifications",
    "spillover",
    "statement",
    "subgroups",
    "take_up",
    "thresholds",
    "truth",
    "village_figures",
    "village_headline",
    "village_map",
    "village_strip",
    "village_table",
    "waiting",
    "waiting_groups",
]
