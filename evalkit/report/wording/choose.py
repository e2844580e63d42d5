"""Which sentence a finding gets: from the gate's claim, where the interval lies, and what the claim assumes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from evalkit.gate import Claim

Position = Literal["up", "down", "unclear", "small", "no_interval"]
Form = Literal["effect", "at_cutoff", "assumed", "change", "compared", "jump", "not_reportable"]
UNTRUSTED = ("density_rejected", "density_untested")
"""Why a jump at a cut-off may not be attributed."""


@dataclass(frozen=True, slots=True)
class Case:
    """The sentence's form, the interval's position, and the key of its assumption or of what forbids attribution."""

    form: Form
    position: Position
    condition: str = ""

    @property
    def shows_numbers(self) -> bool:
        """Whether the result may be given as a number at all."""
        return self.form != "not_reportable"


def position_of(estimate: float | None, low: float | None, high: float | None, trivial: float | None) -> Position:
    """Return where the interval lies; the band that the plan calls small comes first, zero belongs to neither side."""
    if estimate is None or low is None or high is None:
        return "no_interval"
    if trivial is not None and -trivial <= low and high <= trivial:
        return "small"
    if low > 0:
        return "up"
    return "down" if high < 0 else "unclear"


def case_of(claim: Claim, reasons: Collection[str], position: Position, *, has_rounds: bool) -> Case:
    """Choose the sentence. A claim of an effect without an interval is not written.

    Parameters
    ----------
    claim : Claim
        What the gate allows.
    reasons : collection of str
        The codes of the gate's reasons.
    position : Position
        Where the interval lies.
    has_rounds : bool
        Whether the design has rounds, so that the assumption is about changes and not about levels.
    """
    if claim == "not_reportable" or (claim != "change_only" and position == "no_interval"):
        return Case("not_reportable", "no_interval")
    if claim == "effect_at_cutoff":
        return Case("at_cutoff", position, "continuity")
    if claim == "change_only" and any(code in reasons for code in UNTRUSTED):
        return Case("jump", position, next(code for code in UNTRUSTED if code in reasons))
    if claim == "change_only":
        compared = "no_comparison" not in reasons
        return Case("compared" if compared else "change", position, _cannot(reasons) if compared else "no_comparison")
    if claim == "effect":
        return Case("effect", position)
    return Case("assumed", position, _assumption(claim, reasons, has_rounds=has_rounds))


def _cannot(reasons: Collection[str]) -> str:
    """Return what forbids to attribute a difference between pilot and comparison villages."""
    return next((code for code in ("match_poor", "match_early") if code in reasons), "pre_trend_rejected")


def _assumption(claim: Claim, reasons: Collection[str], *, has_rounds: bool) -> str:
    if "matched" in reasons:
        return "matched"
    if claim == "effect_if_parallel_trends":
        return "parallel"
    if "randomised" in reasons:
        return "lost_alike"
    return "parallel_unchecked" if has_rounds else "alike"
