"""Numbers and dates as people type them."""

from __future__ import annotations

from datetime import date as day

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.intake.cells import date, number


def _number(text: str, *, has_factor: bool = False) -> float | None:
    return pl.select(number(pl.lit(text), has_factor=has_factor)).item()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12000", 12_000.0),
        ("１２，０００．５", 12_000.5),
        ("12,000", 12_000.0),
        ("1,234,567.8", 1_234_567.8),
        ("1.2万", 12_000.0),
        ("3亿元", 3e8),
        ("1.2萬", 12_000.0),
        ("3億元", 3e8),
        ("1200元", 1200.0),
        ("￥1,200", 1200.0),
        ("−5", -5.0),
        ("　7　", 7.0),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("-.25", -0.25),
        (".", None),
        ("1,5", None),
        ("12,00", None),
        ("1,2345", None),
        ("12 000", None),
        ("五千", None),
        ("1.2.3", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("万", None),
        ("0x10", None),
        ("约300", None),
        ("300-400", None),
    ],
)
def test_number(text: str, value: float | None) -> None:
    assert _number(text) == (None if value is None else pytest.approx(value, rel=1e-15))


def test_a_unit_in_the_cell_beside_one_in_the_header_is_no_number() -> None:
    """Under 万元, 1.2万 may be 12,000 yuan or 120 million."""
    assert _number("1.2", has_factor=True) == 1.2
    assert _number("1.2万", has_factor=True) is None


@given(st.integers(-(10**12), 10**12))
def test_thousands_commas_change_nothing(value: int) -> None:
    assert _number(f"{value:,}") == _number(str(value)) == float(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2017-11-30", day(2017, 11, 30)),
        ("2017/11/30", day(2017, 11, 30)),
        ("2017.11.30", day(2017, 11, 30)),
        ("2017年11月30日", day(2017, 11, 30)),
        ("２０１７年１１月３０日", day(2017, 11, 30)),
        ("20171130", day(2017, 11, 30)),
        ("43069", day(2017, 11, 30)),
        ("2017-11-30 00:00:00", day(2017, 11, 30)),
        ("2017-02-30", None),
        ("30/11/2017", None),
        ("去年", None),
        ("2017", None),
    ],
)
def test_date(text: str, value: day | None) -> None:
    """Excel counts days from 1899-12-30: 43069 is the last of November 2017. Day and month are never guessed."""
    assert pl.select(date(pl.lit(text))).item() == value
