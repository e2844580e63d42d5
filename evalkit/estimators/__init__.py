"""Estimators: one a file, from Moments or Panel to Estimate."""

from evalkit.estimators.ancova import ancova
from evalkit.estimators.did import did
from evalkit.estimators.event_study import event_study
from evalkit.estimators.itt import itt
from evalkit.estimators.late import late
from evalkit.estimators.lee_bounds import lee_bounds
from evalkit.estimators.ppml import ppml
from evalkit.estimators.pre_post import pre_post

__all__ = ["ancova", "did", "event_study", "itt", "late", "lee_bounds", "ppml", "pre_post"]
