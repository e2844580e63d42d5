"""Estimators: one a file, from Moments or Panel to Estimate."""

from evalkit.estimators.did import did
from evalkit.estimators.event_study import event_study
from evalkit.estimators.group_time import group_time
from evalkit.estimators.index import family_index
from evalkit.estimators.itt import itt
from evalkit.estimators.pre_post import pre_post

__all__ = ["did", "event_study", "family_index", "group_time", "itt", "pre_post"]
