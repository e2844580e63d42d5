"""Text of a file: strict UTF-8, then GB18030; never a lossy reading."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import DataError

NEWLINE = b"\n"
TRIED = ("utf-8-sig", "gb18030")
"""In this order: GB18030 text hardly ever passes as UTF-8, but UTF-8 can pass as GB18030 with wrong characters."""


def read_text(path: Path, stated: str | None = None) -> tuple[str, str]:
    """Return the text of a file and the encoding that was found.

    Raises
    ------
    DataError
        A byte does not decode; the message gives file, line and column, in the encoding that got furthest.
    """
    raw = path.read_bytes()
    failures: list[UnicodeDecodeError] = []
    for encoding in (stated,) if stated else TRIED:
        try:
            return raw.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError as error:
            failures.append(error)
        except LookupError as error:
            raise DataError(
                str(path),
                f"the encoding {stated!r} is unknown",
                "an encoding that Python knows",
                "correct encoding in [[sources]]",
            ) from error
    furthest = max(failures, key=lambda f: f.start)
    raise DataError(
        str(path),
        f"{_place(raw, furthest.start)}: byte 0x{raw[furthest.start]:02x} is not {furthest.encoding}",
        f"text in {stated or 'UTF-8 or GB18030'}",
        "correct this byte, or state the file's encoding in [[sources]]",
    ) from furthest


def _place(raw: bytes, position: int) -> str:
    """Return the line and column (both from 1, in bytes) of a byte."""
    before = raw[:position]
    return f"line {before.count(NEWLINE) + 1}, column {position - before.rfind(NEWLINE)}"
