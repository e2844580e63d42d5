"""infer(): from an Estimate to its Inference by a named method, or by the default for the design."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.errors import DesignError, UsageError, nearest
from evalkit.inference.anderson_rubin import anderson_rubin
from evalkit.inference.auto import auto, few_villages
from evalkit.inference.bias_corrected import local_conventional, robust_bias_corrected
from evalkit.inference.bootstrap import bootstrap
from evalkit.inference.classical import classical
from evalkit.inference.conley_taber import conley_taber
from evalkit.inference.crv1 import crv1
from evalkit.inference.crv2 import crv2
from evalkit.inference.crv3 import crv3
from evalkit.inference.ferman_pinto import ferman_pinto
from evalkit.inference.jackknife import jackknife
from evalkit.inference.lone_pilot import FEW_PILOTS
from evalkit.inference.multiplier import multiplier
from evalkit.inference.placebo import placebo, placebo_normal
from evalkit.inference.randomization import randomization
from evalkit.inference.robust_student import robust_student
from evalkit.inference.student import no_interval
from evalkit.inference.synthetic_jackknife import synthetic_jackknife
from evalkit.inference.two_way import fits_two_way, two_way
from evalkit.inference.wild import wild
from evalkit.results import Donors, Estimate, Inference, Influence, Linear, LocalFit

METHODS: dict[str, Callable[..., Inference]] = {
    "anderson_rubin": anderson_rubin,
    "bootstrap": bootstrap,
    "classical": classical,
    "crv1": crv1,
    "crv2": crv2,
    "crv3": crv3,
    "jackknife": jackknife,
    "multiplier": multiplier,
    "two_way": two_way,
    "wild": wild,
    "randomization": randomization,
    "placebo": placebo,
    "placebo_normal": placebo_normal,
    "synthetic_jackknife": synthetic_jackknife,
    "conley_taber": conley_taber,
    "ferman_pinto": ferman_pinto,
    "robust_bias_corrected": robust_bias_corrected,
    "robust_student": robust_student,
    "local_conventional": local_conventional,
}
BOTH_BASES = frozenset({"auto", "crv1", "crv3", "multiplier"})
"""Methods that do not need one linear regression."""
DRAWING = frozenset(
    {"bootstrap", "multiplier", "wild", "randomization", "placebo", "placebo_normal", "conley_taber", "ferman_pinto"}
)
"""Methods that draw, and so take `draws` and `seed`."""
FOR_DONORS = frozenset({"placebo", "placebo_normal", "synthetic_jackknife"})
"""Methods for synthetic estimates only."""
AT_CUTOFF = frozenset({"robust_student", "robust_bias_corrected", "local_conventional"})
"""Methods for `discontinuity` only."""


def infer(
    estimate: Estimate, method: str = "auto", *, level: float = 0.95, seed: int = 1, draws: int = 9999
) -> Inference:
    """Give standard errors, p-values and intervals.

    Parameters
    ----------
    method : str
        ``auto`` or one of `METHODS`. ``auto`` chooses from the numbers of pilot and comparison villages (see `auto`);
        for synthetic estimates it is ``placebo``, at a cut-off ``robust_student``.
    level : float
        Confidence level.
    seed, draws : int
        For methods that draw (`DRAWING`); analytic methods do not use them.

    Raises
    ------
    DesignError
        ``auto`` with too few pilot or comparison villages (see `auto`), or a method that does not fit the estimate.
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
    if method == "auto" and isinstance(estimate.basis, Donors | LocalFit):
        method = "placebo" if isinstance(estimate.basis, Donors) else "robust_student"
    if isinstance(estimate.basis, LocalFit) and method not in AT_CUTOFF:
        raise DesignError(
            f"inference {method!r}",
            f"{estimate.estimator} rests on those near the cut-off",
            " or ".join(sorted(AT_CUTOFF)),
            "use auto",
        )
    if method == "auto":
        return auto(estimate, level, draws=draws, seed=seed)
    if method in DRAWING:
        return METHODS[method](estimate, level, draws=draws, seed=seed)
    return METHODS[method](estimate, level)


def infer_or_none(estimate: Estimate, method: str, *, seed: int = 1) -> Inference:
    """Infer by the plan's method, or give no interval, and the reason, where an arm has too few villages."""
    few = "" if method in FEW_PILOTS or isinstance(estimate.basis, Donors) else few_villages(estimate, method)
    return no_interval(estimate, "none", 0.95, few) if few else infer(estimate, method, seed=seed)


def fits(method: str, estimate: Estimate) -> bool:
    """Whether a method is made for an estimate of this kind."""
    if isinstance(estimate.basis, LocalFit) or method in AT_CUTOFF:
        return isinstance(estimate.basis, LocalFit) and method in {"auto"} | AT_CUTOFF
    if isinstance(estimate.basis, Donors):
        return method in {"auto", "crv3"} | FOR_DONORS
    if method in FEW_PILOTS | FOR_DONORS:
        return method not in FOR_DONORS and estimate.estimator == "did"
    if method == "two_way":
        return fits_two_way(estimate)
    by_arms = isinstance(estimate.basis, Influence) and estimate.basis.arms is not None
    return isinstance(estimate.basis, Linear) or method in BOTH_BASES or (method == "jackknife" and by_arms)
