"""Simulated programmes with a known truth. Shares no code with intake, estimators or inference."""

from evalkit.simulate.registry import Replicate, replicate, scenarios, write_programme

__all__ = ["Replicate", "replicate", "scenarios", "write_programme"]
