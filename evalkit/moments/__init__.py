"""Village moments: sufficient statistics that every village-level estimator, interval and permutation works from."""

from evalkit.moments.value import Moments, Part

__all__ = ["Moments", "Part"]
