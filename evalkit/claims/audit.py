"""audit(): all results of an article's arithmetic and all that its figures lack, in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalkit.claims.arithmetic import Result, carried_out
from evalkit.claims.missing import missing
from evalkit.claims.model import Claim, Reported
from evalkit.claims.operand import Operand, operand_of


@dataclass(frozen=True, slots=True)
class Audit:
    """An article's figures, what arithmetic says of them, and what each lacks by its id."""

    reported: Reported
    operands: Mapping[str, Operand]
    results: tuple[Result, ...]
    missing: Mapping[str, tuple[str, ...]]

    def result(self, name: str) -> Result:
        """Return the result of a relation's id."""
        return next(r for r in self.results if r.relation.id == name)

    def about(self, claim: Claim) -> tuple[Result, ...]:
        """Return the results in which a claim stands, itself or through an earlier result."""
        names = {claim.id}
        found = []
        for result in self.results:
            if names & {*result.relation.of, result.relation.gives}:
                found.append(result)
                names.add(result.relation.id)
        return tuple(found)


def audit(reported: Reported) -> Audit:
    """Carry out every relation, each on claims and earlier results, and list what is missing."""
    operands = {c.id: operand_of(c) for c in reported.claims}
    results = []
    for relation in reported.relations:
        result = carried_out(relation, operands)
        results.append(result)
        if result.operand is not None:
            operands[relation.id] = result.operand
    return Audit(reported, operands, tuple(results), {c.id: missing(c) for c in reported.claims})
