"""Families of outcomes: for each result, its p-value adjusted for the other outcomes of its family in three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.errors import UsageError
from evalkit.inference.multiple import adjust
from evalkit.inference.sharpened import sharpened_q
from evalkit.inference.westfall_young import westfall_young
from evalkit.results import Inference, Linear


@dataclass(frozen=True, slots=True)
class InFamily:
    """How one result stands among the n outcomes of its family that have a p-value; None where undefined.

    ``holm`` and ``sharpened_q`` start from the result's own p; ``westfall_young`` from village sums (CRV1). In a family
    of one there is nothing to adjust: ``holm`` is p, the others are None.
    """

    n: int
    holm: float | None
    westfall_young: float | None = None
    sharpened_q: float | None = None


def adjust_families(
    results: Sequence[Inference], families: Sequence[str], *, term: str = "att", draws: int = 9999, seed: int = 1
) -> list[InFamily]:
    """Adjust each result's p for the outcomes of its family.

    Westfall–Young is given where all outcomes of a family that have a p are linear regressions; each family's villages
    are redrawn within the design's strata.

    Parameters
    ----------
    results : sequence of Inference
    families : sequence of str
        The family of each result.

    Raises
    ------
    UsageError
        The two sequences differ in length.
    """
    if len(results) != len(families):
        raise UsageError(
            "adjust_families",
            f"{len(results)} results and {len(families)} families",
            "one family for each result",
            "give both in the same order",
        )
    p = [r.row(term)["p_value"] for r in results]
    holm = adjust(p, families)
    found = [InFamily(0 if value is None else 1, value) for value in holm]
    for family in dict.fromkeys(families):
        members = [i for i, f in enumerate(families) if f == family and p[i] is not None]
        if len(members) < 2:
            continue
        redrawn = _redrawn([results[i] for i in members], term, draws, seed)
        sharpened = sharpened_q([p[i] for i in members])
        for i, wy, q in zip(members, redrawn, sharpened, strict=True):
            found[i] = InFamily(len(members), holm[i], wy, q)
    return found


def _redrawn(results: Sequence[Inference], term: str, draws: int, seed: int) -> list[float | None]:
    estimates = [r.estimate for r in results]
    if not all(isinstance(e.basis, Linear) for e in estimates):
        return [None] * len(estimates)
    adjusted = westfall_young(estimates, term=term, draws=draws, seed=seed).tidy()
    return list(adjusted["p_adjusted"])
