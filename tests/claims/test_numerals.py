"""Numbers in words within a figure, and texts that must stay as they are."""

from __future__ import annotations

import pytest

from evalkit.claims.figure import figure_of
from evalkit.claims.numerals import in_digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("三十八户", "38户"),
        ("十五家", "15家"),
        ("二十户", "20户"),
        ("一百二十人", "120人"),
        ("一百零五人", "105人"),
        ("一千二百元", "1200元"),
        ("两千零八十元", "2080元"),
        ("三十多万元", "30多万元"),
        ("二三十户", "20—30户"),
        ("十五六家", "15—16家"),
        ("百分之七十", "70%"),
        ("百分之60", "60%"),
        ("百分之二十三点五", "23.5%"),
        ("千分之五", "0.5%"),
        ("百分之百", "100%"),
        ("百分之一百二", "120%"),
        ("百分之一百二十", "120%"),
        ("翻一番", "100%"),
        ("翻了两番", "300%"),
        ("增长2.5倍", "增长250%"),
        ("四分之一", "25%"),
        ("三分之二以上", "67%以上"),
        ("近四成", "近4成"),
        ("三成五", "35%"),
        ("about a quarter", "about 25%"),
        ("two-thirds of them", "67% of them"),
    ],
)
def test_words_become_digits(said: str, digits: str) -> None:
    assert in_digits(said) == digits


@pytest.mark.parametrize(
    "said", ["五六万元", "两万元", "近百万元", "1.58亿元", "800余名", "over 20 million yuan", "三百人", "成立"]
)
def test_what_is_read_elsewhere_stays(said: str) -> None:
    assert in_digits(said) == said


def test_tenths_leave_half_a_tenth_open() -> None:
    """Three tenths (三成) stand for 25 to 35 %, 三成五 for 34.5 to 35.5 %; a quarter in words for 24.5 to 25.5 %."""
    tenths, finer, quarter = (figure_of(said, counted=False).amount for said in ("三成", "三成五", "四分之一"))
    assert (tenths.low, tenths.value, tenths.high) == (25, 30, 35)
    assert (finer.low, finer.value, finer.high) == (34.5, 35, 35.5)
    assert (quarter.low, quarter.value, quarter.high) == (24.5, 25, 25.5)


def test_a_count_in_words_is_exact() -> None:
    amount = figure_of("三十八户", counted=True).amount
    assert (amount.low, amount.value, amount.high) == (38, 38, 38)
