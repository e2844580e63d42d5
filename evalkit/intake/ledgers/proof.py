"""What is known of a file before its rows are read: its checksum and, of text, whether it is UTF-8.

Both come of one pass in another thread: while one file's rows are read the next is looked at.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

CHUNK = 1 << 22
LEAD, CONTINUED = 0xC0, 0x80
"""From here on a byte begins a character of several bytes; from here on it is part of one."""
LONGEST = 4
"""Bytes of the longest character."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The SHA-256 of a file, and whether each of its bytes decodes as UTF-8 (a mark at its start included)."""

    sha256: str
    is_utf8: bool


@contextmanager
def threads(number: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Give so many threads; what they have not begun when the block ends is left undone."""
    pool = ThreadPoolExecutor(number, name)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def proved(path: Path, *, is_text: bool) -> Proof:
    """Read a file once; of a file that is no text only the checksum is asked for."""
    digest, is_utf8, rest = hashlib.sha256(), is_text, b""
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            if is_utf8:
                piece = rest + piece
                end = _end_of_characters(piece)
                is_utf8, rest = _decodes(piece[:end]), piece[end:]
    return Proof(digest.hexdigest(), is_utf8 and _decodes(rest))


def decodes(path: Path, encoding: str) -> bool:
    """Whether each byte of a file decodes in another encoding; read piece by piece."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except (ValueError, LookupError, TypeError):  # of what is no encoding of text, too
        return False
    return True


def _end_of_characters(piece: bytes) -> int:
    """Return where the last character that may go on in the next piece begins; the length where none does."""
    for back in range(1, min(LONGEST, len(piece)) + 1):
        if piece[-back] >= LEAD:
            return len(piece) - back
        if piece[-back] < CONTINUED:
            break
    return len(piece)


def _decodes(piece: bytes) -> bool:
    """Whether bytes are whole UTF-8; polars looks at many bytes at once, which Python's decoder does not."""
    try:
        pl.Series([piece], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True
