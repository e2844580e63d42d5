"""Numbers as a reader of each language writes them: money, shares, counts, differences and ranges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Literal, TypeGuard

from evalkit.report.wording import WORDS, Language

MINUS = "−"
DASH = "–"
WAN = 10_000
LONG = 100_000
"""From so much on a number in 元 is long."""
ENDS = ("estimate", "conf_low", "conf_high")
"""An estimate and the ends of its interval, as tidy tables call them."""
CURRENCIES = {"yuan": "CNY", "cny": "CNY", "rmb": "CNY", "mzn": "MZN", "usd": "USD"}
SMALL_POINTS = 0.05
"""Fewer percentage points have two decimals: with one they would be 0.0."""
PROPORTIONAL = frozenset({"ppml"})
"""Estimators whose effect is a share of what would have been, not a difference in the indicator's unit."""
SHARES = ("share", "proportion")


@dataclass(frozen=True, slots=True)
class Unit:
    """What an indicator is measured in: money, a share (0 to 1), percent (0 to 100) or a counted thing; per what.

    ``relative`` is the unit of a proportional effect: 0.12 is 12 % more. ``in_wan`` says whether Chinese texts count in
    万; None = each number by its own size (see `alike`).
    """

    kind: Literal["money", "share", "percent", "other", "relative"]
    code: str = ""
    per: tuple[str, ...] = ()
    in_wan: bool | None = None


def unit_of(text: str) -> Unit:
    """Read the unit of programme.toml: ``yuan/year``, ``share``, ``percent``, ``MZN``, ``orders/year``."""
    head, *per = text.strip().split("/")
    name = head.strip().lower()
    if name in CURRENCIES:
        return Unit("money", CURRENCIES[name], tuple(per))
    if name in SHARES:
        return Unit("share")
    if name in ("percent", "%"):
        return Unit("percent")
    return Unit("other", head.strip(), tuple(per))


def effect_unit(text: str, estimator: str) -> Unit:
    """Return what an estimator's effect on an indicator is measured in: its unit, or percent where it is a ratio."""
    return Unit("relative") if estimator in PROPORTIONAL else unit_of(text)


def alike(unit: Unit, values: Iterable[float | None]) -> Unit:
    """Return the unit in which all of some numbers are written, as in a column or from end to end of an interval.

    Where some are above 10,000 and some below, all stand in 元 with four digits (9294元, 10610元); in 万元 where most
    are above and that would be long, from 100,000 on (43.5万元, 0.16万元).
    """
    sizes = [abs(v) for v in values if is_number(v) and v != 0]
    if not sizes or max(sizes) < WAN:
        return unit
    long = max(sizes) >= LONG and median(sizes) >= WAN
    return replace(unit, in_wan=min(sizes) >= WAN or long)


def alike_in(unit: Unit, rows: Iterable[Mapping[str, Any]], keys: Iterable[str] = ENDS) -> Unit:
    """Return the unit in which all numbers of some columns of a table are written."""
    names = tuple(keys)
    return alike(unit, [row.get(name) for row in rows for name in names])


def alike_money(rows: Iterable[tuple[Unit, Iterable[float | None]]]) -> Callable[[Unit], Unit]:
    """Return how to write the money of a table whose rows have units of their own: in 元 or in 万元 throughout."""
    sums = [v for unit, values in rows if unit.kind == "money" for v in values]
    in_wan = alike(Unit("money"), sums).in_wan
    return lambda unit: replace(unit, in_wan=in_wan) if unit.kind == "money" else unit


def level(value: float | None, unit: Unit, lang: Language) -> str:
    """Write a mean: ``31.2%``, ``1.23万元/年``, ``12,300 yuan a year``; a dash where there is none."""
    if not is_number(value):
        return DASH
    if unit.kind in ("share", "percent"):
        return percent(value if unit.kind == "share" else value / 100, lang)
    return _quantity(value, unit, lang)


def difference(value: float | None, unit: Unit, lang: Language, *, signed: bool = False) -> str:
    """Write a difference or an effect; shares become percentage points, proportional effects percent."""
    if not is_number(value):
        return DASH
    sign = "+" if signed and value > 0 else ""
    if unit.kind == "relative":
        return sign + percent(value, lang)
    if unit.kind in ("share", "percent"):
        points = value * 100 if unit.kind == "share" else value
        places = 1 if points == 0 or abs(points) >= SMALL_POINTS else 2
        return f"{sign}{_minus(f'{points:.{places}f}')}{_gap(lang)}{WORDS[lang].units['points']}"
    return sign + _quantity(value, unit, lang)


