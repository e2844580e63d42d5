"""A figure as an article writes it (``1.58亿元``, ``800余名``, ``over 20 million yuan``), and what it leaves open.

Conventions, which docs/claims.md states: a rounded figure stands for half a unit of its last digit either way; a
whole number of things without 万 was counted and stands for itself; ``over`` leaves all above open, ``nearly`` and
``under`` all below; ``about`` stands for one whole unit of the last digit either way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import Literal

from evalkit.claims.amount import Amount
from evalkit.claims.numerals import in_digits

Bound = Literal["stated", "over", "under", "about"]

SIMPLER = str.maketrans("萬億餘畝兩戶個約達過噸將來頃間張塊處", "万亿余亩两户个约达过吨将来顷间张块处")
MULTIPLES = {"": 1.0, "成": 10.0, "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12}
MULTIPLES |= {"thousand": 1e3, "million": 1e6, "billion": 1e9}
DIGITS = {c: float(n) for n, c in enumerate("一二三四五六七八九", 1)} | {"两": 2.0}
OVER = re.compile(r"超过|逾|余|多|以上|高于|至少|突破|\bover\b|\bmore than\b|\bat least\b|\babove\b", re.I)
UNDER = re.compile(
    r"将近|近|不到|不足|低于|以下|以内|至多|\bnearly\b|\balmost\b|\bunder\b|\bless than\b|\bup to\b", re.I
)
ABOUT = re.compile(r"约|左右|上下|\babout\b|\baround\b|\bsome\b", re.I)
NUMBER = re.compile(
    r"(?P<a>\d[\d,，]*(?:\.\d+)?)(?:\s*(?:[-—–~～至到]|to)\s*(?P<b>\d[\d,，]*(?:\.\d+)?))?"
    r"|(?P<han>[一二两三四五六七八九]{1,2})|(?P<alone>[百千])"
)
AFTER = re.compile(
    r"\s*[余多来]?\s*(?P<multiple>万亿|千万|百万|亿|万|千|百|成(?![立员])|thousand\b|million\b|billion\b|)\s*[余多]?\s*(?P<unit>.*)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """What a figure's text says: its amount (no 万), its bound, the words after it, and whether it is a range."""

    amount: Amount
    bound: Bound
    unit_text: str
    is_range: bool


def simplified(text: str) -> str:
    """Return text with the traditional characters of figures and units in their simplified form."""
    return text.translate(SIMPLER)


def figure_of(said: str, *, counted: bool, bound: Bound | None = None) -> Figure:
    """Read a figure.

    Parameters
    ----------
    said : str
        The figure as the article writes it, with its unit and words such as 余 or over.
    counted : bool
        Whether it counts things, so that a plain whole number is exact.
    bound : Bound, optional
        Overrides what the words say, for figures whose words stand elsewhere in the line.

    Raises
    ------
    ValueError
        There is no number in it.
    """
    text = in_digits(simplified(said))
    found = NUMBER.search(text)
    if found is None:
        raise ValueError(f"{said!r} has no number")
    after = AFTER.match(text, found.end())
    multiple, unit_text = (after["multiple"].lower(), after["unit"]) if after else ("", "")
    low, high, step = _digits(found)
    factor = MULTIPLES[multiple]
    known = bound or _bound_of(text)
    whole = counted and factor == 1 and step == 1
    amount = _open(low * factor, high * factor, 0.0 if whole else step * factor, known)
    return Figure(amount, known, unit_text.strip(), low != high)


def _digits(found: re.Match[str]) -> tuple[float, float, float]:
    """Return lowest and highest number written, and the unit of the last digit."""
    if found["han"]:
        first, *more = (DIGITS[c] for c in found["han"])
        return first, more[0] if more else first, 1.0
    if found["alone"]:
        size = MULTIPLES[found["alone"]]
        return size, size, size
    texts = [t.replace(",", "").replace("，", "") for t in (found["a"], found["b"] or found["a"])]
    decimals = max(len(t.partition(".")[2]) for t in texts)
    return float(texts[0]), float(texts[1]), 10.0**-decimals


def _bound_of(text: str) -> Bound:
    if UNDER.search(text):
        return "under"
    if OVER.search(text):
        return "over"
    return "about" if ABOUT.search(text) else "stated"


def _open(low: float, high: float, step: float, bound: Bound) -> Amount:
    value = (low + high) / 2
    if bound == "over":
        return Amount(value, low, inf)
    if bound == "under":
        return Amount(value, 0.0, high)
    half = step if bound == "about" else 0.0 if low != high else step / 2
    return Amount(value, max(low - half, 0.0), high + half)
