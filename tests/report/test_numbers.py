"""Numbers as readers of each language write them."""

from __future__ import annotations

import pytest

from evalkit.report.numbers import alike, difference, interval, level, magnitude_range, p_text, span, unit_of, whole

YUAN, SHARE, MZN = unit_of("yuan/year"), unit_of("share"), unit_of("MZN")


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (12_345.0, "1.23万元/年", "12,300 yuan a year"),
        (9_999.0, "9999元/年", "9,999 yuan a year"),
        (10_000.0, "1.00万元/年", "10,000 yuan a year"),
        (-12_345.0, "−1.23万元/年", "−12,300 yuan a year"),
        (0.0, "0元/年", "0 yuan a year"),
        (None, "–", "–"),
        (float("nan"), "–", "–"),
    ],
)
def test_money(value: float | None, zh: str, en: str):
    assert level(value, YUAN, "zh") == zh
    assert level(value, YUAN, "en") == en


def test_shares_are_percent_and_their_differences_points():
    assert level(0.312, SHARE, "zh") == "31.2%"
    assert difference(0.205, SHARE, "zh", signed=True) == "+20.5个百分点"
    assert difference(-0.205, SHARE, "en") == "−20.5 percentage points"


def test_a_rounded_zero_has_no_sign():
    assert difference(-0.00004, SHARE, "en") == "0.00 percentage points"
    assert difference(0.0, SHARE, "en") == "0.0 percentage points"


def test_a_few_hundredths_of_a_point_are_not_written_as_none():
    """−0.00012 to 0.0067 of a share: in points −0.01, not 0.0, to 0.7."""
    assert interval(-0.00012, 0.0067, SHARE, "zh") == "−0.01至0.7个百分点"
    assert span(-0.00012, 0.0067, SHARE, "zh") == "降低0.01个百分点到提高0.7个百分点"


def test_interval_names_the_unit_once():
    assert interval(-270.0, 342.0, MZN, "zh") == "−270至342梅蒂卡尔"
    assert interval(12.0, 340.0, YUAN, "en") == "12.0 to 340 yuan a year"
    assert interval(9_000.0, 12_000.0, YUAN, "zh") == "9000至12000元/年"
    assert interval(None, 1.0, YUAN, "en") == "–"


def test_span_says_directions_in_words():
    assert span(-0.049, 0.458, SHARE, "zh") == "降低4.9个百分点到提高45.8个百分点"
    assert span(-120.0, 0.0, MZN, "en") == "120 MZN lower to no difference"


def test_range_below_zero_is_given_as_sizes():
    assert magnitude_range(-300.0, -100.0, MZN, "en") == "100 to 300 MZN"


def test_counts_and_p():
    assert (whole(3081, "zh"), whole(3081, "en"), whole(None, "en")) == ("3081", "3,081", "–")
    assert (p_text(0.0004), p_text(0.001), p_text(None)) == ("< 0.001", "0.001", "–")


def test_unknown_units_keep_their_name():
    assert level(3.5, unit_of("tonnes/mu"), "en") == "3.50 tonnes per mu"


@pytest.mark.parametrize(
    ("values", "zh"),
    [
        ((9_294.0, 10_612.0), ["9294元/年", "10610元/年"]),
        ((9_294.0, 9_999.0), ["9294元/年", "9999元/年"]),
        ((10_000.0, 26_900.0), ["1.00万元/年", "2.69万元/年"]),
        ((435_200.0, 501_400.0, 1_570.0), ["43.5万元/年", "50.1万元/年", "0.16万元/年"]),
        ((99.0, 3_000.0, 264_100.0), ["99.0元/年", "3000元/年", "264100元/年"]),
        ((9_000.0, 11_000.0, 99_999.0), ["9000元/年", "11000元/年", "100000元/年"]),
        ((0.0, 26_900.0), ["0万元/年", "2.69万元/年"]),
    ],
)
def test_numbers_of_a_column_have_one_unit(values: tuple[float, ...], zh: list[str]):
    unit = alike(YUAN, values)
    assert [level(v, unit, "zh") for v in values] == zh


def test_both_ends_of_an_interval_have_one_unit():
    assert interval(5_874.0, 26_891.0, YUAN, "zh") == "5874至26890元/年"
    assert interval(5_874.0, 26_891.0, YUAN, "en") == "5,874 to 26,890 yuan a year"
