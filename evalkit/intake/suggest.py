"""What a header may have meant: a suggestion for a person to enter in the codebook, never a mapping."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any
from unicodedata import normalize

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.rules import line

CLOSE = 75.0
"""Percent of likeness (rapidfuzz's ratio) from which a header is suggested."""


def suggestion(header: str, names: Sequence[str]) -> str | None:
    """Return the name most like a header, traditional characters read as simplified and wide ones as narrow.

    With the extra `suggest`, likeness is rapidfuzz's and OpenCC knows the characters; without it, difflib's alone.
    """
    plain = {name: _plain(name) for name in names}
    try:
        from rapidfuzz import fuzz, process
    except ImportError:
        close = get_close_matches(_plain(header), plain.values(), n=1, cutoff=CLOSE / 100)
        return next((n for n, p in plain.items() if close and p == close[0]), None)
    found = process.extractOne(_plain(header), plain, scorer=fuzz.ratio, score_cutoff=CLOSE)
    return None if found is None else str(found[2])


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


def _plain(text: str) -> str:
    """Return a header in simplified, narrow characters without spaces, in small letters."""
    return "".join(_simplified(normalize("NFKC", text)).lower().split())


def _simplified(text: str) -> str:
    try:
        return str(_converter().convert(text))
    except ImportError:  # the extra is optional: suggestions then know no traditional characters
        return text


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")
