"""A single data file that an evaluator points at: csv, tsv, parquet, xlsx, dta or sav, with its own types."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, nearest
from evalkit.intake.encoding import read_text

TEXT = {".csv": ",", ".tsv": "\t"}
STATISTICS = {".dta": "read_dta", ".sav": "read_sav"}


def read_any(path: Path) -> pl.LazyFrame:
    """Return the table of a file; parquet is scanned, not loaded.

    Raises
    ------
    DataError
        The file is missing, of an unknown kind, or cannot be read as what its name says.
    """
    if path.is_dir():
        raise DataError(str(path), "it is a folder", "a data file", "name a file in it")
    if not path.is_file():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(
            str(path), f"there is no such file ({nearest(path.name, names)})", "a data file", "correct the path"
        )
    suffix = path.suffix.lower()
    if suffix not in {*TEXT, *STATISTICS, ".parquet", ".xlsx"}:
        raise DataError(
            str(path),
            f"files of the kind {suffix!r} are not read",
            ".csv, .tsv, .parquet, .xlsx, .dta, .sav or a moments file",
            "save it as one of these",
        )
    text = read_text(path)[0] if suffix in TEXT else ""
    try:
        return _read_text(text, suffix) if suffix in TEXT else _read_binary(path, suffix)
    except (pl.exceptions.PolarsError, OSError, ValueError, RuntimeError) as error:
        why = str(error).splitlines()[0]
        raise DataError(
            str(path), f"it cannot be read as {suffix} ({why})", "a sound file", "export it again"
        ) from error


def _read_text(text: str, suffix: str) -> pl.LazyFrame:
    return pl.read_csv(io.BytesIO(text.encode()), separator=TEXT[suffix], infer_schema_length=None).lazy()


def _read_binary(path: Path, suffix: str) -> pl.LazyFrame:
    if suffix == ".parquet":
        frame = pl.scan_parquet(path)
        frame.collect_schema()
        return frame
    if suffix == ".xlsx":
        return _read_workbook(path)
    import pyreadstat

    try:
        table, _ = getattr(pyreadstat, STATISTICS[suffix])(path, output_format="polars")
    except pyreadstat.ReadstatError as error:
        raise ValueError(str(error)) from error
    return pl.DataFrame(table).lazy()


def _read_workbook(path: Path) -> pl.LazyFrame:
    from fastexcel import FastExcelError

    try:
        return pl.read_excel(path, engine="calamine").lazy()
    except FastExcelError as error:
        raise ValueError(str(error)) from error
