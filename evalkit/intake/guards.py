"""Guards of the raw folder: what is read lies in it, symbolic links resolved, and does not change while it is read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from evalkit.errors import DataError, PlanError
from evalkit.programme import Programme

ATTEMPTS = 3
MOMENT = 2.0
"""Seconds; clocks of file systems tick at least that often."""
Read = TypeVar("Read")


def inside(path: Path, folder: Path) -> Path:
    """Return a path that lies in a folder; refuse one that leads out of it by ``..`` or a symbolic link.

    Raises
    ------
    DataError
        It leads out.
    """
    if _leads_into(path, folder):
        return path
    how = "it is a symbolic link that leads" if path.is_symlink() else "it leads"
    raise DataError(
        f"{folder.name}/{path.name}",
        f"{how} out of the programme's folder",
        "raw files in the programme's own folder",
        "copy the file there",
    )


def _leads_into(path: Path, folder: Path) -> bool:
    """Whether a path, symbolic links resolved, is a folder or lies in it; as text, as this is asked often."""
    place, root = (os.path.normcase(os.path.realpath(p)) for p in (path, folder))
    return place == root or place.startswith(root.rstrip(os.sep) + os.sep)


def require_inside(programme: Programme) -> None:
    """Refuse names in programme.toml that climb out of its folder; all are told at once.

    Raises
    ------
    PlanError
        A name is absolute or has a part ``..``.
    DataError
        A named file is a symbolic link that leads out.
    """
    about, truth = programme.about, programme.truth
    names = [s.file for s in programme.sources if s.file] + [s.codebook for s in programme.sources if s.codebook]
    names += [about.deflator.file] if about.deflator else []
    names += [truth.file] if truth else []
    climbing = sorted({n for n in names if Path(n).is_absolute() or ".." in Path(n.replace("\\", "/")).parts})
    if climbing:
        raise PlanError(
            f"{programme.id}, programme.toml",
            f"{len(climbing)} file names lead out of the programme's folder ({', '.join(map(repr, climbing))})",
            "names of files in the folder",
            "copy the files there and name them without '..'",
        )
    for name in names:
        inside(programme.folder / name, programme.folder)


def settled(path: Path, read: Callable[[], Read], folder: Path) -> tuple[Read, str]:
    """Return what reading gives, and the SHA-256 of exactly those bytes; a file that changed meanwhile is read again.

    A link that is put in its place meanwhile is a change, too; one that leads out of the folder is refused.

    Raises
    ------
    DataError
        It changed in each of three attempts, or leads out of the folder now.
    """
    before = _seen(path, folder)
    for _ in range(ATTEMPTS):
        found = read()
        after = _seen(path, folder)
        if after == before:
            return found, after[1]
        before = after
    raise DataError(
        str(path),
        f"it changed while it was read, {ATTEMPTS} times",
        "a file that nobody writes to",
        "wait until it is copied or saved, then run again",
    )


def _seen(path: Path, folder: Path) -> tuple[Path, str]:
    """Return where a path leads, which must be in the folder, and the SHA-256 of what stands there."""
    place = inside(path, folder).resolve()
    return place, sha256(place)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; one that this process has read, and that has not been touched since, is not reread.

    Any change of a file or its name sets its time of change, which nobody can set back. Files that were touched a
    moment ago are read again: a second change could fall on the same tick of the clock.
    """
    seen = path.stat()
    if time.time() - seen.st_ctime < MOMENT:
        return sha256(path)
    return _sha256_of(os.path.realpath(path), seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


@lru_cache(maxsize=1024)
def _sha256_of(path: str, *_: int) -> str:
    return sha256(Path(path))
