"""Estimators: one a file, from Moments or Panel to Estimate."""

from evalkit.estimators.ancova import ancova
from evalkit.estimators.by_dose import by_dose
from evalkit.estimators.did import did
from evalkit.estimators.discontinuity import discontinuity
from evalkit.estimators.event_study import event_study
from evalkit.estimators.group_time import group_time
from evalkit.estimators.imputation import imputation
from evalkit.estimators.index import family_index
from evalkit.estimators.itt import itt
from evalkit.estimators.late import late
from evalkit.estimators.lee_bounds import lee_bounds
from evalkit.estimators.ppml import ppml
from evalkit.estimators.pre_post import pre_post
from evalkit.estimators.quantile_difference import quantile_difference
from evalkit.estimators.spillover import spillover
from evalkit.estimators.sun_abraham import sun_abraham
from evalkit.estimators.synthetic_control import synthetic_control
from evalkit.estimators.synthetic_did import synthetic_did
from evalkit.estimators.synthetic_factors import synthetic_factors

__all__ = [
    "ancova",
    "by_dose",
    "did",
    "discontinuity",
    "event_study",
    "family_index",
    "group_time",
    "imputation",
    "itt",
    "late",
    "lee_bounds",
    "ppml",
    "pre_post",
    "quantile_difference",
    "spillover",
    "sun_abraham",
    "synthetic_control",
    "synthetic_did",
    "synthetic_factors",
]
