"""Numbering of keys: villages, rounds, cohorts and units as integers from 0."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.int64]
NEVER = 0
"""Stands for never treated where no round is a first treated one."""
DENSE = 4
"""Whole numbers are looked up in a table where their range is at most this many times the number of rows."""


def whole_codes(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], Codes]:
    """Return the distinct whole values, sorted, and the place of each value among them."""
    low, high = int(values.min()), int(values.max())
    if high - low > DENSE * len(values) + 1000:
        distinct, codes = np.unique(values, return_inverse=True)
        return distinct, codes.astype(np.int64)
    offset = values - low if low else values
    present = np.zeros(high - low + 1, dtype=bool)
    present[offset] = True
    distinct = np.flatnonzero(present)
    if len(distinct) == len(present):
        return distinct + low, offset
    return distinct + low, (np.cumsum(present) - 1)[offset]


def key_codes(series: pl.Series) -> tuple[pl.Series, Codes]:
    """Return the distinct keys and the number of each row's key; whole keys in order, others in any order."""
    if series.dtype.is_integer():
        distinct, codes = whole_codes(series.cast(pl.Int64).to_numpy())
        return pl.Series(series.name, distinct), codes
    keys = pl.DataFrame({"key": series.unique()}).with_row_index("code")
    rows = series.rename("key").to_frame().join(keys, on="key", how="left", maintain_order="left")
    return keys["key"], rows["code"].cast(pl.Int64).to_numpy()


def name_codes(series: pl.Series) -> tuple[tuple[str, ...], Codes]:
    """Return the distinct keys as text, sorted as text, and the place of each row's key among them."""
    keys, codes = key_codes(series)
    names = keys.cast(pl.String).to_list()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    return tuple(names[i] for i in order), place[codes]


def cohort_codes(first: pl.Series) -> tuple[tuple[int | None, ...], Codes]:
    """Return the first treated rounds, sorted, None (never) last, and the place of each key among them."""
    known = first.drop_nulls()
    if known.len() == 0:
        return (None,), np.zeros(first.len(), dtype=np.int64)
    never = int(known.max()) + 1  # type: ignore[arg-type]
    distinct, codes = whole_codes(first.fill_null(never).to_numpy())
    dates = [int(v) for v in distinct if v != never]
    return (*dates, None), codes
