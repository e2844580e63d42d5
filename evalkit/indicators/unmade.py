"""Indicators of a plan that cannot be made from the files as they are, each with the reason: told before any run."""

from __future__ import annotations

from evalkit.errors import EvalkitError
from evalkit.indicators.registry import build
from evalkit.intake import Intake
from evalkit.programme import Programme


def unmade_indicators(programme: Programme, intake: Intake) -> tuple[str, ...]:
    """Return why indicators cannot be made, in the order of the plan; one reason that several share is told once."""
    reasons = []
    for plan in programme.indicators:
        try:
            build(intake.frame, plan, programme, intake.prices)
        except EvalkitError as error:
            reasons.append(str(error))
    return tuple(dict.fromkeys(reasons))
