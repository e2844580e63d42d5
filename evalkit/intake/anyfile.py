"""A single data file that an evaluator points at: csv, tsv, parquet, xlsx, dta or sav, with its own types."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, nearest
from evalkit.intake.encoding import read_text
from evalkit.intake.signature import require_signature
from evalkit.intake.sound import soundly
from evalkit.intake.statistics import READERS, statistics
from evalkit.intake.workbook import require_sheet

TEXT = {".csv": ",", ".tsv": "\t"}


def read_any(path: Path, texts: Sequence[str] = ()) -> pl.LazyFrame:
    """Return the table of a file; parquet is scanned, not loaded. Columns in `texts` stay text, with leading zeros.

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
    if suffix not in {*TEXT, *READERS, ".parquet", ".xlsx"}:
        raise DataError(
            str(path),
            f"files of the kind {suffix!r} are not read",
            ".csv, .tsv, .parquet, .xlsx, .dta, .sav or a moments file",
            "save it as one of these",
        )
    require_signature(path)
    with soundly(path, suffix):
        if suffix in TEXT:
            text, _ = read_text(path)
            return pl.read_csv(
                io.BytesIO(text.encode()),
                separator=TEXT[suffix],
                infer_schema_length=None,
                schema_overrides=dict.fromkeys(texts, pl.String),
            ).lazy()
        if suffix == ".parquet":
            return _scanned(path)
        return _of_workbook(path) if suffix == ".xlsx" else statistics(path, None).lazy()


def _scanned(path: Path) -> pl.LazyFrame:
    frame = pl.scan_parquet(path)
    frame.collect_schema()
    return frame


def _of_workbook(path: Path) -> pl.LazyFrame:
    """Read the first sheet with the types of its cells, after the checks of every workbook."""
    require_sheet(path, None)
    return pl.read_excel(path, engine="calamine").lazy()
