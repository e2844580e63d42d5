"""What cannot be true in a claims.toml: figures against their own text, units, shares, totals, ids."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from evalkit.claims.arithmetic import SAME_UNIT, carried_out
from evalkit.claims.figure import Figure, figure_of
from evalkit.claims.model import Claim, Relation, Reported
from evalkit.claims.operand import Operand, operand_of
from evalkit.claims.units import SCALES, WRITTEN, Unit, head_of, singular, unit_named
from evalkit.errors import nearest

WAN, CLOSE = 10_000, 1e-9
TWO = ("ratio", "share", "per_unit", "whole", "difference", "compare")


def problems(reported: Reported, indicators: Collection[str] | None = None) -> list[str]:
    """Return every mistake, one sentence each; relations are computed only where their claims are sound."""
    found = [*_ids(reported), *_things(reported)]
    sound: dict[str, Operand] = {}
    for claim in reported.claims:
        mistakes = [*_figure(claim), *_references(claim, reported, indicators)]
        found += [f"claim {claim.id!r}: {m}" for m in mistakes]
        if not mistakes:
            sound[claim.id] = operand_of(claim)
    return [*found, *_relations(reported, sound)]


def _ids(reported: Reported) -> Iterator[str]:
    ids = [c.id for c in reported.claims] + [r.id for r in reported.relations]
    yield from (f"id {name!r} is given {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1)


def _figure(claim: Claim) -> Iterator[str]:
    try:
        unit = unit_named(claim.unit)
        figure = figure_of(claim.said, counted=unit.is_count, bound=claim.bound)
    except ValueError as error:
        yield str(error)
        return
    yield from _unit(claim, figure)
    yield from _value(claim, figure)
    if not unit.powers and claim.measure != "growth" and figure.amount.low * unit.factor > 1:
        yield f'{claim.said} is more than 100 % of what it is a share of (a rise may be: measure = "growth")'


def _things(reported: Reported) -> Iterator[str]:
    """Check that pages can name all that is counted, in both languages."""
    names = {singular(part): None for c in reported.claims for part in c.unit.split("/")}
    unknown = [n for n in names if n not in SCALES and n not in reported.units]
    if unknown:
        told = ", ".join(f"{n!r} ({nearest(n, [*SCALES, *reported.units])})" for n in unknown)
        yield f"[units] does not say in both languages what these are: {told}"


def _unit(claim: Claim, figure: Figure) -> Iterator[str]:
    """Compare the unit in the figure's words, where they tell one, with the entry."""
    written = next((WRITTEN[w] for w in sorted(WRITTEN, key=len, reverse=True) if figure.unit_text.startswith(w)), None)
    entry = head_of(claim.unit)
    if written is not None and written != entry:
        hint = " (1 hectare = 15 mu)" if {written, entry} == {"mu", "hectare"} else ""
        yield f"said {claim.said!r} is in {written}, unit says {claim.unit}{hint}"


def _value(claim: Claim, figure: Figure) -> Iterator[str]:
    low, high = claim.value if isinstance(claim.value, tuple) else (claim.value, claim.value)
    if isinstance(claim.value, tuple) != figure.is_range:
        yield f"said {claim.said!r} and value {claim.value} are not both a range or both one number"
    elif not figure.is_range:
        yield from _same(claim, figure.amount.value, low)
    elif low > high:
        yield f"value {claim.value} runs from high to low"
    else:
        yield from _same(claim, figure.amount.value, (low + high) / 2)


def _same(claim: Claim, said: float, value: float) -> Iterator[str]:
    if abs(said - value) <= CLOSE * abs(said):
        return
    times = max(said, value) / min(said, value) if min(said, value) > 0 else 0.0
    slip = next((f" ({name})" for factor, name in _SLIPS.items() if abs(times / factor - 1) < CLOSE), "")
    yield f"said {claim.said!r} is {said:,.10g} {claim.unit}, value says {value:,.10g}{slip}"


