"""The journal of a findings folder: what is done with which inputs, and the files that prove it.

SQLite with a write-ahead log: each worker enters its own run when its files are on disk, in one transaction that is
flushed. What stands here is done, whatever happens to any process afterwards; what doesn't is done again.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import socket
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.cache import code_hash
from evalkit.errors import UsageError

FOLDER = Path("internal", ".batch")
"""Below the findings folder; what is internal is never published."""
NAME, LOCK, LOGS = "journal.sqlite", "lock.sqlite", "logs"
EVALUATED = "evaluated"
"""What pages of a batch have evaluated for one another; gone when it ends."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (page TEXT PRIMARY KEY, id TEXT NOT NULL, state TEXT NOT NULL, row TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trail (at TEXT NOT NULL, who TEXT NOT NULL, versions TEXT NOT NULL, row TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS session (one INTEGER PRIMARY KEY CHECK (one = 1), who TEXT NOT NULL, since TEXT NOT NULL);
"""
WAIT = 60.0
"""Seconds that a worker waits for another one's entry to be flushed."""
Row = dict[str, Any]


def enter(out: Path, rows: Iterable[Row]) -> None:
    """Enter ended runs, all or none; a page has one row, the last, and the trail keeps every one of them."""
    values = [(r["page"], r["id"], r["state"], json.dumps(r, ensure_ascii=False, sort_keys=True)) for r in rows]
    entered = [(*_by_whom(), text) for *_, text in values]
    with _open(out) as journal:
        journal.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", values)
        journal.executemany("INSERT INTO trail VALUES (?, ?, ?, ?)", entered)


def _by_whom() -> tuple[str, str, str]:
    """Return the time (UTC), who runs this where, and by which evalkit and Python."""
    versions = f"evalkit {__version__}, code {code_hash()}, Python {platform.python_version()}"
    return datetime.now(UTC).isoformat(timespec="seconds"), f"{_user()}@{socket.gethostname()}", versions


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        return str(os.getuid())


def remove(out: Path, pages: Iterable[str]) -> None:
    """Forget pages that are no longer planned."""
    with _open(out) as journal:
        journal.executemany("DELETE FROM runs WHERE page = ?", [(p,) for p in pages])


def trail(out: Path) -> list[Row]:
    """Return every run that was ever entered in a findings folder, oldest first: when, who, versions, and its row."""
    if not (out / FOLDER / NAME).is_file():
        return []
    with _open(out) as journal:
        entries = journal.execute("SELECT at, who, versions, row FROM trail ORDER BY rowid").fetchall()
    return [{"at": at, "who": who, "versions": versions, **json.loads(row)} for at, who, versions, row in entries]


def read(out: Path) -> dict[str, Row]:
    """Return the rows by page; none where there is no journal."""
    if not (out / FOLDER / NAME).is_file():
        return {}
    with _open(out) as journal:
        return {page: json.loads(row) for page, row in journal.execute("SELECT page, row FROM runs ORDER BY page")}


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Hold a findings folder for one run; the system lets go of it when the process ends, however it ends.

    Raises
    ------
    UsageError
        Another run holds it; the message says which, since when.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / LOCK, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise UsageError(
                str(out),
                f"another run writes to this folder: {_holder(out)}",
                "one run a folder",
                "wait for its end, or give another folder with --out",
            ) from error
        with _open(out) as journal:
            who = f"process {os.getpid()} on {socket.gethostname()}"
            now = datetime.now(UTC).isoformat(timespec="seconds")
            journal.execute("INSERT OR REPLACE INTO session VALUES (1, ?, ?)", (who, now))
        yield


def _holder(out: Path) -> str:
    with _open(out) as journal:
        row = journal.execute("SELECT who, since FROM session").fetchone()
    return f"{row[0]}, since {row[1]}" if row else "it has just started"


@contextmanager
def _open(out: Path) -> Iterator[sqlite3.Connection]:
    """Open the journal for one transaction."""
    with closing(sqlite3.connect(out / FOLDER / NAME, timeout=WAIT)) as journal:
        journal.execute("PRAGMA journal_mode=WAL")
        journal.execute("PRAGMA synchronous=FULL")
        journal.executescript(SCHEMA)
        with journal:
            yield journal
