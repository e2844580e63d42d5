"""Files that are either whole or not there: written beside, flushed to disk, then renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

TEMPORARY = ".*.tmp"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, sees the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY[-4:], dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        _flush_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_if_changed(path: Path, content: bytes) -> None:
    """Write a file unless it holds these bytes already."""
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written; only for who holds the folder alone."""
    for file in folder.rglob(TEMPORARY):
        file.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Flush a folder's names to disk, so that the rename, too, outlasts a power cut; not possible on Windows."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