_SLIPS = {
    float(WAN): "a factor of 10,000: 万 and 亿 mixed up, or 万 left out",
    float(WAN) ** 2: "a factor of 亿: 亿 left out",
    15.0: "a factor of 15: mu and hectares mixed up",
    1000.0: "a factor of 1,000",
    100.0: "a factor of 100: percent and share mixed up?",
    10.0: "a factor of 10",
}


def _references(claim: Claim, reported: Reported, indicators: Collection[str] | None) -> Iterator[str]:
    ids = [c.id for c in reported.claims]
    if claim.part_of is not None and claim.part_of not in ids:
        yield f"part_of {claim.part_of!r} is no claim ({nearest(claim.part_of, ids)})"
    if indicators is not None and claim.indicator is not None and claim.indicator not in indicators:
        yield f"indicator {claim.indicator!r} is not in the plan ({nearest(claim.indicator, indicators)})"


def _relations(reported: Reported, sound: Mapping[str, Operand]) -> Iterator[str]:
    """Check relations in their order: each may use claims and those above it."""
    operands, known = dict(sound), [c.id for c in reported.claims]
    for relation in reported.relations:
        names = [*relation.of, *([relation.gives] if relation.gives else [])]
        unknown = [f"{n!r} is no claim and no relation above it ({nearest(n, known)})" for n in names if n not in known]
        computable = not unknown and all(n in operands for n in names)
        found = unknown or ([*_computed(relation, operands)] if computable else [])
        yield from (f"relation {relation.id!r}: {text}" for text in found)
        if computable and not found:
            made = carried_out(relation, operands).operand
            operands |= {relation.id: made} if made is not None else {}
        known.append(relation.id)


def _computed(relation: Relation, operands: Mapping[str, Operand]) -> Iterator[str]:
    parts = [operands[n] for n in relation.of]
    found = [*_shape(relation, parts)]
    yield from found
    if found:
        return
    result = carried_out(relation, operands)
    if result.verdict == "impossible" and not relation.as_stated:
        yield _impossible(relation)
    if relation.gives and result.unit is not None and not result.unit.fits(operands[relation.gives].unit):
        yield f"its result is in {_text(result.unit)}, {relation.gives!r} is in {_text(operands[relation.gives].unit)}"


def _shape(relation: Relation, parts: Sequence[Operand]) -> Iterator[str]:
    """Check number and units of what is put together."""
    if relation.kind in TWO and len(parts) != 2:
        yield f"{relation.kind} takes 2 figures, of has {len(parts)}"
        return
    wrong = [p for p in parts[1:] if not p.unit.fits(parts[0].unit)]
    if relation.kind in SAME_UNIT and wrong:
        yield f"{relation.kind} needs one unit: {parts[0].id!r} is in {_text(parts[0].unit)}, " + ", ".join(
            f"{p.id!r} in {_text(p.unit)}" for p in wrong
        )
    if relation.kind == "whole" and parts[1].unit.powers:
        yield f"whole divides by a share, {parts[1].id!r} is in {_text(parts[1].unit)}"
    divisor = parts[1].amount if relation.kind in ("ratio", "share", "per_unit", "whole", "compare") else None
    if divisor is not None and divisor.value == 0:
        yield f"{parts[1].id!r} is 0 and divides nothing"


def _impossible(relation: Relation) -> str:
    what = {
        "share": f"{relation.of[0]!r} is more than all of {relation.of[1]!r}",
        "whole": f"{relation.of[1]!r} is a share over 100 %",
    }.get(relation.kind, f"{', '.join(map(repr, relation.of[:-1]))} are together more than {relation.of[-1]!r}")
    return f"{what}; where the article itself says so, set as_stated = true, and the page will tell it"


def _text(unit: Unit) -> str:
    over = [n if p == 1 else f"{n}^{p}" for n, p in unit.powers if p > 0]
    under = [n if p == -1 else f"{n}^{-p}" for n, p in unit.powers if p < 0]
    return "/".join(["·".join(over) or "1", *under]) if unit.powers else "a plain number"
