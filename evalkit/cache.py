"""Derived panels and moments on disk, by hash of inputs, plan and code: notebooks don't repeat intake.

A cache entry is a folder of parquet files and one meta.json. It is written under another name and renamed, so
that a reader sees all of it or nothing. Deleting the cache loses nothing but time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

ENVIRONMENT = "EVALKIT_CACHE"
META = "meta.json"
LONGEST_WRITE = 3600.0
"""Seconds after which what is still under a temporary name was left by a process that was killed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What was stored: tables by name, and facts that fit in JSON."""

    tables: Mapping[str, pl.DataFrame]
    meta: Mapping[str, Any]


def cache_folder(programme_folder: Path) -> Path:
    """Return where derived data go: $EVALKIT_CACHE, else .cache/ beside data_raw/, else the user's cache folder."""
    if os.environ.get(ENVIRONMENT):
        return Path(os.environ[ENVIRONMENT])
    if programme_folder.parent.name == "data_raw":
        return programme_folder.parent.parent / ".cache"
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "evalkit"


@cache
def code_hash() -> str:
    """Return the hash of evalkit's own source files: any change of code makes derived data anew."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def hash_of(*parts: Any) -> str:
    """Return a hash of values that fit in JSON, whatever the order of their keys."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def read_entry(root: Path, key: str) -> Entry | None:
    """Return an entry, or None where it was never stored."""
    folder = root / key
    if not (folder / META).is_file():
        return None
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    return Entry({name: pl.read_parquet(folder / f"{name}.parquet") for name in meta["tables"]}, meta["facts"])


def write_entry(root: Path, key: str, entry: Entry) -> None:
    """Store an entry; where another process stored the same one first, its copy stays."""
    root.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=root))
    for name, table in entry.tables.items():
        table.write_parquet(temporary / f"{name}.parquet")
    text = json.dumps({"tables": list(entry.tables), "facts": dict(entry.meta)}, ensure_ascii=False)
    (temporary / META).write_text(text, encoding="utf-8")
    for file in temporary.iterdir():
        _flush(file)
    if (root / key).exists():
        shutil.rmtree(temporary)
        return
    try:
        temporary.rename(root / key)
    except OSError:
        if not (root / key / META).is_file():
            raise
        shutil.rmtree(temporary)


def sweep_cache(root: Path) -> None:
    """Remove what killed processes left under temporary names, which begin with a dot."""
    for path in root.glob(".*") if root.is_dir() else ():
        if time.time() - path.stat().st_mtime > LONGEST_WRITE:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _flush(file: Path) -> None:
    """Flush a file to disk, so that a power cut after the renaming finds it whole."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
