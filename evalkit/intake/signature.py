"""What a file is by its first bytes: a name that says something else is told, not tried."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import DataError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SIGNATURES = {
    b"PK\x03\x04": (".xlsx",),
    OLE: (".xls",),
    b"PAR1": (".parquet",),
    b"SQLite format 3\x00": (".sqlite", ".sqlite3", ".db"),
    b"$FL2": (".sav",),
    b"$FL3": (".sav",),
    b"<stata_dta>": (".dta",),
}
MARKUP = (b"<html", b"<!doctype html", b"<table", b"<?xml")
LONGEST = 16
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream in which a workbook stands that opens with a password only."""


def require_signature(path: Path) -> None:
    """Refuse a file whose first bytes are of another kind than its name; bytes of no known kind are left to the reader.

    Raises
    ------
    DataError
        Its content is another kind of file, a page of HTML, or a workbook that opens with a password only.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    suffix = path.suffix.lower()
    if head.startswith(OLE) and suffix in {".xlsx", ".xls"} and ENCRYPTED in path.read_bytes():
        raise DataError(
            str(path),
            "the workbook is protected by a password",
            "a workbook that opens without one",
            "open it, take the password away (File, Info), and save it under this name",
        )
    for signature, suffixes in SIGNATURES.items():
        if head.startswith(signature) and suffix not in suffixes:
            raise DataError(
                str(path),
                f"its content is {suffixes[0]} and its name says {suffix}",
                "a name that says what the file is",
                f"name it {path.stem}{suffixes[0]}, here and in [[sources]]",
            )
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        raise DataError(
            str(path),
            f"its content is a page (HTML or XML) and its name says {suffix}",
            "a table",
            "open it in a spreadsheet program and save it as .xlsx",
        )
