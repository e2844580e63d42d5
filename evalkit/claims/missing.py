"""What a figure lacks to say anything about a programme: rules by kind, nothing of any article."""

from __future__ import annotations

from evalkit.claims.model import Claim
from evalkit.claims.units import unit_named

CHANGES = ("outcome", "attribution")
"""Kinds that a reader takes for a change; they need a value before and a comparison."""
NOT_YET = {"forecast": "result", "capacity": "realised"}


def missing(claim: Claim) -> tuple[str, ...]:
    """Return codes of what the article does not tell, in the order in which a page lists them."""
    unit = unit_named(claim.unit)
    found = {
        "period": claim.period is None,
        "year": claim.period is not None and "-" in claim.period.lstrip("/")[:1],
        "place": claim.place is None,
        "basis": claim.basis is None and unit.is_money,
        "of": claim.of is None and head_is_share(claim.unit) and claim.measure != "growth",
        NOT_YET.get(claim.kind, "result"): claim.kind in NOT_YET,
        "picked": claim.picked,
        "base": claim.base is None and claim.kind in CHANGES,
        "comparison": claim.comparison is None and claim.kind in CHANGES,
    }
    return tuple(code for code, lacks in found.items() if lacks)


def head_is_share(unit: str) -> bool:
    """Whether the figure is a share of something, so that it must be said of what."""
    return not unit_named(unit).powers
