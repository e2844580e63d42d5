"""[quality] of programme.toml: field checks beyond those that canonical names ask for, and thresholds."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

RULES = (
    "negative_part",
    "part_above_whole",
    "log_of_zero",
    "size_jump",
    "unit_slip",
    "unit_slip_round",
    "unit_slip_village",
    "unit_slip_enumerator",
    "outlier",
    "duplicate_ids",
    "identical_answers",
    "straight_line",
    "duration",
    "enumerator_heaping",
    "enumerator_straight_line",
    "enumerator_duration",
    "enumerator_unknown",
    "backcheck",
    "backcheck_unmatched",
    "enumerator_backcheck",
)
"""Names of the field checks; `skip` may leave some out."""


def _known(rules: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [r for r in rules if r not in RULES]
    if unknown:
        raise ValueError(f"quality.skip names no check {unknown[0]!r}; there are {', '.join(RULES)}")
    return rules


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pair(_Frozen):
    """[[quality.at_most]]: a column that cannot be above another, such as kilograms sold and produced."""

    part: str
    whole: str


class BackCheck(_Frozen):
    """[quality.backcheck]: the questions of the second visit, by the three types of Innovations for Poverty Action.

    Type 1: answers that do not change between two visits. Type 2: answers that need skill to get. Type 3: answers that
    may change by themselves. ``within`` gives, by question, the difference that is no error.
    """

    type1: tuple[str, ...] = ()
    type2: tuple[str, ...] = ()
    type3: tuple[str, ...] = ()
    within: dict[str, Annotated[float, Field(ge=0)]] = {}
    enumerator: str | None = None
    max_error: float = Field(default=0.1, gt=0, lt=1)
    min_answers: int = Field(default=10, ge=3)

    def types(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the questions by type."""
        return (("type1", self.type1), ("type2", self.type2), ("type3", self.type3))

    @model_validator(mode="after")
    def _sensible(self) -> BackCheck:
        asked = [*self.type1, *self.type2, *self.type3]
        twice = sorted({q for q in asked if asked.count(q) > 1})
        odd = sorted(set(self.within) - set(asked))
        if not asked:
            raise ValueError("quality.backcheck names no question; give type1, type2 or type3")
        if twice:
            raise ValueError(f"quality.backcheck names {twice[0]!r} twice")
        if odd:
            raise ValueError(
                f"quality.backcheck.within names {odd[0]!r}, which is no question of type1, type2 or type3"
            )
        return self


class QualityPlan(_Frozen):
    """[quality]: columns and thresholds of the field checks; every entry may be left out."""

    enumerator: str | None = None
    duration: str | None = None
    duration_minutes: tuple[float, float] = (15, 240)
    ids: tuple[tuple[str, ...], ...] = ()
    batteries: tuple[tuple[str, ...], ...] = ()
    at_most: tuple[Pair, ...] = ()
    size: str | None = None
    size_jump: int = Field(default=4, ge=1)
    outlier_mads: float = Field(default=6, gt=1)
    min_count: int = Field(default=30, ge=10)
    ignore_codes: tuple[float, ...] = ()
    min_answers: int = Field(default=5, ge=3)
    min_interviews: int = Field(default=20, ge=5)
    backcheck: BackCheck | None = None
    skip: Annotated[tuple[str, ...], AfterValidator(_known)] = ()

    @model_validator(mode="after")
    def _sensible(self) -> QualityPlan:
        low, high = self.duration_minutes
        if not 0 <= low < high:
            raise ValueError(f"quality.duration_minutes = [{low:g}, {high:g}]: the first must be below the second")
        short = [b for b in self.batteries if len(b) < 3]
        if short:
            raise ValueError(f"quality.batteries: {', '.join(short[0])} are fewer than 3 questions")
        if any(not group for group in self.ids):
            raise ValueError("quality.ids has an empty list")
        return self
