"""Study: what a planned study assumes, and by how much the mean of a village then varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from evalkit.errors import UsageError

Comparison = Literal["end", "did", "ancova"]


@dataclass(frozen=True, slots=True)
class Study:
    """A planned study: villages, households, rounds and what is expected of them.

    ``households`` are those of a village at the start; ``sd`` is the outcome's standard deviation between households of
    a round, in its unit; ``icc`` the share of its variance between villages; ``autocorrelation`` the correlation of a
    household's outcome, and of a village's shock, between two rounds (rounds correlate equally: McKenzie 2012).
    ``before`` and ``after`` count rounds; ``attrition`` is the share of households lost to the end; ``take_up`` the
    share of pilot households that take part less that of comparison households. ``cv`` is the coefficient of variation
    of the villages' numbers of households (0: all alike). ``village_autocorrelation`` is the correlation of village
    shocks where it differs from that of households beside them (None: the same; Teerenstra et al. 2012).
    """

    pilot: int
    comparison: int
    households: int
    icc: float
    sd: float = 1.0
    before: int = 1
    after: int = 1
    autocorrelation: float = 0.5
    attrition: float = 0.0
    take_up: float = 1.0
    estimator: Comparison = "did"
    power: float = 0.8
    level: float = 0.95
    cv: float = 0.0
    village_autocorrelation: float | None = None

    @property
    def left(self) -> float:
        """Households of a village at the end, on average."""
        return self.households * (1 - self.attrition)

    @property
    def correlations(self) -> tuple[float, float]:
        """Between two rounds: of village shocks, and of households beside them."""
        own = self.village_autocorrelation
        return (self.autocorrelation if own is None else own), self.autocorrelation


def design_effect(study: Study) -> float:
    """Return 1 + ((1 + cv²)m − 1)·icc with m households left in a village (Eldridge, Ashby & Kerry 2006)."""
    return 1 + ((1 + study.cv**2) * study.left - 1) * study.icc


def rounds_factor(study: Study) -> float:
    """Return the variance of what is compared, village by village, in parts of that of a village's mean in one round.

    Of the variance in one round the village shock has the share V = (1 + cv²)·icc·m/deff, households have the rest.
    Each part, with correlation ρ between two rounds, r rounds before and s after, varies by (McKenzie 2012, eq. 1 to 3)

        end   A = (1 + (s − 1)ρ)/s                         the mean of the rounds after
        did   (1 − ρ)(1/r + 1/s)                           less the mean of the rounds before
        ancova   A − 2θρ + θ²(1 + (r − 1)ρ)/r              less θ of that mean

    with θ the coefficient of the mean before among households: Σ share·ρ / Σ share·(1 + (r − 1)ρ)/r, the shares being
    icc and 1 − icc. With one ρ for both parts this is A − rρ²/(1 + (r − 1)ρ).
    """
    village = (1 + study.cv**2) * study.icc * study.left / design_effect(study)
    of_village, of_households = (_factor(study, rho) for rho in study.correlations)
    return village * of_village + (1 - village) * of_households


def _factor(study: Study, rho: float) -> float:
    r, s = study.before, study.after
    after = (1 + (s - 1) * rho) / s
    if study.estimator == "end":
        return after
    if study.estimator == "did":
        return (1 - rho) * (1 / r + 1 / s)
    theta = slope(study)
    return after - 2 * theta * rho + theta**2 * (1 + (r - 1) * rho) / r


def slope(study: Study) -> float:
    """Return the coefficient of the mean of the rounds before in a regression of the mean after, among households."""
    shares = (study.icc, 1 - study.icc)
    together = sum(share * rho for share, rho in zip(shares, study.correlations, strict=True))
    spread = sum(
        share * (1 + (study.before - 1) * rho) / study.before
        for share, rho in zip(shares, study.correlations, strict=True)
    )
    return together / spread


def require_possible(study: Study) -> None:
    """Raise UsageError for the first number that cannot be."""
    first = 0 if study.estimator == "end" else 1
    own = study.village_autocorrelation
    ranges = {
        "pilot": (study.pilot >= 2, "2 villages or more"),
        "comparison": (study.comparison >= 2, "2 villages or more"),
        "estimator": (study.estimator in get_args(Comparison), "end, did or ancova"),
        "icc": (0 <= study.icc < 1, "0 to below 1"),
        "sd": (study.sd > 0, "a positive number"),
        "before": (study.before >= first, f"{first} rounds or more for {study.estimator}"),
        "after": (study.after >= 1, "1 round or more"),
        "autocorrelation": (0 <= study.autocorrelation < 1, "0 to below 1"),
        "village_autocorrelation": (own is None or 0 <= own < 1, "0 to below 1"),
        "attrition": (0 <= study.attrition < 1, "0 to below 1"),
        "households": (study.left >= 1, "one household left in a village or more"),
        "cv": (0 <= study.cv < 3, "0 to below 3"),
        "take_up": (0 < study.take_up <= 1, "above 0 to 1"),
        "power": (1 - study.level < study.power < 1, "above 1 − level and below 1"),
        "level": (0 < study.level < 1, "between 0 and 1"),
    }
    for name, (is_possible, needed) in ranges.items():
        if not is_possible:
            raise UsageError(f"power, {name}", f"{getattr(study, name)}", needed, "correct it")
