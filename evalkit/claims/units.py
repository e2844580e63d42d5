"""Units of figures: what may be added, divided and converted; ``yuan/mu/year`` is yuan by area and time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

SCALES: dict[str, tuple[str, float]] = {
    "yuan": ("yuan", 1.0),
    "mu": ("m2", 2000 / 3),
    "hectare": ("m2", 10_000.0),
    "m2": ("m2", 1.0),
    "km2": ("m2", 1e6),
    "km": ("m", 1000.0),
    "m": ("m", 1.0),
    "kg": ("kg", 1.0),
    "jin": ("kg", 0.5),
    "tonne": ("kg", 1000.0),
    "year": ("year", 1.0),
    "quarter": ("year", 1 / 4),
    "month": ("year", 1 / 12),
    "day": ("year", 1 / 365),
    "percent": ("", 0.01),
    "share": ("", 1.0),
    "point": ("", 0.01),
}
"""Unit: the first unit of what it measures, and its size in that (mu = 1/15 hectare). Other names count things."""

WRITTEN = {
    "元": "yuan",
    "块": "yuan",
    "亩": "mu",
    "公顷": "hectare",
    "平方米": "m2",
    "平方公里": "km2",
    "公里": "km",
    "公斤": "kg",
    "斤": "jin",
    "吨": "tonne",
    "%": "percent",
    "个百分点": "point",
    "yuan": "yuan",
    "mu": "mu",
    "hectares": "hectare",
    "hectare": "hectare",
    "kg": "kg",
    "tonnes": "tonne",
    "percent": "percent",
    "per cent": "percent",
}
"""Units that a figure's own words tell beyond doubt; counters such as 个, 家 and 名 tell nothing."""

NAME = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Unit:
    """Powers of first units (m2, year, yuan, shop …), sorted, and the size in them."""

    powers: tuple[tuple[str, int], ...]
    factor: float = 1.0

    def __mul__(self, other: Unit) -> Unit:
        return _unit(Counter(dict(self.powers)), other, 1, self.factor * other.factor)

    def __truediv__(self, other: Unit) -> Unit:
        return _unit(Counter(dict(self.powers)), other, -1, self.factor / other.factor)

    def fits(self, other: Unit) -> bool:
        """Whether both measure the same, so that one can be converted into the other."""
        return self.powers == other.powers

    @property
    def is_money(self) -> bool:
        """Whether it is an amount of money, by whatever."""
        return dict(self.powers).get("yuan", 0) == 1

    @property
    def is_count(self) -> bool:
        """Whether it counts things: what is no measure."""
        measured = {name for name, _ in SCALES.values()}
        return len(self.powers) == 1 and self.powers[0][1] == 1 and self.powers[0][0] not in measured


def unit_named(text: str) -> Unit:
    """Read a unit: ``shops``, ``yuan/mu``, ``percent``.

    Raises
    ------
    ValueError
        It is not written so.
    """
    if not NAME.fullmatch(text):
        raise ValueError(f"unit {text!r} is not written as yuan, shops or yuan/mu/year")
    head, *per = (_one(part) for part in text.split("/"))
    for part in per:
        head = head / part
    return head


def head_of(text: str) -> str:
    """Return a unit's first part: ``kg`` of ``kg/mu``."""
    return singular(text.split("/")[0])


def singular(name: str) -> str:
    """Return the name of one of its things: ``shop`` for ``shops``, ``entity`` for ``entities``."""
    if name in SCALES or name.endswith("ss"):
        return name
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def _one(name: str) -> Unit:
    kind, factor = SCALES.get(singular(name), (singular(name), 1.0))
    return Unit(((kind, 1),) if kind else (), factor)


def _unit(powers: Counter[str], other: Unit, sign: int, factor: float) -> Unit:
    for name, power in other.powers:
        powers[name] += sign * power
    return Unit(tuple(sorted((n, p) for n, p in powers.items() if p)), factor)
