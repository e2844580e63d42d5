"""Workbooks (.xlsx, .xls): cells as text, titles above the header passed over, ids that lost digits refused."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from evalkit.errors import DataError, listed, nearest
from evalkit.intake.cells import SERIAL
from evalkit.intake.codebook import NUMBERS, Entry, other_headers
from evalkit.intake.header import DEPTH, find_header
from evalkit.intake.package import check_package, part_text, sheets_of
from evalkit.intake.sheet import Cells, check_extent, refuse, telling_cells

if TYPE_CHECKING:
    import fastexcel

DIGITS = 16
"""Excel keeps 15 digits of a number: an id with this many or more is right only where it is stored as text."""
DAYS_1904 = 1462
"""Days from Excel's usual first day to that of workbooks made on old Macintoshes."""
DECIMAL = r"^-?\d+\.\d+$"
WORDS = ("id", "text", "category")


def workbook(path: Path, sheet: str | None, entries: Sequence[Entry]) -> tuple[pl.DataFrame, int]:
    """Return the rows of a sheet as text, and the number (from 1) of its first row.

    Formulas count by the values stored with them. What Excel shows as an error (#N/A) is that text, in columns of
    names and ids null. A cell merged over several rows counts for each of them where it holds a name or an id.

    Raises
    ------
    DataError
        The file is no workbook, the sheet is missing or empty, or ids were stored as numbers and have lost digits; a
        mapped column has formulas without values or from other workbooks, or numbers merged over rows.
    """
    book, name, told, from_1904 = _opened(path, sheet)
    where = f"{path}, sheet {name!r}"
    cells = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    if cells.height == 0:
        raise DataError(where, "the sheet is empty", "a header and rows", "export it again")
    header = find_header(cells.head(DEPTH + 1).rows(), [e.raw_header for e in entries], other_headers(entries))
    kinds = {header.names.index(e.raw_header): e.kind for e in entries if e.raw_header in header.names}
    cells = _with_digits(cells, book, name, [c for c, kind in kinds.items() if kind in NUMBERS])
    _refuse_formulas(told, kinds, header.first_row, where)
    cells = _with_merged(_with_errors(cells, told, kinds), told, kinds, header.first_row, where)
    frame = cells.slice(header.first_row).rename(dict(zip(cells.columns, header.names, strict=True)))
    _check_ids(book, name, path, frame, [e.raw_header for e in entries if e.kind in {"id", "text"}], header.first_row)
    if from_1904:
        frame = _days_from_1904(frame, [header.names[c] for c, kind in kinds.items() if kind == "date"])
    filled = frame.select(pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(False))
    last = filled.to_series().arg_true().max()
    return frame.head(0 if last is None else int(str(last)) + 1), header.first_row + 1


def _opened(path: Path, sheet: str | None) -> tuple[fastexcel.ExcelReader, str, Cells, bool]:
    """Open a workbook; of a .xlsx the package is checked first, and the sheet's XML looked through."""
    import fastexcel

    if path.suffix.lower() == ".xls":
        book = fastexcel.read_excel(path)
        return book, _chosen(book.sheet_names, path, sheet), Cells(), False
    name, told, from_1904 = require_sheet(path, sheet)
    return fastexcel.read_excel(path), name, told, from_1904


def require_sheet(path: Path, sheet: str | None) -> tuple[str, Cells, bool]:
    """Check a .xlsx before it is read: its package, and the sheet that is meant (the first that is shown, else named).

    Returns
    -------
    tuple
        The sheet's name, its cells that need care, and whether its days count from 1904.

    Raises
    ------
    DataError
        The package is no workbook or a bomb, the sheet is missing, or its cells would fill the memory.
    """
    with zipfile.ZipFile(path) as package:
        check_package(package, path)
        sheets, from_1904 = sheets_of(package, path)
        shown = [n for n, (_, is_shown) in sheets.items() if is_shown]
        name = _chosen([*shown, *(n for n in sheets if n not in shown)], path, sheet)
        xml = part_text(package, sheets[name][0], path)
    where = f"{path}, sheet {name!r}"
    check_extent(xml, where)
    return name, telling_cells(xml, where), from_1904


