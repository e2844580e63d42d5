"""Figures as articles write them: numbers, 万 and 亿, bounds, ranges, and what their last digit leaves open."""

from __future__ import annotations

from math import inf

import pytest

from evalkit.claims.figure import figure_of
from evalkit.claims.units import unit_named

STATED = [
    ("1.58亿元", 1.58e8, 1.575e8, 1.585e8),
    ("1.58億元", 1.58e8, 1.575e8, 1.585e8),
    ("97万元", 970_000, 965_000, 975_000),
    ("26657.91万元", 266_579_100, 266_579_050, 266_579_150),
    ("22.9%", 22.9, 22.85, 22.95),
    ("约35%", 35, 34, 36),
    ("2000块", 2000, 1999.5, 2000.5),
    ("6000餘萬元", 6e7, 6e7, inf),
    ("超过630万元", 6.3e6, 6.3e6, inf),
    ("90%以上", 90, 90, inf),
    ("近2000万盆", 2e7, 0, 2e7),
    ("近百万元", 1e6, 0, 1e6),
    ("五六万元", 55_000, 50_000, 60_000),
    ("10—20户", 15, 10, 20),
    ("over 20 million yuan", 2e7, 2e7, inf),
    ("1.58 billion yuan", 1.58e9, 1.575e9, 1.585e9),
    ("1,236 members", 1236, 1235.5, 1236.5),
]


@pytest.mark.parametrize(("said", "value", "low", "high"), STATED)
def test_a_figure_is_read(said: str, value: float, low: float, high: float):
    amount = figure_of(said, counted=False).amount
    assert (amount.value, amount.low, amount.high) == pytest.approx((value, low, high))


@pytest.mark.parametrize(("said", "half"), [("50户", 0), ("5万户", 5000), ("146家", 0)])
def test_a_count_is_exact_unless_it_is_rounded(said: str, half: float):
    amount = figure_of(said, counted=True).amount
    assert (amount.value - amount.low, amount.high - amount.value) == (half, half)


def test_a_bound_may_be_told_apart():
    assert figure_of("两万元", counted=False, bound="under").amount.high == 20_000


def test_a_text_without_a_number_is_refused():
    with pytest.raises(ValueError, match="has no number"):
        figure_of("许多", counted=True)


def test_units_convert_and_cancel():
    """1 hectare = 15 mu; 3,000 yuan a month for a person are 36,000 a year; persons × yuan/person is yuan."""
    assert unit_named("hectare").factor / unit_named("mu").factor == pytest.approx(15)
    assert unit_named("yuan/month").factor / unit_named("yuan/year").factor == pytest.approx(12)
    assert (unit_named("persons") * unit_named("yuan/person")).fits(unit_named("yuan"))
    assert not unit_named("shops").fits(unit_named("villages"))
    assert unit_named("entities").is_count
    assert not unit_named("yuan").is_count


@pytest.mark.parametrize("text", ["Yuan", "yuan per mu", "元", ""])
def test_a_unit_written_otherwise_is_refused(text: str):
    with pytest.raises(ValueError, match="not written"):
        unit_named(text)
