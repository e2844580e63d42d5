"""A sheet's own XML, for what a reader of values does not tell: its extent, errors, formulas without values, merges."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from evalkit.errors import DataError, listed

MAX_CELLS = 20_000_000
"""A million rows of twenty columns. A reader lays out every cell between the first and the last, filled or not."""
ADDRESS = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
"""The address of a cell, or the number of a row, in either kind of quotes and however long: readers take both."""
FAR_ROW, LETTERS, DIGITS = 10**8, 4, 7
"""A row of more digits counts as this one; of a column's letters so many tell that it lies too far out."""
TELLING = re.compile(rb"<(?:\w+:)?(?:f|mergeCell)\b|\bt=\"e\"")
OTHER_BOOK = re.compile(r"\[\d+\]")
MERGED = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


@dataclass(slots=True)
class Cells:
    """Cells of a sheet that need care, by (row, column) from 0.

    ``errors`` holds what Excel shows there (#N/A); ``empty`` formulas without a stored value, ``foreign`` formulas
    that look into other workbooks; ``merged`` ranges (first row, first column, last row, last column).
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    empty: list[tuple[int, int]] = field(default_factory=list)
    foreign: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def column_number(letters: str) -> int:
    """Return the number (from 0) of a column: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def cell_name(place: tuple[int, int]) -> str:
    """Return a cell's name as Excel shows it: (0, 26) is AA1."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def check_extent(xml: bytes, where: str) -> None:
    """Refuse a sheet whose last cell lies so far out that its empty cells would fill the memory.

    Raises
    ------
    DataError
        First to last cell are more than twenty million.
    """
    columns: set[bytes] = set()
    last_row = 0
    for letters, row in ADDRESS.findall(xml):
        columns.add(letters[:LETTERS].upper())
        last_row = max(last_row, int(row) if len(row) <= DIGITS else FAR_ROW)
    columns.discard(b"")
    last_column = max((column_number(c.decode()) for c in columns), default=0)
    n_cells = last_row * (last_column + 1)
    if n_cells > MAX_CELLS or xml.count(b"<c") > 2 * MAX_CELLS:
        raise DataError(
            where,
            f"its last cell is {cell_name((max(last_row - 1, 0), last_column))}: {n_cells:,} cells",
            f"at most {MAX_CELLS:,} cells",
            "delete what stands far below or right of the table, or export the sheet as .csv",
        )


def telling_cells(xml: bytes, where: str) -> Cells:
    """Return the cells that need care; sheets without formulas, errors and merges are not parsed.

    Raises
    ------
    DataError
        The sheet is no sound XML.
    """
    if not TELLING.search(xml):
        return Cells()
    reader = _Reader()
    try:
        reader.parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise DataError(where, f"its XML is damaged ({error})", "a sound sheet", "save it again in Excel") from error
    return reader.cells


class _Reader:
    """Follows cells through the XML; cells without an address stand right of the one before."""

    def __init__(self) -> None:
        self.cells = Cells()
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.place, self.kind, self.inside = (0, -1), "n", ""
        self.has_formula, self.formula, self.value = False, "", ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.inside = name.rpartition(" ")[2]
        if self.inside == "row":
            self.place = (_row(attributes.get("r"), self.place[0] + (self.place[1] >= 0)), -1)
        elif self.inside == "c":
            self.place = _place(attributes.get("r", ""), self.place)
            self.kind, self.has_formula, self.formula, self.value = attributes.get("t", "n"), False, "", ""
        elif self.inside == "f":
            self.has_formula = True
        elif self.inside == "mergeCell" and (match := MERGED.fullmatch(attributes.get("ref", ""))):
            left, top, right, bottom = match.groups()
            self.cells.merged.append((int(top) - 1, column_number(left), int(bottom) - 1, column_number(right)))

    def _text(self, text: str) -> None:
        if self.inside == "f":
            self.formula += text
        elif self.inside in {"v", "t"}:
            self.value += text

    def _end(self, name: str) -> None:
        self.inside = ""
        if name.rpartition(" ")[2] != "c":
            return
        if self.kind == "e":
            self.cells.errors[self.place] = self.value
        if self.has_formula and not self.value and self.kind != "str":
            self.cells.empty.append(self.place)
        if OTHER_BOOK.search(self.formula):
            self.cells.foreign.append(self.place)


def _row(text: str | None, otherwise: int) -> int:
    return int(text) - 1 if text and text.isascii() and text.isdecimal() else otherwise


def _place(address: str, before: tuple[int, int]) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", address)
    return (int(match[2]) - 1, column_number(match[1])) if match else (before[0], before[1] + 1)


def refuse(places: list[tuple[int, int]], where: str, found: str, needed: str, todo: str) -> None:
    """Refuse a sheet for some of its cells, which are named.

    Raises
    ------
    DataError
        There are any.
    """
    if places:
        raise DataError(where, f"{len(places)} {found} ({listed(map(cell_name, places))})", needed, todo)
