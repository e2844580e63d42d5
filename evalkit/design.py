"""Design: who is compared with whom, by which columns; the same for every estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.errors import UsageError

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

    def __post_init__(self) -> None:
        if (self.first_treated is None) == (self.treatment is None):
            found = "both were given" if self.treatment else "neither was given"
            raise UsageError(
                "design",
                found,
                "exactly one of first_treated and treatment",
                "name the column that says who is treated",
            )
        if self.anticipation < 0:
            raise UsageError("design.anticipation", f"{self.anticipation}", "0 or more rounds", "give a whole number")

    @property
    def follows(self) -> bool:
        """Whether households can be followed; False for repeated cross-sections. One round needs no following."""
        return self.unit is not None or self.time is None

    def columns(self) -> tuple[str, ...]:
        """Return every column that the design names, once, in a fixed order."""
        named = (self.unit, self.cluster, self.time, self.first_treated, self.treatment, self.weights, self.strata)
        return tuple(dict.fromkeys(c for c in named if c is not None))

    def measured(self, outcomes: Sequence[str]) -> tuple[str, ...]:
        """Return the outcomes and, where the design has one, the take-up: the columns of numbers, each once."""
        return tuple(dict.fromkeys([*outcomes, *([self.take_up] if self.take_up else [])]))
