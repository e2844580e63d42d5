"""Inference: one method a file, from Estimate to Inference; the only place for t, p, df and intervals."""

from evalkit.inference.infer import infer
from evalkit.inference.multiple import adjust

__all__ = ["adjust", "infer"]