def interval(low: float | None, high: float | None, unit: Unit, lang: Language) -> str:
    """Write the two ends of an interval with the unit once, for tables."""
    if not is_number(low) or not is_number(high):
        return DASH
    joint = "至" if lang == "zh" else " to "
    unit = unit if unit.in_wan is not None else alike(unit, (low, high))
    ends = [difference(v, unit, lang) for v in (low, high)]
    tail = _common_tail(*ends)
    return f"{ends[0].removesuffix(tail).rstrip()}{joint}{ends[1]}" if tail else joint.join(ends)


def span(low: float, high: float, unit: Unit, lang: Language) -> str:
    """Write an interval that may lie on both sides of zero in words: from so much lower to so much higher."""
    unit = unit if unit.in_wan is not None else alike(unit, (low, high))
    ends = [_direction(v, unit, lang) for v in (low, high)]
    return WORDS[lang].directions["span"].format(a=ends[0], b=ends[1])


def magnitude_range(low: float, high: float, unit: Unit, lang: Language) -> str:
    """Write an interval on one side of zero as sizes, the smaller first."""
    small, large = sorted((abs(low), abs(high)))
    return interval(small, large, unit, lang)


def percent(share: float, lang: Language, digits: int = 1) -> str:
    """Write a share as percent: ``31.2%``."""
    return _minus(f"{share * 100:.{digits}f}") + "%"


def whole(value: float | None, lang: Language) -> str:
    """Write a count: with thousands separators in English, plain in Chinese up to 万."""
    if not is_number(value):
        return DASH
    return f"{value:,.0f}" if lang == "en" else f"{value:.0f}"


def p_text(p: float | None) -> str:
    """Write a p-value exactly to three digits; very small ones as a bound."""
    if not is_number(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def plain(value: float | None, digits: int = 3) -> str:
    """Write a number to so many digits after the point; a dash where there is none."""
    return _minus(f"{value:.{digits}f}") if is_number(value) else DASH


def is_number(value: float | None) -> TypeGuard[float]:
    """Whether there is a finite number."""
    return value is not None and math.isfinite(value)


def _quantity(value: float, unit: Unit, lang: Language) -> str:
    words = WORDS[lang].units
    name = words.get(unit.code, unit.code)
    per = "".join((" " if lang == "en" else "") + words.get(p, f"/{p}") for p in unit.per)
    if lang == "zh" and (abs(value) >= WAN if unit.in_wan is None else unit.in_wan):
        return f"{_minus(_digits(value / WAN))}万{name}{per}"
    digits = 4 if unit.in_wan is False else 3
    rounded = value if abs(value) < WAN else float(f"{value:.{digits}g}")
    return f"{_minus(_digits(rounded, comma=lang == 'en'))}{_gap(lang) if name else ''}{name}{per}"


def _digits(value: float, *, comma: bool = False) -> str:
    """Write about three digits: whole numbers from 100 on, one decimal from 10, else two."""
    size = abs(value)
    places = 0 if size >= 100 or value == 0 else 1 if size >= 10 else 2
    return f"{value:,.{places}f}" if comma else f"{value:.{places}f}"


def _direction(value: float, unit: Unit, lang: Language) -> str:
    words = WORDS[lang].directions
    if value == 0:
        return words["zero"]
    key = ("up" if value > 0 else "down") + ("_share" if unit.kind in ("share", "percent") else "")
    size = difference(abs(value), unit, lang)
    return words[key].format(x=size) if lang == "en" else words[key] + size


def _common_tail(a: str, b: str) -> str:
    """Return the unit that both texts end in: what follows the last digit."""
    tails = [t.rstrip()[max((i for i, c in enumerate(t) if c.isdigit()), default=-1) + 1 :] for t in (a, b)]
    return tails[0] if tails[0] == tails[1] else ""


def _gap(lang: Language) -> str:
    return " " if lang == "en" else ""


def _minus(text: str) -> str:
    negative_zero = text.startswith("-") and not any(c in "123456789" for c in text)
    return text[1:] if negative_zero else text.replace("-", MINUS)