def _chosen(names: list[str], path: Path, sheet: str | None) -> str:
    if not names or (sheet is not None and sheet not in names):
        raise DataError(
            f"{path}",
            f"there is no sheet {sheet!r} ({nearest(sheet or '', names)})",
            "the sheet that programme.toml names",
            "correct the name",
        )
    return names[0] if sheet is None else sheet


def _refuse_formulas(told: Cells, kinds: dict[int, str], skipped: int, where: str) -> None:
    """Refuse mapped columns whose formulas have no value, or one that another workbook gave."""
    for places, found, needed, todo in (
        (
            told.empty,
            "formulas have no stored value",
            "the value beside each formula",
            "open the workbook in Excel or LibreOffice, which computes them, and save it",
        ),
        (
            told.foreign,
            "formulas take their value from another workbook",
            "values of this workbook's own",
            "copy these cells and paste them as values",
        ),
    ):
        refuse([p for p in places if p[1] in kinds and p[0] >= skipped], where, found, needed, todo)


def _with_digits(cells: pl.DataFrame, book: fastexcel.ExcelReader, name: str, places: list[int]) -> pl.DataFrame:
    """Give numbers all their digits: as text the reader rounds them to nine decimals."""
    if not places:
        return cells
    exact = book.load_sheet(
        name, header_row=None, skip_rows=0, use_columns=sorted(places), dtypes=dict.fromkeys(places, "float")
    ).to_polars()
    for place, column in zip(sorted(places), exact.iter_columns(), strict=True):
        text = pl.col(cells.columns[place])
        whole = text.str.contains(DECIMAL) & column.is_not_null()
        cells = cells.with_columns(
            pl.when(whole).then(column.cast(pl.String)).otherwise(text).alias(text.meta.output_name())
        )
    return cells


def _with_errors(cells: pl.DataFrame, told: Cells, kinds: dict[int, str]) -> pl.DataFrame:
    """Put what Excel shows as an error where the reader left nothing, in columns of numbers and dates."""
    for column in {c for _, c in told.errors if c < cells.width and kinds.get(c, "") not in WORDS}:
        values = cells.to_series(column).to_list()
        for (row, place), text in told.errors.items():
            if place == column and row < len(values):
                values[row] = text
        cells = cells.with_columns(pl.Series(cells.columns[column], values, dtype=pl.String))
    return cells


def _with_merged(cells: pl.DataFrame, told: Cells, kinds: dict[int, str], skipped: int, where: str) -> pl.DataFrame:
    """Give every row of a merged cell its value; merged numbers could be a sum or a copy, and are refused."""
    tall = [m for m in told.merged if skipped <= m[0] < m[2] and m[0] < cells.height]
    numbers = [
        (top, c) for top, left, _, right in tall for c in range(left, right + 1) if kinds.get(c, "id") not in WORDS
    ]
    refuse(
        numbers,
        where,
        "cells of numbers or dates are merged over several rows",
        "a value in each row",
        "split the merged cells and enter each household's own value",
    )
    for top, left, bottom, _ in tall:
        if left in kinds and left < cells.width:
            values = cells.to_series(left).to_list()
            last = min(bottom, len(values) - 1)
            values[top : last + 1] = [values[top]] * (last + 1 - top)
            cells = cells.with_columns(pl.Series(cells.columns[left], values, dtype=pl.String))
    return cells


def _days_from_1904(frame: pl.DataFrame, dates: Collection[str]) -> pl.DataFrame:
    """Bring day numbers that count from 1904 to the usual count; what shows as a date is right already."""
    return frame.with_columns(
        pl.when(pl.col(d).str.contains(SERIAL) | pl.col(d).str.contains(r"^\d{1,4}$"))
        .then((pl.col(d).cast(pl.Float64, strict=False).floor().cast(pl.Int64) + DAYS_1904).cast(pl.String))
        .otherwise(pl.col(d))
        .alias(d)
        for d in dates
    )


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
