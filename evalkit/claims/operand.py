"""Operand: what arithmetic works on, a claim or an earlier result, with what decides whether it may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.claims.amount import Amount
from evalkit.claims.figure import figure_of
from evalkit.claims.model import KINDS, Claim, Kind
from evalkit.claims.units import Unit, unit_named


@dataclass(frozen=True, slots=True)
class Operand:
    """An amount in first units (m², years, shares), and what it is; None where the article does not say."""

    id: str
    amount: Amount
    unit: Unit
    concept: str
    kind: Kind
    basis: str | None = None
    measure: str | None = None
    place: str | None = None
    period: str | None = None
    part_of: str | None = None
    picked: bool = False


def operand_of(claim: Claim) -> Operand:
    """Return a claim as operand; a range keeps its ends, and the middle stands for it in arithmetic."""
    unit = unit_named(claim.unit)
    amount = figure_of(claim.said, counted=unit.is_count, bound=claim.bound).amount.scaled(unit.factor)
    return Operand(
        claim.id,
        amount,
        unit,
        claim.concept,
        claim.kind,
        claim.basis,
        claim.measure,
        None if claim.place is None else claim.place.zh,
        claim.period,
        claim.part_of,
        claim.picked,
    )


def joined(name: str, concept: str, amount: Amount, unit: Unit, parts: Sequence[Operand]) -> Operand:
    """Return a result as operand: it is what all its parts are, and no firmer than the least firm."""
    kind = next(k for k in KINDS if k in {p.kind for p in parts})
    money = [p for p in parts if p.unit.is_money] or list(parts)
    return Operand(
        name,
        amount,
        unit,
        concept,
        kind,
        _same([p.basis for p in money]),
        _same([p.measure for p in money]),
        _same([p.place for p in parts]),
        _same([p.period for p in parts]),
        picked=any(p.picked for p in parts),
    )


def _same(values: Sequence[str | None]) -> str | None:
    return values[0] if len(set(values)) == 1 else None
