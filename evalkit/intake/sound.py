"""What a library says about a damaged file, told as an error: file, kind and reason; panics of Rust too."""

from __future__ import annotations

import csv
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import polars as pl

from evalkit.errors import DataError

DAMAGE = (
    pl.exceptions.PolarsError, OSError, ValueError, RuntimeError, ArithmeticError, LookupError, MemoryError,
    csv.Error, sqlite3.Error, zipfile.BadZipFile, zlib.error, ExpatError, ParseError, EOFError,
)  # fmt: skip
"""What readers raise on files that are not sound."""
FOREIGN = {"PanicException", "FastExcelError", "ReadstatError", "PyreadstatError"}
"""Names of errors whose libraries are loaded only where they are used; a panic is no Exception to Python."""
MOST_SHOWN = 200


@contextmanager
def soundly(
    path: Path, kind: str, todo: str = "export it again", also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turn what a reader raises on a damaged file into a DataError that names the file.

    ``also`` are errors that one reader alone raises for damage.

    Raises
    ------
    DataError
        The reader failed; its own first line stands in brackets.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, (*DAMAGE, *also)) and not FOREIGN & {c.__name__ for c in type(error).__mro__}:
            raise
        lines = str(error).splitlines() or [type(error).__name__]
        raise DataError(
            str(path), f"it cannot be read as {kind} ({lines[0][:MOST_SHOWN]})", "a sound file", todo
        ) from error
