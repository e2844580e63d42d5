"""The scenario of the "Red Assistance Teams" in Weinan: spillovers by design, and villages that start when they ask."""

from evalkit.simulate.weinan_teams.files import write_programme
from evalkit.simulate.weinan_teams.replicate import replicate

__all__ = ["replicate", "write_programme"]
