"""SHA256SUMS beside the raw files: what they were when they came, so that a changed one is found and named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from evalkit.errors import DataError, listed
from evalkit.intake.guards import sha256
from evalkit.intake.records import FileRecord
from evalkit.intake.sound import soundly

NAME = "SHA256SUMS"
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
"""As `sha256sum` writes and checks it."""


def written_sums(folder: Path, names: Iterable[str]) -> str:
    """Return the text of the file for some raw files of a folder."""
    return "".join(f"{sha256(folder / name)}  {name}\n" for name in sorted(names))


def require_unchanged(folder: Path, files: Iterable[FileRecord]) -> None:
    """Refuse raw files that are no longer what the folder's SHA256SUMS says; files that it does not name are new.

    Raises
    ------
    DataError
        A file has changed, or a line of SHA256SUMS is none.
    """
    path = folder / NAME
    if not path.is_file():
        return
    with soundly(path, "sums", "write it anew"):
        lines = path.read_text(encoding="utf-8").splitlines()
    matches = [LINE.fullmatch(text) for text in lines]
    bad = [str(n) for n, match in enumerate(matches, 1) if match is None]
    if bad:
        raise DataError(
            str(path), f"lines {listed(bad)} are no sums", "lines as sha256sum writes them", "write it anew"
        )
    stated = {match[2]: match[1] for match in matches if match}
    changed = [f.path for f in files if stated.get(f.path, f.sha256) != f.sha256]
    if changed:
        raise DataError(
            str(folder),
            f"{len(changed)} raw files have changed since {NAME} was written ({listed(changed)})",
            "raw files as they came",
            f"put the old ones back; or, where the change is meant, write {NAME} anew: sha256sum FILES > {NAME}",
        )
