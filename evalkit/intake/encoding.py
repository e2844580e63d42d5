"""Text of a file: strict UTF-8 (UTF-16 where its mark says so), then GB18030; never a lossy reading."""

from __future__ import annotations

import codecs
from pathlib import Path

from evalkit.errors import DataError

NEWLINE = b"\n"
TRIED = ("utf-8-sig", "gb18030")
"""In this order: GB18030 text hardly ever passes as UTF-8, but UTF-8 can pass as GB18030 with wrong characters."""
LOST = ("\ufffd", "锟斤拷")
"""What programs write that could not read a character: the sign itself, and the sign read once more as GB18030."""
FIRST_OF_THREE_BYTES = "\u0800"


def read_text(path: Path, stated: str | None = None) -> tuple[str, str]:
    """Return the text of a file and the encoding that was found.

    Raises
    ------
    DataError
        A byte does not decode; the message gives file, line and column, in the encoding that got furthest. Or the text
        holds what no table holds: zero characters, marks in its midst, signs of lost characters, two encodings.
    """
    raw = path.read_bytes()
    failures: list[UnicodeDecodeError] = []
    for encoding in (stated,) if stated else _tried(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            failures.append(error)
            continue
        except (LookupError, ValueError, UnicodeError) as error:
            raise _unknown(path, stated, error) from error
        text = text.removeprefix("\ufeff")
        _require_table(text, path)
        if encoding == "gb18030" and not stated:
            _require_one_encoding(raw, path)
        return text, "utf-8" if encoding == "utf-8-sig" else encoding
    furthest = max(failures, key=lambda f: f.start)
    raise DataError(
        str(path),
        f"{_place(raw, furthest.start)}: byte 0x{raw[furthest.start]:02x} is not {furthest.encoding}",
        f"text in {stated or 'UTF-8 or GB18030'}",
        "correct this byte, or state the file's encoding in [[sources]]",
    ) from furthest


def _tried(raw: bytes) -> tuple[str, ...]:
    return ("utf-16",) if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else TRIED


def _unknown(path: Path, stated: str | None, error: Exception) -> DataError:
    if isinstance(error, LookupError):
        return DataError(
            str(path),
            f"the encoding {stated!r} is unknown",
            "an encoding that Python knows",
            "correct encoding in [[sources]]",
        )
    return DataError(
        str(path), f"it does not decode ({error})", f"text in {stated}", "state the file's encoding in [[sources]]"
    )


def _require_table(text: str, path: Path) -> None:
    """Refuse characters that show that bytes are missing or that two files were joined."""
    for sign, what in (("\0", "a zero character"), ("\ufeff", "a byte-order mark in the midst of the text")):
        if sign in text:
            raise DataError(
                str(path),
                f"{_spot(text, text.index(sign))}: {what}",
                "a text file in one piece",
                "export it again; do not join files with their marks, nor cut a UTF-16 file",
            )
    for sign in LOST:
        if sign in text:
            raise DataError(
                str(path),
                f"{_spot(text, text.index(sign))}: {sign!r} stands for a character that an earlier program lost",
                "text as it was first entered",
                "export it again from where it was entered",
            )


def _require_one_encoding(raw: bytes, path: Path) -> None:
    """Refuse lines of UTF-8 among lines of GB18030, which would pass as wrong characters."""
    for number, line in enumerate(raw.split(NEWLINE), 1):
        if line.isascii():
            continue
        try:
            wide = [c for c in line.decode() if not c.isascii()]
        except UnicodeDecodeError:
            continue
        if len(wide) > 1 and min(wide) >= FIRST_OF_THREE_BYTES:
            raise DataError(
                str(path),
                f"line {number} is UTF-8 and others are not",
                "a file in one encoding",
                "convert the parts before they are joined",
            )


def _place(raw: bytes, position: int) -> str:
    """Return the line and column (both from 1, in bytes) of a byte."""
    before = raw[:position]
    return f"line {before.count(NEWLINE) + 1}, column {position - before.rfind(NEWLINE)}"


def _spot(text: str, position: int) -> str:
    """Return the line and column (both from 1, in characters) of a character."""
    return f"line {text.count(chr(10), 0, position) + 1}, column {position - text.rfind(chr(10), 0, position)}"
