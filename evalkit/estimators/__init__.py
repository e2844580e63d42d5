"""Estimators: one a file, from Moments or Panel to Estimate."""

from evalkit.estimators.did import did
from evalkit.estimators.event_study import event_study
from evalkit.estimators.itt import itt
from evalkit.estimators.pre_post import pre_post
from evalkit.estimators.synthetic_control import synthetic_control
from evalkit.estimators.synthetic_did import synthetic_did

__all__ = ["did", "event_study", "itt", "pre_post", "synthetic_control", "synthetic_did"]
