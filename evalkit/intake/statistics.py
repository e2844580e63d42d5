"""Files of statistical packages (.dta, .sav): their values, not their labels, with the encoding they state."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.sound import soundly

READERS = {".dta": "read_dta", ".sav": "read_sav"}
SHRUNK, MOST_SHRUNK = b"$FL3", 1032
"""How SPSS begins files packed by zlib, and how many bytes zlib makes of one at most; otherwise a cell has a byte."""
REMEDY = 'old files do not say theirs: state encoding = "gb18030" in [[sources]], or export it again'


def statistics(path: Path, encoding: str | None) -> pl.DataFrame:
    """Return the rows of a Stata or SPSS file with their types.

    Raises
    ------
    DataError
        The file is damaged, or its text is not in the encoding it claims.
    """
    import pyreadstat

    read = getattr(pyreadstat, READERS[path.suffix.lower()])
    with soundly(path, path.suffix, REMEDY, (TypeError, SystemError)):
        _, about = read(path, encoding=encoding, metadataonly=True)
        _require_room(path, about.number_rows, about.number_columns)
        table, _ = read(path, encoding=encoding, output_format="polars")
        return pl.DataFrame(table)


def _require_room(path: Path, rows: int | None, columns: int) -> None:
    """Refuse a file that states more rows than it has bytes for: the library makes room for all of them at once."""
    with path.open("rb") as file:
        per_byte = MOST_SHRUNK if file.read(len(SHRUNK)) == SHRUNK else 1
    if rows is not None and rows * columns > path.stat().st_size * per_byte:
        raise DataError(
            str(path),
            f"its header states {rows:,} rows of {columns} columns and the file is too small for them",
            "a sound file",
            "export it again",
        )
