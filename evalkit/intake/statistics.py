"""Files of statistical packages (.dta, .sav): their values, not their labels, with the encoding they state."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from evalkit.intake.sound import soundly

READERS = {".dta": "read_dta", ".sav": "read_sav"}
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
        table, _ = read(path, encoding=encoding, output_format="polars")
        return pl.DataFrame(table)
