"""Simulated programmes with a known truth. Shares no code with intake, estimators or inference."""

from evalkit.simulate.files import write_programme
from evalkit.simulate.scenario import scenarios

__all__ = ["scenarios", "write_programme"]
