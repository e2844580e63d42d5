"""Constant prices: nominal money in yuan of the base year."""

from __future__ import annotations

import polars as pl

from evalkit.errors import DataError, listed


def constant_prices(rounds: pl.Series, prices: pl.DataFrame, base_year: int | None) -> pl.Series:
    """Return the factor index(base year)/index(round) of each row.

    Example: with an index of 100 in the base year and 110 in 2015, 2,200 yuan of 2015 are 2,000 yuan of the base year.

    Raises
    ------
    DataError
        The index lacks a round of the data.
    """
    index = dict(prices.select("time", "index").iter_rows())
    absent = sorted(set(rounds.unique().to_list()) - set(index))
    if absent:
        raise DataError(
            "price index",
            f"there is none for {listed(absent)}",
            "an index for each round",
            "add these years to the file of the deflator",
        )
    factor: pl.Series = index[base_year] / rounds.replace_strict(index, return_dtype=pl.Float64)
    return factor
