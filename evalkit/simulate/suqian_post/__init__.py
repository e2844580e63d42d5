"""The scenario of the postal "Red Benefit-Farmers" in Suqian: villages drawn by lot, contracts taken up by some."""

from evalkit.simulate.suqian_post.files import write_programme
from evalkit.simulate.suqian_post.replicate import replicate

__all__ = ["replicate", "write_programme"]
