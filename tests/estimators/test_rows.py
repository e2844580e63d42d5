"""Columns of covariates: numbers less their mean, categories as indicators."""

from __future__ import annotations

import polars as pl
import pytest

from evalkit.estimators.rows import covariate_columns


def test_numbers_less_their_mean() -> None:
    """2, 3 and 7 have mean 4; of true, true, false, the mean is 2/3."""
    ((name, values),) = covariate_columns(pl.Series("land_mu", [2, 3, 7]))
    assert (name, values.tolist()) == ("land_mu", [-2, -1, 3])
    ((_, values),) = covariate_columns(pl.Series("poor", [True, True, False]))
    assert values == pytest.approx([1 / 3, 1 / 3, -2 / 3])


def test_categories_are_indicators_of_all_but_the_first_in_order() -> None:
    """One where a row is of the kind that the column is named for, so that a coefficient reads as it is named."""
    columns = covariate_columns(pl.Series("kind", ["c", "a", "b", "c"]))
    assert [(name, values.tolist()) for name, values in columns] == [
        ("kind=b", [0, 0, 1, 0]),
        ("kind=c", [1, 0, 0, 1]),
    ]
