"""Text tables read as a stream, once their encoding is proved; GB18030 becomes UTF-8 in a scratch folder."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from evalkit.intake.codebook import Entry, other_headers
from evalkit.intake.convert import ROW
from evalkit.intake.delimited import layout
from evalkit.intake.encoding import TRIED, read_text
from evalkit.intake.header import DEPTH
from evalkit.intake.ledgers.proof import CHUNK, decodes

UTF_8 = ("utf-8-sig", "utf-8")
WIDEST = 1 << 16
"""Bytes of the widest line that the search for the header expects."""


def open_text(
    path: Path, stated: str | None, entries: Sequence[Entry], scratch: Path, *, is_utf8: bool
) -> tuple[pl.LazyFrame, int, str]:
    """Return the rows of a text table with `_row`, the number of its first row's line, and its encoding.

    Raises
    ------
    DataError
        A byte does not decode, the encoding is unknown, or the file is empty.
    """
    tried = (stated,) if stated else TRIED
    encoding = next((e for e in tried if (is_utf8 if e in UTF_8 else decodes(path, e))), None)
    if encoding is None:  # this says which byte does not decode
        encoding = read_text(path, stated)[1]
    plain = path if encoding in UTF_8 else _as_utf8(path, encoding, scratch)
    with plain.open("rb") as file:
        head = codecs.getincrementaldecoder("utf-8-sig")().decode(file.read(DEPTH * WIDEST))
    shape = layout(head, path, [e.raw_header for e in entries], other_headers(entries))
    rows = pl.scan_csv(
        plain,
        has_header=False,
        schema=dict.fromkeys(shape.names, pl.String),
        separator=shape.separator,
        skip_lines=shape.above,
        row_index_name=ROW,
        raise_if_empty=False,
        missing_columns="insert",
    )
    return rows, shape.above + 1, "utf-8" if encoding == "utf-8-sig" else encoding


def _as_utf8(path: Path, encoding: str, scratch: Path) -> Path:
    """Write a file in UTF-8 into the scratch folder, which is removed when the ledger has been read."""
    target = new_file(scratch, path.suffix)
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file, target.open("wb") as out:
        while piece := file.read(CHUNK):
            out.write(decoder.decode(piece).encode())
        out.write(decoder.decode(b"", final=True).encode())
    return target


def new_file(scratch: Path, suffix: str) -> Path:
    """Make an empty file in the scratch folder under a name that no other thread takes."""
    handle, name = tempfile.mkstemp(suffix, dir=scratch)
    os.close(handle)
    return Path(name)
