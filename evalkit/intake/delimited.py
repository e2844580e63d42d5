"""Text tables: the delimiter and the header are those that show the codebook's headers."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.header import DEPTH, find_header
from evalkit.intake.sound import soundly

DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Layout:
    """The delimiter, the names of the columns, and how many lines stand above the first row."""

    separator: str
    names: tuple[str, ...]
    above: int


def delimited(
    text: str, path: Path, wanted: Collection[str], also: Mapping[str, str] | None = None
) -> tuple[pl.DataFrame, int]:
    """Return the rows of a text table as text, and the number (from 1) of its first row's line.

    Raises
    ------
    DataError
        The file is empty, or a line has more cells than the header; the line is named.
    """
    shape = layout(text, path, wanted, also)
    separator, above = shape.separator, shape.above
    body = "".join(io.StringIO(text, newline="").readlines()[above:])
    columns = dict.fromkeys(shape.names, pl.String)
    try:
        frame = pl.scan_csv(
            io.BytesIO(body.encode()),
            has_header=False,
            schema=columns,
            separator=separator,
            missing_columns="insert",  # of a first row whose last cells are empty and not written
        ).collect()
    except pl.exceptions.NoDataError:
        frame = pl.DataFrame(schema=columns)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError) as error:
        raise _ragged(text, path, separator, len(columns), above) or DataError(
            str(path), f"it cannot be read as a table ({error})", "rows with the header's columns", "export it again"
        ) from error
    return frame, above + 1


def layout(text: str, path: Path, wanted: Collection[str], also: Mapping[str, str] | None = None) -> Layout:
    """Return how a text table is laid out; its first lines are enough.

    Raises
    ------
    DataError
        The text is empty.
    """
    if not text.strip():
        raise DataError(str(path), "the file is empty", "a header and rows", "export it again")
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    tried: list[Layout] = []
    for separator in (usual, *(d for d in DELIMITERS if d != usual)):
        found = _laid_out(text, path, separator, wanted, also)
        if wanted and set(wanted) <= set(found.names):
            return found
        tried.append(found)
    return max(tried, key=lambda found: len(found.names))


def _laid_out(text: str, path: Path, separator: str, wanted: Collection[str], also: Mapping[str, str] | None) -> Layout:
    """Return the layout by one delimiter; where none fits the codebook, that with most columns is meant."""
    with soundly(path, "a table"):
        records = _first_records(text, separator)
    header = find_header([cells for cells, _ in records], wanted, also)
    return Layout(separator, header.names, records[header.first_row - 1][1])


def _first_records(text: str, separator: str) -> list[tuple[list[str], int]]:
    """Return the first records with the number of the line on which each ends (a cell may hold line breaks)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [(cells, reader.line_num) for cells in islice(reader, DEPTH + 1)]


def _ragged(text: str, path: Path, separator: str, width: int, skipped: int) -> DataError | None:
    """Say which line has more cells than the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for row in reader:
        if reader.line_num > skipped and len(row) > width:
            return DataError(
                str(path),
                f"line {reader.line_num} has {len(row)} cells and the header {width}",
                "as many cells as the header in every line",
                "put cells that hold the delimiter in quotation marks",
            )
    return None
