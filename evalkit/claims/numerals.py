"""Numbers in Chinese words within a figure (``三十八户``, ``百分之七十``, ``四分之一``), written in digits."""

from __future__ import annotations

import re

HAN = "一二三四五六七八九"
DIGIT = {c: n for n, c in enumerate(HAN, 1)} | {"两": 2, "零": 0, "〇": 0}
SIZE = {"千": 1000, "百": 100, "十": 10}
D = f"[{HAN}两]"

RANGE_OF_TENS = re.compile(rf"({D})({D})十")
RANGE_WITHIN_TEN = re.compile(rf"({D}?)十({D})({D})")
RUN = re.compile(rf"[{HAN}两零〇千百十]+")
COMPOUND = re.compile(rf"(?:{D}千)?[零〇]?(?:{D}百)?[零〇]?(?:{D}?十)?{D}?")
POINT = re.compile(rf"(\d)点([{HAN}零〇\d]+)")
PART_OF_100 = re.compile(rf"([百千])分之(\d+(?:\.\d+)?|{D})")
TENTHS = re.compile(rf"(\d|{D})成({D}?)(?![立员])")
"""三成 is three tenths; its last digit is a tenth, so it stays 3成."""
FRACTION = re.compile(rf"(\d+|{D})分之(\d+|{D})")
OF_100 = re.compile(rf"百分之一?百({D}?)")
DOUBLED = re.compile(rf"翻了?({D})番")
TIMES_MORE = re.compile(rf"(增长|增加|提高)了?(\d+(?:\.\d+)?|{D})倍")
ENGLISH = {
    r"\btwo[ -]thirds\b": 67,
    r"\bthree[ -]quarters\b": 75,
    r"\b(?:a|one)[ -]third\b": 33,
    r"\b(?:a|one)[ -]quarter\b": 25,
    r"\b(?:one[ -])?half\b": 50,
}


def in_digits(text: str) -> str:
    """Return a figure's text with numbers in words in digits; a fraction in words becomes whole percent.

    A single digit before 百, 千, 万 or 亿 stays, and so does what is not known. Examples: 三十八户 = 38户,
    二三十户 = 20—30户, 百分之二十三点五 = 23.5%, 四分之一 = 25%, 三成五 = 35%, 翻两番 = 300% (more),
    增长2.5倍 = 增长250%.
    """
    text = RANGE_OF_TENS.sub(lambda m: f"{_one(m[1])}0—{_one(m[2])}0", text)
    text = RANGE_WITHIN_TEN.sub(lambda m: f"{_tens(m[1])}{_one(m[2])}—{_tens(m[1])}{_one(m[3])}", text)
    text = RUN.sub(lambda m: _compound(m[0]), text)
    text = POINT.sub(lambda m: f"{m[1]}." + "".join(str(_one(c)) for c in m[2]), text)
    text = OF_100.sub(lambda m: f"{100 + 10 * (_one(m[1]) if m[1] else 0):g}%", text)
    text = DOUBLED.sub(lambda m: f"{100 * (2 ** int(_one(m[1])) - 1)}%", text)
    text = TIMES_MORE.sub(lambda m: f"{m[1]}{100 * _one(m[2]):g}%", text)
    text = PART_OF_100.sub(lambda m: f"{_one(m[2]) / (10 if m[1] == '千' else 1):g}%", text)
    text = FRACTION.sub(lambda m: f"{100 * _one(m[2]) / _one(m[1]):.0f}%", text)
    text = TENTHS.sub(lambda m: f"{_one(m[1])}{_one(m[2])}%" if m[2] else f"{_one(m[1])}成", text)
    for words, percent in ENGLISH.items():
        text = re.sub(words, f"{percent}%", text, flags=re.I)
    return text


def _one(text: str) -> int | float:
    return DIGIT[text] if text in DIGIT else float(text) if "." in text else int(text)


def _tens(text: str) -> int | float:
    return _one(text) if text else 1


def _compound(text: str) -> str:
    """Write a compound such as 一千二百, 一百零五 or 十五 in digits; any other run of characters stays."""
    sizes = sum(c in SIZE for c in text)
    told = sizes > 1 or (sizes == 1 and ("十" in text or text[-2:-1] in {"零", "〇"}))
    return str(_value(text)) if told and COMPOUND.fullmatch(text) else text


def _value(text: str) -> int:
    total, last = 0, 0
    for c in text:
        if c in SIZE:
            total, last = total + (last or 1) * SIZE[c], 0
        else:
            last = DIGIT[c]
    return total + last
