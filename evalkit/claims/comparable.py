"""Which figures may be laid beside each other: rules that know nothing of any article."""

from __future__ import annotations

from evalkit.claims.operand import Operand

DIFFERS = (
    "concept",
    "basis",
    "basis_unknown",
    "forecast",
    "capacity",
    "attribution",
    "stock_flow",
    "picked",
    "unit",
    "place",
    "period",
)
"""Reasons against a comparison; ``unknown_period`` and ``unknown_place`` are only cautions."""


def differences(a: Operand, b: Operand) -> tuple[str, ...]:
    """Return why two figures must not be compared; empty where nothing forbids it."""
    found = {
        "concept": a.concept != b.concept,
        "basis": {a.basis, b.basis} == {"gross", "net"},
        "basis_unknown": _one_unknown(a.basis, b.basis) and a.unit.is_money,
        "forecast": (a.kind == "forecast") != (b.kind == "forecast"),
        "capacity": (a.kind == "capacity") != (b.kind == "capacity"),
        "attribution": (a.kind == "attribution") != (b.kind == "attribution"),
        "stock_flow": {a.measure, b.measure} == {"stock", "flow"},
        "picked": a.picked or b.picked,
        "unit": not a.unit.fits(b.unit),
        "place": None not in (a.place, b.place) and a.place != b.place,
        "period": None not in (a.period, b.period) and a.period != b.period,
    }
    return tuple(reason for reason in DIFFERS if found[reason])


def cautions(a: Operand, b: Operand) -> tuple[str, ...]:
    """Return what a comparison rests on that the article does not tell."""
    found = {
        "unknown_period": a.period is None or b.period is None,
        "unknown_place": a.place is None or b.place is None,
        "both_forecast": a.kind == b.kind == "forecast",
    }
    return tuple(code for code, holds in found.items() if holds)


def _one_unknown(a: str | None, b: str | None) -> bool:
    return (a is None) != (b is None)
