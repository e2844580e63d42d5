"""Design: who is compared with whom, by which columns; the same for every estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.errors import UsageError, listed

Assignment = Literal["randomised", "phased", "chosen", "threshold"]
AssignedTo = Literal["cluster", "unit"]
Comparison = Literal["never", "not_yet"]


@dataclass(frozen=True, slots=True)
class Design:
    """Columns and facts of an evaluation design.

    Parameters
    ----------
    cluster : str
        Column of the village. Never defaulted: intervals depend on it.
    unit : str or None
        Column of the household; None for rows that are not followed over rounds.
    time : str or None
        Column of the round; None for one cross-section.
    first_treated : str or None
        Column with the first treated round; null, 0 or inf = never. Give this or `treatment`.
    treatment : str or None
        Column of 0/1: by unit in a cross-section, by unit and round in a panel.
    weights, strata : str or None
        Columns of the sampling weight and of the strata within which villages were assigned.
    assignment : {"randomised", "phased", "chosen", "threshold"}
        How pilot villages came to be pilots; the claim gate reads it.
    assigned_to : {"cluster", "unit"} or None
        Whether whole villages or some households in a village are treated; None = infer from the data.
    comparison : {"never", "not_yet"}
        Which villages may serve as comparison.
    anticipation : int
        Rounds before adoption in which behaviour may already change.
    take_up : str or None
        Column of 0/1: whether the household took part. Treatment is then what it was assigned to (see `late`).
    running : str or None
        Column of the score that decides who is treated, in one cross-section (see `discontinuity`). It stands in place
        of first_treated and treatment: treated is who has `cutoff` or more; rows without a score are left out.
    cutoff : float or None
        The score from which on one is treated.
    """

    cluster: str
    unit: str | None = None
    time: str | None = None
    first_treated: str | None = None
    treatment: str | None = None
    weights: str | None = None
    strata: str | None = None
    assignment: Assignment = "chosen"
    assigned_to: AssignedTo | None = None
    comparison: Comparison = "not_yet"
    anticipation: int = 0
    take_up: str | None = None
    running: str | None = None
    cutoff: float | None = None

    def __post_init__(self) -> None:
        if (self.running is None) != (self.cutoff is None):
            raise UsageError(
                "design", "only one of running and cutoff was given", "both, or neither", "name the score and its limit"
            )
        given = [n for n in ("first_treated", "treatment", "running") if getattr(self, n) is not None]
        if len(given) != 1:
            found = "both were given" if given == ["first_treated", "treatment"] else f"{listed(given)} were given"
            raise UsageError(
                "design",
                found if given else "neither was given",
                "exactly one of first_treated and treatment (or running with its cutoff)",
                "name the column that says who is treated",
            )
        if self.running is not None and self.time is not None:
            raise UsageError(
                "design", "running with time", "one cross-section: no time", "keep the round in which scores were given"
            )
        if self.anticipation < 0:
            raise UsageError("design.anticipation", f"{self.anticipation}", "0 or more rounds", "give a whole number")

    @property
    def follows(self) -> bool:
        """Whether households can be followed; False for repeated cross-sections. One round needs no following."""
        return self.unit is not None or self.time is None

    def columns(self) -> tuple[str, ...]:
        """Return every column that the design names, once, in a fixed order."""
        treated = (self.first_treated, self.treatment, self.running)
        named = (self.unit, self.cluster, self.time, *treated, self.weights, self.strata)
        return tuple(dict.fromkeys(c for c in named if c is not None))

    def measured(self, outcomes: Sequence[str]) -> tuple[str, ...]:
        """Return the outcomes and, where the design has one, the take-up: the columns of numbers, each once."""
        return tuple(dict.fromkeys([*outcomes, *([self.take_up] if self.take_up else [])]))
