"""The price index of a programme's region."""

from __future__ import annotations

import io

import polars as pl

from evalkit.errors import DataError, listed
from evalkit.intake.encoding import read_text
from evalkit.intake.files import existing
from evalkit.intake.sound import soundly
from evalkit.programme import Programme

COLUMNS = ("region", "year", "index")


def read_prices(programme: Programme) -> pl.DataFrame | None:
    """Return region, time, index (base year of the file = 100, or any constant) of the deflator; None without one.

    Raises
    ------
    DataError
        A column is missing, the region has no rows, or the base year is not among them.
    """
    deflator = programme.about.deflator
    if deflator is None:
        return None
    path = existing(programme.folder / deflator.file)
    text, _ = read_text(path)
    with soundly(path, "a price index"):
        table = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False)
    absent = [c for c in COLUMNS if c not in table.columns]
    if absent:
        raise DataError(
            str(path), f"the columns {listed(absent)} are missing", f"the columns {listed(COLUMNS)}", "add them"
        )
    numbers = table.select(
        "region",
        pl.col("year").cast(pl.Int64, strict=False).alias("time"),
        pl.col("index").cast(pl.Float64, strict=False),
    )
    rows = numbers.filter(pl.col("region") == deflator.region)
    if rows.null_count().sum_horizontal().item():
        raise DataError(str(path), "some years or indices are no numbers", "a number in each row", "correct them")
    if programme.about.base_year not in rows["time"].to_list():
        raise DataError(
            str(path),
            f"region {deflator.region!r} has the years {listed(rows['time'])}",
            f"the base year {programme.about.base_year}",
            "add it, or correct region or base_year",
        )
    return rows
