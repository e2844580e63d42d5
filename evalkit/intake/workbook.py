"""Workbooks (.xlsx, .xls): cells as text, titles above the header passed over, ids that lost digits refused."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from evalkit.errors import DataError, listed, nearest
from evalkit.intake.header import DEPTH, find_header

if TYPE_CHECKING:
    import fastexcel

DIGITS = 16
"""Excel keeps 15 digits of a number: an id with this many or more is right only where it is stored as text."""


def workbook(path: Path, sheet: str | None, wanted: Collection[str], ids: Collection[str]) -> tuple[pl.DataFrame, int]:
    """Return the rows of a sheet as text, and the number (from 1) of its first row.

    Raises
    ------
    DataError
        The file is no workbook, the sheet is missing or empty, or ids were stored as numbers and have lost digits.
    """
    book = _opened(path)
    name = _chosen(book, path, sheet)
    cells = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    if cells.height == 0:
        raise DataError(f"{path}, sheet {name!r}", "the sheet is empty", "a header and rows", "export it again")
    header = find_header(cells.head(DEPTH + 1).rows(), wanted)
    frame = cells.slice(header.first_row).rename(dict(zip(cells.columns, header.names, strict=True)))
    _check_ids(book, name, path, frame, ids, header.first_row)
    filled = frame.select(pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(False))
    last = filled.to_series().arg_true().max()
    return frame.head(0 if last is None else int(str(last)) + 1), header.first_row + 1


def _opened(path: Path) -> fastexcel.ExcelReader:
    import fastexcel

    try:
        return fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise DataError(
            str(path), f"it cannot be read as a workbook ({error})", "a sound .xlsx or .xls", "save it again"
        ) from error


def _chosen(book: fastexcel.ExcelReader, path: Path, sheet: str | None) -> str:
    if sheet is not None and sheet not in book.sheet_names:
        raise DataError(
            f"{path}",
            f"there is no sheet {sheet!r} ({nearest(sheet, book.sheet_names)})",
            "the sheet that programme.toml names",
            "correct the name",
        )
    return book.sheet_names[0] if sheet is None else sheet


def _check_ids(
    book: fastexcel.ExcelReader, sheet: str, path: Path, frame: pl.DataFrame, ids: Collection[str], skipped: int
) -> None:
    """Refuse a column of long ids in which any cell is a number: digits past the fifteenth were rounded away."""
    for name in ids:
        if name not in frame.columns:
            continue
        long = frame[name].str.len_chars().fill_null(0) >= DIGITS
        as_power = frame[name].str.contains(r"(?i)^\d(\.\d+)?e\+\d+$").fill_null(False)
        place = frame.columns.index(name)
        if (long.any() and not _all_text(book, sheet, place, skipped)) or as_power.any():
            rows = [str(i + skipped + 1) for i in (long | as_power).arg_true()]
            raise DataError(
                f"{path}, column {name!r}",
                f"{len(rows)} ids have {DIGITS} digits or more and the column holds numbers: Excel keeps 15 digits "
                f"(rows {listed(rows)})",
                "ids stored as text",
                "have the column exported again as text; the lost digits cannot be restored",
            )


def _all_text(book: fastexcel.ExcelReader, sheet: str, place: int, skipped: int) -> bool:
    """Whether every filled cell of a column is text."""
    import fastexcel

    try:
        column = book.load_sheet(
            sheet,
            header_row=None,
            skip_rows=skipped,
            use_columns=[place],
            schema_sample_rows=None,
            dtype_coercion="strict",
        ).to_polars()
    except fastexcel.FastExcelError:  # the column mixes kinds of cells, which is what is asked
        return False
    return column.to_series().dtype == pl.String
