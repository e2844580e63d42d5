"""The scenario of farmers' federations in Shangyu: a rollout that reaches all townships, and a rating with cut-offs."""

from evalkit.simulate.shangyu_trinity.files import write_programme
from evalkit.simulate.shangyu_trinity.replicate import replicate

__all__ = ["replicate", "write_programme"]
