"""Text of a file: strict UTF-8, then GB18030; never a lossy reading."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import DataError

TRIED = ("utf-8-sig", "gb18030")
"""In this order: nearly every GB18030 file fails as UTF-8, but UTF-8 files can pass as GB18030 with wrong characters."""


def read_text(path: Path, stated: str | None = None) -> tuple[str, str]:
    """Return the text of a file and the encoding that was found.

    Raises
    ------
    DataError
        A byte does not decode; the message gives file, line and column.
    """
    raw = path.read_bytes()
    tried = (stated,) if stated else TRIED
    for encoding in tried:
        try:
            return raw.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError as error:
            failure = error
        except LookupError as error:
            raise DataError(
                str(path),
                f"the encoding {stated!r} is unknown",
                "an encoding that Python knows",
                "correct encoding in [[sources]]",
            ) from error
    line, column = _place(raw, failure.start)
    raise DataError(
        str(path),
        f"line {line}, column {column}: byte 0x{raw[failure.start]:02x} is not {tried[-1]}",
        "text in UTF-8 or GB18030",
        "save the file as UTF-8, or state its encoding in [[sources]]",
    ) from failure


def _place(raw: bytes, position: int) -> tuple[int, int]:
    """Return the line and column (both from 1, in bytes) of a byte."""
    before = raw[:position]
    return before.count(b"\n") + 1, position - (before.rfind(b"\n") + 1) + 1
