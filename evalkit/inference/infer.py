"""infer(): from an Estimate to its Inference by a named method, or by the default for the design."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.errors import UsageError, nearest
from evalkit.inference.auto import auto
from evalkit.inference.classical import classical
from evalkit.inference.crv1 import crv1
from evalkit.inference.crv2 import crv2
from evalkit.inference.crv3 import crv3
from evalkit.inference.jackknife import jackknife
from evalkit.inference.randomization import randomization
from evalkit.inference.wild import wild
from evalkit.results import Estimate, Inference

METHODS: dict[str, Callable[..., Inference]] = {
    "classical": classical,
    "crv1": crv1,
    "crv2": crv2,
    "crv3": crv3,
    "jackknife": jackknife,
    "wild": wild,
    "randomization": randomization,
}
DRAWING = frozenset({"wild", "randomization"})
"""Methods that draw, and so take `draws` and `seed`."""


def infer(
    estimate: Estimate, method: str = "auto", *, level: float = 0.95, seed: int = 1, draws: int = 9999
) -> Inference:
    """Give standard errors, p-values and intervals.

    Parameters
    ----------
    method : str
        ``auto`` or one of `METHODS`. ``auto`` chooses from the numbers of pilot and comparison villages (see `auto`).
    level : float
        Confidence level.
    seed, draws : int
        For methods that draw (``wild``, ``randomization``); analytic methods do not use them.

    Raises
    ------
    DesignError
        ``auto`` with fewer than 2 pilot or 2 comparison villages, or a method that does not fit the estimate.
    UsageError
        An unknown method.
    """
    if method != "auto" and method not in METHODS:
        raise UsageError(
            "inference",
            f"{method!r} is unknown ({nearest(method, ['auto', *METHODS])})",
            "a known method",
            "choose one of them",
        )
    if method == "auto":
        return auto(estimate, level)
    if method in DRAWING:
        return METHODS[method](estimate, level, draws=draws, seed=seed)
    return METHODS[method](estimate, level)
