"""The arithmetic of an article: each relation carried out on intervals, with a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.claims.amount import Amount, total
from evalkit.claims.comparable import cautions, differences
from evalkit.claims.model import Relation, RelationKind
from evalkit.claims.operand import Operand, joined
from evalkit.claims.units import Unit

Verdict = Literal["computed", "agrees", "disagrees", "not_comparable", "not_a_part", "definition", "impossible"]
SAME_UNIT: tuple[RelationKind, ...] = ("sum", "parts", "difference", "ratio")
ASK_COMPARABLE: tuple[RelationKind, ...] = ("compare", "difference")


@dataclass(frozen=True, slots=True)
class Result:
    """What a relation gives.

    ``amount`` is in first units; None where nothing may be computed. ``reasons`` say why not, ``cautions`` what a
    number that is computed rests on.
    """

    relation: Relation
    verdict: Verdict
    amount: Amount | None
    unit: Unit | None
    operand: Operand | None
    reasons: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


def carried_out(relation: Relation, operands: Mapping[str, Operand]) -> Result:
    """Carry out one relation.

    Parameters
    ----------
    relation : Relation
        Its operands are in `operands`, with units that fit (`read_claims` has checked both).
    operands : mapping of str to Operand
        Claims and earlier results by id.
    """
    parts = [operands[name] for name in relation.of]
    blocked = _blocked(relation, parts)
    if blocked is not None:
        return blocked
    amount, unit = COMPUTE[relation.kind](parts)
    made = joined(relation.id, relation.concept or parts[0].concept, amount, unit, parts)
    verdict = _verdict(relation, parts, amount, operands)
    notes = _cautions(relation, parts)
    return Result(relation, verdict, amount, unit, made, (), notes)


def _blocked(relation: Relation, parts: Sequence[Operand]) -> Result | None:
    """Return the result of a relation that may not be computed; None where it may."""
    if relation.kind in ASK_COMPARABLE:
        reasons = differences(parts[0], parts[1])
        if reasons:
            known = cautions(parts[0], parts[1])
            return Result(relation, "not_comparable", None, None, None, reasons, known)
    if relation.kind == "share" and parts[0].part_of != parts[1].id:
        return Result(relation, "not_a_part", None, None, None, ("not_a_part",))
    return None


def _verdict(relation: Relation, parts: Sequence[Operand], amount: Amount, operands: Mapping[str, Operand]) -> Verdict:
    if impossible(relation, parts, amount):
        return "impossible"
    if relation.kind == "covers":
        return "definition" if amount.low > 0 else "computed"
    if relation.gives is None:
        return "computed"
    return "agrees" if amount.overlaps(operands[relation.gives].amount) else "disagrees"


def impossible(relation: Relation, parts: Sequence[Operand], amount: Amount) -> bool:
    """Whether a part exceeds its whole, however the figures are rounded."""
    if relation.kind == "share":
        return amount.low > 1
    if relation.kind == "whole":
        return parts[1].amount.low > 1
    return relation.kind == "parts" and amount.high < 0


def _cautions(relation: Relation, parts: Sequence[Operand]) -> tuple[str, ...]:
    """Return what a number computed of unlike figures rests on; for a product, what it is made of."""
    found = list(cautions(parts[0], parts[1])) if relation.kind in ASK_COMPARABLE else []
    if relation.kind == "ratio":
        found += [r for r in differences(parts[0], parts[1]) if r != "concept"]
    kinds = {p.kind for p in parts}
    found += [f"uses_{k}" for k in ("forecast", "capacity") if k in kinds and k not in found]
    return tuple(dict.fromkeys(found))


def _divided(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    return parts[0].amount / parts[1].amount, parts[0].unit / parts[1].unit


def _share(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    return parts[0].amount / parts[1].amount, Unit(())


def _whole(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    return parts[0].amount / parts[1].amount, parts[0].unit


def _product(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    amount, unit = parts[0].amount, parts[0].unit
    for part in parts[1:]:
        amount, unit = amount * part.amount, unit * part.unit
    return amount, unit


def _sum(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    return total(p.amount for p in parts), parts[0].unit


def _difference(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    return parts[0].amount - parts[1].amount, parts[0].unit


def _rest(parts: Sequence[Operand]) -> tuple[Amount, Unit]:
    """Return what the last leaves beside the others: the whole less its parts."""
    return parts[-1].amount - total(p.amount for p in parts[:-1]), parts[-1].unit


COMPUTE: Mapping[RelationKind, Callable[[Sequence[Operand]], tuple[Amount, Unit]]] = {
    "ratio": _divided,
    "per_unit": _divided,
    "compare": _divided,
    "share": _share,
    "whole": _whole,
    "product": _product,
    "sum": _sum,
    "difference": _difference,
    "parts": _rest,
    "covers": _rest,
}
"""Each kind's amount and unit. ``parts`` and ``covers`` name the whole last."""
