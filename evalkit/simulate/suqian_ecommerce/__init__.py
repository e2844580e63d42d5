"""The scenario of "branch + e-commerce" in Suqian: a long staggered rollout with dynamic effects and anticipation."""

from evalkit.simulate.suqian_ecommerce.files import write_programme
from evalkit.simulate.suqian_ecommerce.replicate import replicate

__all__ = ["replicate", "write_programme"]
