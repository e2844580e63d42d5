"""The 60 designs of the study: numbers of villages, their sizes, and what their shocks do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Study:
    """One design. Households average 20 a village; the pilot starts half-way through the rounds.

    ``icc`` is the share of village shocks in the variance of a round; ``sizes`` the standard deviation of log village
    size; ``pilot_shocks`` multiplies the shocks of pilot villages; ``serial`` is the AR(1) coefficient of village
    shocks; ``lost`` the shares of households lost from each round to the next in pilot and comparison villages;
    ``first`` which village is the first pilot: any, or that with the most or the fewest households.
    """

    name: str
    villages: int
    pilot: int
    icc: float = 0.1
    sizes: float = 0.0
    heavy: bool = False
    pilot_shocks: float = 1.0
    serial: float = 0.0
    rounds: int = 2
    lost: tuple[float, float] = (0.0, 0.0)
    first: Literal["any", "largest", "smallest"] = "any"


STRESS = {
    "unequal, t(4)": {"sizes": 0.8, "heavy": True, "icc": 0.3},
    "unequal, serial .7, 6 rounds": {"sizes": 0.8, "serial": 0.7, "rounds": 6, "icc": 0.1},
    "unequal, attrition, 4 rounds": {"sizes": 0.8, "lost": (0.15, 0.05), "rounds": 4, "icc": 0.1},
    "unequal, icc .02": {"sizes": 0.8, "icc": 0.02},
}
"""One of these for each pair of numbers, in turn."""
PAIRS = (
    (6, 2),
    (6, 3),
    (8, 2),
    (8, 4),
    (12, 2),
    (12, 3),
    (12, 6),
    (20, 2),
    (20, 4),
    (20, 10),
    (40, 4),
    (40, 10),
    (40, 20),
)


def _pair(n: int, pilot: int, stress: str | None) -> list[Study]:
    base = Study("", n, pilot)
    kinds = {
        "equal": base,
        "equal, pilot shocks x2": replace(base, icc=0.3, pilot_shocks=2.0),
        "unequal, pilot shocks x2": replace(base, icc=0.3, sizes=0.8, pilot_shocks=2.0),
    }
    if stress:
        kinds[stress] = replace(base, **STRESS[stress])  # type: ignore[arg-type]
    return [replace(study, name=f"{n}/{pilot} {kind}") for kind, study in kinds.items()]


def designs() -> list[Study]:
    """Return all designs, those with one pilot village first."""
    stresses = list(STRESS)
    alone = [Study(f"{n}/1 equal", n, 1) for n in (6, 8, 12, 20, 40)]
    paired = [s for i, (n, k) in enumerate(PAIRS) for s in _pair(n, k, stresses[i % len(stresses)])]
    return [*alone, *paired, *_pair(40, 2, None)]


ALONE = (4, 5, 6, 8, 12, 19, 20, 40)
"""Numbers of villages, one of them pilot, of the study of one pilot village."""
UNEQUAL = {"sizes": 0.8, "icc": 0.3}
ALONE_KINDS: dict[str, dict[str, object]] = {
    "equal": {},
    "equal, icc .3, pilot shocks x2": {"icc": 0.3, "pilot_shocks": 2.0},
    "unequal, pilot shocks x2": {**UNEQUAL, "pilot_shocks": 2.0},
    "pilot largest": {**UNEQUAL, "first": "largest"},
    "pilot smallest": {**UNEQUAL, "first": "smallest"},
    "pilot largest, its shocks x2": {**UNEQUAL, "first": "largest", "pilot_shocks": 2.0},
    "pilot smallest, its shocks x2": {**UNEQUAL, "first": "smallest", "pilot_shocks": 2.0},
    "unequal, t(4)": {**UNEQUAL, "heavy": True},
    "unequal, t(4), pilot shocks x2": {**UNEQUAL, "heavy": True, "pilot_shocks": 2.0},
    "unequal, serial .7, 6 rounds": {"sizes": 0.8, "serial": 0.7, "rounds": 6},
    "unequal, attrition, 4 rounds": STRESS["unequal, attrition, 4 rounds"],
    "unequal, icc .02": STRESS["unequal, icc .02"],
}


def alone() -> list[Study]:
    """Return the designs of the study of one pilot village."""
    return [replace(Study(f"{n}/1 {kind}", n, 1), **given) for n in ALONE for kind, given in ALONE_KINDS.items()]  # type: ignore[arg-type]
