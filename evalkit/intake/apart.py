"""Old workbooks (.xls) read in a process of their own: a damaged one can ask for all memory and end it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.codebook import Entry
from evalkit.intake.sound import soundly
from evalkit.intake.workbook import workbook

MOST_SECONDS = 120
MOST_MEMORY = 4 * 2**30
"""Bytes of address space. The largest sheet of a .xls has 65,536 rows of 256 cells."""
REFUSED = 3
REMEDY = "open it in a spreadsheet program and save it as .xlsx"


def apart(path: Path, sheet: str | None, entries: Sequence[Entry]) -> tuple[pl.DataFrame, int]:
    """Return what `workbook` returns, read by another process.

    Raises
    ------
    DataError
        As `workbook`; or that process ended, or took longer than two minutes.
    """
    asked = json.dumps({"path": str(path), "sheet": sheet, "entries": [asdict(e) for e in entries]})
    command = [sys.executable, "-m", "evalkit.intake.apart"]
    try:
        done = subprocess.run(command, input=asked.encode(), capture_output=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _refused(path, f"reading it took longer than {MOST_SECONDS} seconds") from error
    if done.returncode == REFUSED:
        raise DataError(*json.loads(done.stdout))
    if done.returncode != 0:
        raise _refused(path, "its parts contradict each other: reading it ran out of memory or failed")
    first_row, _, rows = done.stdout.partition(b"\n")
    return pl.read_ipc(io.BytesIO(rows)), int(first_row)


def _refused(path: Path, found: str) -> DataError:
    return DataError(str(path), found, "a sound .xls", REMEDY)


def main() -> int:
    """Read what standard input asks for; rows, or the message of a refusal, go to standard output."""
    _limit_memory()
    asked = json.load(sys.stdin)
    entries = [
        Entry(**{**e, "missing_codes": tuple(e["missing_codes"]), "also": tuple(e["also"])}) for e in asked["entries"]
    ]
    path = Path(asked["path"])
    try:
        with soundly(path, "a workbook", REMEDY):
            frame, first_row = workbook(path, asked["sheet"], entries)
    except DataError as error:
        print(json.dumps([error.where, error.found, error.needed, error.todo]))
        return REFUSED
    sys.stdout.buffer.write(f"{first_row}\n".encode())
    frame.write_ipc(sys.stdout.buffer)
    return 0


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    sys.exit(main())
