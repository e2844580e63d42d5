"""The correction log, corrections.xlsx in the programme's folder: read back on every run, never written by a command.

Each line names a cell of a raw file and what stands there; where something else stands there the line is refused, so a
log can neither be applied twice nor to another export. Raw files stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import fastexcel
import polars as pl

from evalkit.errors import DataError, nearest
from evalkit.intake.codebook import Entry
from evalkit.intake.files import CORRECTIONS, RawTable
from evalkit.intake.sound import soundly
from evalkit.intake.workbook import require_sheet

LOG_NAME = CORRECTIONS
SHEET = "corrections"
COLUMNS = ("file", "row", "key", "column", "old", "new", "action", "reason", "who", "when")
NEEDED = ("file", "row", "column", "old", "reason", "who", "when")
ACTIONS = ("", "correct", "drop")
ROW_NUMBER = re.compile(r"\d{1,9}(\.0)?")
"""As a workbook shows it; no sheet or file that is read has a thousand million rows."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of the log; ``line`` is its row in the workbook. To drop a row, `column` and `old` name its key cell."""

    line: int
    file: str
    row: int
    key: str
    column: str
    old: str
    new: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A raw table after its corrections, how many cells changed, and the rows that the log drops with the reason."""

    table: RawTable
    n_cells: int
    dropped: dict[int, str]


def read_log(folder: Path) -> tuple[Correction, ...]:
    """Read the log; every mistake in it is told at once. Without a log there are no corrections.

    Raises
    ------
    DataError
        It is no workbook, lacks a column, or has lines that are incomplete or unclear.
    """
    path = folder / LOG_NAME
    if not path.is_file():
        return ()
    with soundly(path, "a workbook", "save it again"):
        table = _table(path)
    absent = [c for c in COLUMNS if c not in table.columns]
    if absent:
        raise DataError(
            str(path), f"there is no column {absent[0]!r}", f"the columns {', '.join(COLUMNS)}", "add the column"
        )
    rows = table.select(pl.col(c).cast(pl.String).str.strip_chars().fill_null("") for c in COLUMNS)
    filled = [(n, r) for n, r in enumerate(rows.to_dicts(), 2) if any(r.values())]
    mistakes = [f"line {n}: {m}" for n, r in filled for m in _mistakes(r)]
    if mistakes:
        raise DataError(str(path), "; ".join(mistakes), "complete lines", "correct these lines; nothing was applied")
    return tuple(_correction(n, r) for n, r in filled)


def _table(path: Path) -> pl.DataFrame:
    """Return the log's sheet as text, after the checks of every workbook."""
    first, *_ = require_sheet(path, None)
    book = fastexcel.read_excel(path)
    name = require_sheet(path, SHEET)[0] if SHEET in book.sheet_names else first
    return book.load_sheet(name, dtypes="string").to_polars()


def apply_log(
    table: RawTable, name: str, entries: Sequence[Entry], key: Sequence[str], log: Sequence[Correction]
) -> Corrected:
    """Apply the lines of the log that name this file.

    Raises
    ------
    DataError
        A row or column is not there, or another value than `old` stands there; nothing is applied then.
    """
    mine = [c for c in log if c.file == name]
    headers = {e.name: e.raw_header for e in entries}
    problems: list[str] = []
    frame, changed = table.frame, 0
    for c in mine:
        header = c.column if c.column in frame.columns else headers.get(c.column, "")
        problem = _refusal(c, table, header, headers, key)
        if problem:
            problems.append(f"line {c.line}: {problem}")
        elif c.action != "drop":
            frame, changed = _set(frame, c.row - table.first_row, header, c.new), changed + 1
    if problems:
        raise DataError(
            f"{LOG_NAME}, {name}",
            "; ".join(problems),
            "lines whose old value stands in the raw file",
            "correct the log, or take out lines that a new export has made good",
        )
    dropped = {c.row: c.reason for c in mine if c.action == "drop"}
    return Corrected(replace(table, frame=frame), changed, dropped)


def require_files(log: Sequence[Correction], names: Sequence[str]) -> None:
    """Refuse lines that name a file which the programme does not read."""
    for c in log:
        if c.file not in names:
            raise DataError(
                f"{LOG_NAME}, line {c.line}",
                f"the programme reads no file {c.file!r} ({nearest(c.file, names)})",
                "a raw file of the programme",
                "correct the name",
            )


def cell_text(value: object) -> str:
    """Return a cell as a person sees it: no .0 behind whole numbers, nothing for an empty cell."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _mistakes(row: dict[str, str]) -> list[str]:
    found = [f"{c} is empty" for c in NEEDED if c != "old" and not row[c]]
    if row["row"] and not ROW_NUMBER.fullmatch(row["row"]):
        found.append(f"row {row['row']!r} is no whole number")
    if row["action"] not in ACTIONS:
        found.append(f"action {row['action']!r} is neither correct nor drop")
    if row["action"] != "drop" and row["old"] == row["new"]:
        found.append("old and new are the same")
    return found


def _correction(line: int, row: dict[str, str]) -> Correction:
    number = int(row["row"].removesuffix(".0"))
    texts = (row[c] for c in ("key", "column", "old", "new", "action", "reason"))
    return Correction(line, row["file"], number, *texts)


def _refusal(c: Correction, table: RawTable, header: str, headers: dict[str, str], key: Sequence[str]) -> str:
    index = c.row - table.first_row
    if not header:
        return f"there is no column {c.column!r} ({nearest(c.column, table.frame.columns)})"
    if not 0 <= index < table.frame.height:
        return f"there is no row {c.row}"
    if cell_text(table.frame[header][index]) != cell_text(_plain(c.old)):
        return f"the old value does not stand in row {c.row}, column {c.column!r}"
    first = headers.get(key[0], "")
    if c.key and first in table.frame.columns and cell_text(table.frame[first][index]) != c.key.split("/")[0]:
        return f"row {c.row} has another key"
    return ""


def _plain(text: str) -> str:
    """Return a number that the log's workbook shows as 12.0 as 12."""
    return text.removesuffix(".0") if text.removesuffix(".0").lstrip("-").isdigit() else text


def _set(frame: pl.DataFrame, index: int, header: str, new: str) -> pl.DataFrame:
    """Set one cell, in the column's own type; where it does not fit, the cell's rule will tell after conversion."""
    old = frame[header]
    value = pl.Series([new or None]).cast(old.dtype, strict=False)
    if new and value.null_count():
        raise DataError(LOG_NAME, f"a new value for {header!r} is no {old.dtype}", "such a value", "correct the line")
    return frame.with_columns(old.scatter(index, value[0]))
