"""The record of a draw: what it was made from, so that anybody can draw again; two files that are never overwritten."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.draw.lots import COMPARISON, LEFT, PILOT, Drawn, Lot, draw_villages
from evalkit.errors import DataError, UsageError, listed

SCHEMA_VERSION = 1
ASSIGNMENT, RECORD = "assignment.csv", "draw.json"


def assignment_bytes(drawn: Drawn) -> bytes:
    """Return the assignment as CSV in UTF-8, one village a line, sorted; the same draw always gives the same bytes."""
    return drawn.rows.with_columns(pl.col("chance").round(6)).write_csv().encode("utf-8")


def record_of(drawn: Drawn, file: str, file_bytes: bytes, evalkit_version: str) -> dict[str, Any]:
    """Return what the draw was made from, and hashes of the list of villages and of the assignment.

    It holds no day and no machine: drawn again, it is the same to the byte under the same versions.
    """
    lot = drawn.lot
    versions = {"evalkit": evalkit_version} | ({n: version(n) for n in ("numpy", "scipy")} if lot.pairs else {})
    return {
        "schema_version": SCHEMA_VERSION,
        "method": lot.method,
        "ticket": "sha256 of seed:village; the lowest become pilots",
        "seed": lot.seed,
        "village": lot.village,
        "pilot": lot.pilot,
        "strata": list(lot.strata),
        "pairs": list(lot.pairs),
        "villages": {arm: drawn.count(arm) for arm in (PILOT, COMPARISON, LEFT)},
        "file": file,
        "file_sha256": hashlib.sha256(file_bytes).hexdigest(),
        "rows_sha256": drawn.rows_sha256,
        "assignment_sha256": hashlib.sha256(assignment_bytes(drawn)).hexdigest(),
        "versions": versions,
    }


def record_bytes(record: dict[str, Any]) -> bytes:
    """Return a record as it is stored."""
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def keep(drawn: Drawn, record: dict[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write assignment and record into a folder, and return their paths.

    Raises
    ------
    UsageError
        One of the files is there already: villages are drawn once.
    """
    paths = folder / ASSIGNMENT, folder / RECORD
    there = [p.name for p in paths if p.exists()]
    if there:
        raise UsageError(
            str(folder),
            f"{listed(there)} {'is' if len(there) == 1 else 'are'} there: villages were drawn already",
            "a folder without a draw",
            "keep that draw (evalkit draw FILE --verify FOLDER checks it); for other villages name another folder",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in zip(paths, (assignment_bytes(drawn), record_bytes(record)), strict=True):
        with path.open("xb") as out:
            out.write(content)
    return paths


def read_record(folder: Path) -> dict[str, Any]:
    """Read the record of a draw.

    Raises
    ------
    DataError
        There is none, or it is no record of a draw that this evalkit knows.
    """
    file = folder / RECORD
    if not file.is_file():
        raise DataError(str(file), "there is no such file", "the folder of a draw", "give the folder of --out")
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        known = record["schema_version"] == SCHEMA_VERSION and _lot(record) is not None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            str(file), f"it cannot be read ({error})", "the record as it was written", "restore it"
        ) from error
    if not known:
        raise DataError(str(file), f"form {record['schema_version']}", f"form {SCHEMA_VERSION}", "update evalkit")
    return dict(record)


def problems(record: dict[str, Any], stored: bytes, frame: pl.DataFrame) -> list[str]:
    """Draw again from a list of villages and say, one sentence each, what is not as it was; empty where all is.

    `stored` is the assignment file as it lies there. Another file with the same villages, strata and pairs will do.
    """
    lot = _lot(record)
    again = draw_villages(
        frame, village=lot.village, seed=lot.seed, pilot=lot.pilot, strata=lot.strata, pairs=lot.pairs
    )
    found = []
    if again.rows_sha256 != record["rows_sha256"]:
        found.append("the list of villages, or a column of strata or pairs, is not the one that was drawn from")
    if hashlib.sha256(stored).hexdigest() != record["assignment_sha256"]:
        found.append(f"{ASSIGNMENT} was changed after the draw")
    if assignment_bytes(again) != stored:
        found.append(f"drawn again, {_differing(again, stored)}")
    return found


def _differing(again: Drawn, stored: bytes) -> str:
    """Say which villages another draw puts elsewhere."""
    try:
        then = pl.read_csv(stored, infer_schema=False).select("village", pl.col("arm").alias("then"))
    except pl.exceptions.PolarsError as error:
        return f"{ASSIGNMENT} cannot be compared ({error})"
    both = again.rows.select("village", "arm").join(then, on="village", how="full", coalesce=True)
    moved = both.filter(pl.col("arm").ne_missing(pl.col("then")))["village"].sort()
    return f"{len(moved)} villages stand elsewhere ({listed(moved)})" if len(moved) else "other columns differ"


def _lot(record: dict[str, Any]) -> Lot:
    return Lot(
        str(record["village"]),
        str(record["seed"]),
        record["pilot"],
        tuple(record["strata"]),
        tuple(record["pairs"]),
    )
