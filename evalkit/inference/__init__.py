"""Inference: one method a file, from Estimate to Inference; the only place for t, p, df and intervals."""

from evalkit.inference.families import InFamily, adjust_families
from evalkit.inference.infer import infer
from evalkit.inference.multiple import adjust
from evalkit.inference.romano_wolf import romano_wolf
from evalkit.inference.sharpened import sharpened_q
from evalkit.inference.westfall_young import westfall_young

__all__ = ["InFamily", "adjust", "adjust_families", "infer", "romano_wolf", "sharpened_q", "westfall_young"]
