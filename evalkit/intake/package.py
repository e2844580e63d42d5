"""The package of a .xlsx, looked at before anything is unpacked for good: names, sizes and sums of its parts."""

from __future__ import annotations

import posixpath
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from evalkit.errors import DataError, listed

MAX_PARTS = 10_000
MAX_UNPACKED = 512 * 2**20
"""Bytes. A million rows of twenty cells are about as much."""
MAX_RATIO = 200
RATIO_FROM = 2**20
"""From this size on, a part that shrank more than two hundredfold is a bomb; sheets shrink ten- to fiftyfold."""
CHUNK = 2**20
OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def check_package(package: zipfile.ZipFile, path: Path) -> None:
    """Refuse a package that leads out of itself, unpacks to more than is stated here, or whose sums are wrong.

    Raises
    ------
    DataError
        A part has a name with ``..``, an absolute name or one that occurs twice; there are too many parts or bytes.
    """
    parts = package.infolist()
    names = [p.orig_filename for p in parts]
    climbing = [n for n in names if ".." in n.replace("\\", "/").split("/") or re.match(r"[/\\]|[A-Za-z]:", n)]
    doubled = sorted({n for n in names if names.count(n) > 1}) if len(names) <= MAX_PARTS else []
    total = sum(p.file_size for p in parts)
    bombs = [p.filename for p in parts if p.file_size > RATIO_FROM and p.file_size > MAX_RATIO * p.compress_size]
    problems = [f"parts of it are named out of it ({listed(map(repr, climbing))})"] if climbing else []
    problems += [f"parts of it have one name ({listed(map(repr, doubled))})"] if doubled else []
    problems += [f"it has {len(parts):,} parts"] if len(parts) > MAX_PARTS else []
    problems += [f"it unpacks to {total:,} bytes"] if total > MAX_UNPACKED else []
    problems += [f"parts of it unpack more than {MAX_RATIO}-fold ({listed(map(repr, bombs))})"] if bombs else []
    if problems:
        raise DataError(
            str(path),
            "; ".join(problems),
            f"a workbook of at most {MAX_UNPACKED // 2**20} MiB unpacked, as a spreadsheet program writes it",
            "open it in a spreadsheet program, keep the data, and save it again",
        )
    for part in parts:
        with package.open(part) as stream:  # reads no further than the stated size, and checks the sum
            while stream.read(CHUNK):
                continue


def part_text(package: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """Return a part as it stands; refuse one that declares entities.

    Raises
    ------
    DataError
        It declares a document type or entities, which no spreadsheet program writes.
    """
    raw = package.read(name)
    if DECLARED.search(raw):
        raise DataError(
            str(path), f"its part {name!r} declares entities", "a workbook without them", "save it again in Excel"
        )
    return raw


def sheets_of(package: zipfile.ZipFile, path: Path) -> tuple[dict[str, tuple[str, bool]], bool]:
    """Return each sheet's part and whether it is shown, in their order; and whether days count from 1904."""
    book = ElementTree.fromstring(part_text(package, "xl/workbook.xml", path))
    links = ElementTree.fromstring(part_text(package, "xl/_rels/workbook.xml.rels", path))
    targets = {link.get("Id", ""): link.get("Target", "") for link in links}
    found = {}
    for sheet in book.iterfind(".//{*}sheet"):
        target = targets.get(sheet.get(OFFICE) or sheet.get(STRICT) or "", "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        found[sheet.get("name", "")] = (posixpath.normpath(part), sheet.get("state", "visible") == "visible")
    properties = book.find("{*}workbookPr")
    from_1904 = properties is not None and properties.get("date1904", "0").lower() in {"1", "true"}
    return found, from_1904
