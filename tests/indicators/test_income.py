"""Disposable income per head, by hand."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.indicators import build
from evalkit.indicators.deflation import constant_prices

DATA = Path(__file__).parents[2] / "data_raw"


@pytest.fixture(scope="module")
def programme() -> evalkit.Programme:
    return evalkit.load(DATA / "suqian_ecommerce")


def _frame(members: int | None, transfer: float | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "wage_income_yuan": [30_000.0],
            "business_net_income_yuan": [12_000.0],
            "property_net_income_yuan": [0.0],
            "transfer_net_income_yuan": [transfer],
            "resident_members": [members],
            "year": [2012],
        },
        schema_overrides={"transfer_net_income_yuan": pl.Float64, "resident_members": pl.Int64},
    )


@pytest.mark.parametrize(
    ("members", "transfer", "expected"),
    [(4, 2_000.0, 11_000.0), (0, 2_000.0, None), (4, None, None), (None, 2_000.0, None)],
)
def test_income_per_head(
    programme: evalkit.Programme, members: int | None, transfer: float | None, expected: float | None
) -> None:
    """(30,000 + 12,000 + 0 + 2,000)/4 = 11,000; without residents, or with a part missing, there is no value."""
    plan = programme.indicator("disposable_income_pc_yuan")
    assert build(_frame(members, transfer), plan, programme, None).to_list() == [expected]


def test_missing_column_is_named(programme: evalkit.Programme) -> None:
    plan = programme.indicator("disposable_income_pc_yuan")
    with pytest.raises(evalkit.DataError, match="wage_income_yuan"):
        build(_frame(4, 0.0).drop("wage_income_yuan"), plan, programme, None)


def test_constant_prices_by_hand() -> None:
    prices = pl.DataFrame({"time": [2012, 2015], "index": [100.0, 110.0]})
    assert (2_200 * constant_prices(pl.Series([2015, 2012]), prices, 2012)).round(6).to_list() == [2_000.0, 2_200.0]


def test_round_without_an_index_is_named() -> None:
    with pytest.raises(evalkit.DataError, match="there is none for 2016"):
        constant_prices(pl.Series([2015, 2016]), pl.DataFrame({"time": [2012, 2015], "index": [100.0, 110.0]}), 2012)
