"""An article's figures and what arithmetic makes of them, as a reader of each language writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from evalkit.claims import Amount, Claim
from evalkit.claims.figure import figure_of
from evalkit.claims.units import SCALES, Unit, singular, unit_named
from evalkit.programme import Text
from evalkit.report.wording import WORDS, Language

Things = Mapping[str, Text]
SHARES = ("percent", "share")
SIZES: Mapping[Language, tuple[tuple[float, str], ...]] = {
    "zh": ((1e8, "亿"), (1e4, "万")),
    "en": ((1e9, " billion"), (1e6, " million")),
}
STATED_DIGITS, COMPUTED_DIGITS, MOST_DIGITS = 10, 3, 8


def stated(claim: Claim, things: Things, lang: Language) -> str:
    """Write a figure as the article gives it: ``超过50家``, ``158 million yuan/year``."""
    words = WORDS[lang].reported
    figure = figure_of(claim.said, counted=unit_named(claim.unit).is_count, bound=claim.bound)
    if isinstance(claim.value, tuple):
        low, high = (_number(v, lang, STATED_DIGITS) for v in claim.value)
        value = words["range"].format(a=low, b=high) + _entry_text(claim.unit, things, lang)
    elif claim.unit in SHARES:
        value = _percent(claim.value * SCALES[claim.unit][1], lang, STATED_DIGITS)
    else:
        value = _number(claim.value, lang, STATED_DIGITS) + _entry_text(claim.unit, things, lang)
    return value if figure.bound == "stated" else words[figure.bound].format(x=value)


def computed(amount: Amount, unit: Unit, things: Things, lang: Language) -> str:
    """Write a result and what rounding leaves open: ``83.3户（按四舍五入在82.6至84.0户之间）``."""
    open_part = _left_open(amount, unit, things, lang)
    value = _value(amount.value, unit, things, lang, COMPUTED_DIGITS)
    if not open_part:
        return value
    if open_part.endswith(value) and math.isinf(amount.high) != (amount.low == 0):
        return open_part
    about = WORDS[lang].reported["about"].format(x=value)
    return f"{about}（{open_part}）" if lang == "zh" else f"{about} ({open_part})"


def _left_open(amount: Amount, unit: Unit, things: Things, lang: Language) -> str:
    words, low, high = WORDS[lang].reported, amount.low, amount.high
    if math.isclose(low, high, rel_tol=1e-9):
        return ""
    if low == 0 and math.isinf(high):
        return words["unbounded"]
    if math.isinf(high):
        return words["at_least"].format(a=_value(low, unit, things, lang, COMPUTED_DIGITS))
    if low == 0:
        return words["at_most"].format(b=_value(high, unit, things, lang, COMPUTED_DIGITS))
    digits = COMPUTED_DIGITS
    while digits < MOST_DIGITS and _value(low, unit, things, lang, digits) == _value(high, unit, things, lang, digits):
        digits += 1
    first = _number(low, lang, digits) if unit.powers else _percent(low, lang, digits)
    return words["between"].format(a=first, b=_value(high, unit, things, lang, digits))


def _value(value: float, unit: Unit, things: Things, lang: Language, digits: int) -> str:
    if not unit.powers:
        return _percent(value, lang, digits)
    return _number(value, lang, digits) + _unit_text(unit, things, lang)


def _percent(share: float, lang: Language, digits: int) -> str:
    return f"{_plain(share * 100, lang, digits)}%"


def _number(value: float, lang: Language, digits: int) -> str:
    """Write a number to so many digits, with 万 and 亿 or million and billion."""
    for size, name in SIZES[lang]:
        if abs(value) >= size:
            return _plain(value / size, lang, digits) + name
    return _plain(value, lang, digits)


def _plain(value: float, lang: Language, digits: int) -> str:
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.{_decimals(rounded, digits)}f}"
    text = text.rstrip("0").rstrip(".") if digits == STATED_DIGITS and "." in text else text
    return text if lang == "en" else text.replace(",", "")


def _decimals(value: float, digits: int) -> int:
    whole = math.floor(math.log10(abs(value))) + 1 if value else 1
    return max(0, digits - whole)


def _entry_text(entry: str, things: Things, lang: Language) -> str:
    """Write a unit as entered: ``yuan/mu`` is 元/亩."""
    head, *per = entry.split("/")
    return _text([singular(head)], [singular(p) for p in per], things, lang)


def _unit_text(unit: Unit, things: Things, lang: Language) -> str:
    """Write the unit of a result, in first units."""
    over = [name for name, power in unit.powers for _ in range(max(power, 0))]
    under = [name for name, power in unit.powers for _ in range(max(-power, 0))]
    return _text(over, under, things, lang)


def _text(over: list[str], under: list[str], things: Things, lang: Language) -> str:
    heads = ("·").join(_name(n, things, lang, one=False) for n in over)
    pers = "".join(f"/{_name(n, things, lang, one=True)}" for n in under)
    return f"{heads}{pers}" if lang == "zh" else f" {heads}{pers}"


def _name(name: str, things: Things, lang: Language, *, one: bool) -> str:
    """Return what a unit is called; one of a counted thing has in Chinese no 个, in English no plural."""
    if name in WORDS[lang].measures:
        measure = WORDS[lang].measures[name]
        return singular(measure) if one and lang == "en" else measure
    text: str = getattr(things[name], lang)
    if one:
        return text.removeprefix("个") if lang == "zh" else name.replace("_", " ")
    return text
