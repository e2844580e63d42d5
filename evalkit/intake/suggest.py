"""What a header may have meant: a suggestion for a person to enter in the codebook, never a mapping."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.likeness import suggestion
from evalkit.intake.rules import line


def unmapped_line(header: str, entries: Sequence[Entry], n_rows: int) -> pl.DataFrame:
    """Return the quality line of a column that no entry maps, with the entry it may belong to."""
    told = line("unmapped", header, "warning", n_rows, n_rows)
    name = suggestion(header, [e.raw_header for e in entries])
    if name is None:
        return told
    return told.with_columns(
        (pl.col("todo_zh") + f"；与代码本中的“{name}”相近，如为同一列，请填入also一栏").alias("todo_zh"),
        (pl.col("todo_en") + f"; like {name!r} of the codebook: if it is the same, enter it there under also").alias(
            "todo_en"
        ),
    )
