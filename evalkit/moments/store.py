"""Moments as a file: one parquet table of cells (and blocks), with the design and the grid in its metadata."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from evalkit.design import Design
from evalkit.errors import DataError
from evalkit.intake.sound import soundly
from evalkit.moments.cells import CELL_FIELDS, Blocks, Cells
from evalkit.moments.value import SCHEMA_VERSION, Moments, Part, Sender

KEY = "evalkit.moments"
AT = "n_by_period"
"""Column of moments whose patterns were folded for sharing."""
WIDE = ("sum_w", "sum_w2", "sum_y", "sum_wy", "sum_yy")


def write_moments(moments: Moments, path: Path) -> Path:
    """Write through a temporary file in the same folder, so that no half-written file is ever seen."""
    tables = [_cell_table(name, cells, moments) for name, cells in moments.cells.items()]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    pl.concat(tables).write_parquet(
        temporary, compression="zstd", metadata={KEY: json.dumps(_header(moments), sort_keys=True)}
    )
    temporary.replace(path)
    return path


def read_moments(path: Path) -> Moments:
    """Read a moments file; refuse one that is none, or of a newer schema."""
    if not path.is_file():
        raise DataError(str(path), "there is no such file", "a moments file", "check the path")
    with soundly(path, "moments", "ask for it again", also=(TypeError, AttributeError)):
        header = _read_header(path)
        moments = _moments(header, pl.read_parquet(path))
        stated = header.get("sha256", content_hash(moments))
    if stated != content_hash(moments):
        raise DataError(
            str(path),
            "its numbers are not those that were shared",
            "the file as the office made it",
            "ask the office for it again, and compare the SHA-256 in its summary",
        )
    return moments


def _moments(header: dict[str, Any], table: pl.DataFrame) -> Moments:
    n_periods = len(header["periods"])
    cells = {name: _cells(table.filter(pl.col("outcome") == name), n_periods) for name in header["outcomes"]}
    return Moments(
        design=Design(**header["design"]),
        clusters=tuple(header["clusters"]),
        strata=None if header["strata"] is None else tuple(header["strata"]),
        periods=tuple(header["periods"]),
        cohorts=tuple(header["cohorts"]),
        assigned_to=header["assigned_to"],
        cells=cells,
        parts=tuple(_part(p) for p in header["parts"]),
    )


def content_hash(moments: Moments) -> str:
    """Return the SHA-256 of all that a moments file says, whatever the file's own form."""
    digest = hashlib.sha256(json.dumps(_about(moments), sort_keys=True, ensure_ascii=False).encode())
    for name, cells in moments.cells.items():
        blocks = cells.blocks
        arrays = [getattr(cells, field) for field in CELL_FIELDS]
        arrays += [] if blocks is None else [blocks.cluster, blocks.cohort, blocks.a, blocks.b]
        arrays += [] if cells.n_by_period is None else [cells.n_by_period]
        digest.update(name.encode())
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def is_moments_file(path: Path) -> bool:
    """Whether a parquet file holds moments; a damaged file does not."""
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        return KEY in pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, OSError):
        return False


def _header(m: Moments) -> dict[str, Any]:
    shared = any(p.sender is not None for p in m.parts)
    return {**_about(m), **({"sha256": content_hash(m)} if shared else {})}


def _about(m: Moments) -> dict[str, Any]:
    folded = any(c.n_by_period is not None for c in m.cells.values())
    shared = any(p.sender is not None for p in m.parts)
    return {
        "schema_version": SCHEMA_VERSION if shared else 2 if folded else 1,
        "design": asdict(m.design),
        "clusters": m.clusters,
        "strata": m.strata,
        "periods": m.periods,
        "cohorts": m.cohorts,
        "assigned_to": m.assigned_to,
        "outcomes": m.outcomes,
        "parts": [_told(p) for p in m.parts],
    }


def _told(part: Part) -> dict[str, Any]:
    told = {"id": part.id, "n_rows": part.n_rows, "clusters": part.clusters}
    if part.sender is None:
        return told
    marks = np.array(part.sender.marks, dtype="<u8").tobytes()
    return told | {"sender": asdict(part.sender) | {"marks": base64.b64encode(marks).decode("ascii")}}


def _part(told: dict[str, Any]) -> Part:
    sender = told.get("sender")
    if sender is not None:
        marks = np.frombuffer(base64.b64decode(sender["marks"]), dtype="<u8").tolist()
        sender = Sender(**{**sender, "marks": tuple(marks)})
    return Part(told["id"], told["n_rows"], tuple(told["clusters"]), sender)


def _read_header(path: Path) -> dict[str, Any]:
    try:
        metadata = pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            str(path), f"it is not a parquet file ({error})", "a moments file", "make it with evalkit moments"
        ) from error
    if KEY not in metadata:
        raise DataError(
            str(path), "it is a parquet file without moments", "a moments file", "make it with evalkit moments"
        )
    header: dict[str, Any] = json.loads(metadata[KEY])
    if header["schema_version"] > SCHEMA_VERSION:
        raise DataError(
            str(path), f"moments schema {header['schema_version']}", f"at most {SCHEMA_VERSION}", "update evalkit"
        )
    return header


def _cell_table(name: str, cells: Cells, moments: Moments) -> pl.DataFrame:
    n = len(moments.periods)
    nothing = pl.lit(None, pl.Array(pl.Float64, (n, n)))
    columns: dict[str, Any] = {
        "cluster": cells.cluster,
        "cohort": cells.cohort,
        "pattern": cells.pattern,
        "n_units": cells.n_units,
        "n_zero": cells.n_zero,
    }
    wide = [pl.Series(k, getattr(cells, k), dtype=pl.Array(pl.Float64, n)) for k in WIDE]
    table = pl.DataFrame(columns).with_columns(*wide, nothing.alias("a"), pl.lit(name).alias("outcome"))
    if cells.n_by_period is not None:
        table = table.with_columns(pl.Series(AT, cells.n_by_period, dtype=pl.Array(pl.Int64, n)))
    if cells.blocks is None:
        return table
    return pl.concat([table, _block_table(cells.blocks, n, table)])


def _block_table(blocks: Blocks, n: int, like: pl.DataFrame) -> pl.DataFrame:
    """Blocks are rows without a pattern; b stands in sum_wy."""
    rows = pl.DataFrame({"cluster": blocks.cluster, "cohort": blocks.cohort}).with_columns(
        pl.Series("sum_wy", blocks.b, dtype=pl.Array(pl.Float64, n)),
        pl.Series("a", blocks.a, dtype=pl.Array(pl.Float64, (n, n))),
        pl.lit(like["outcome"][0]).alias("outcome"),
    )
    missing = [pl.lit(None, dtype).alias(c) for c, dtype in like.schema.items() if c not in rows.columns]
    return rows.with_columns(missing).select(like.columns)


def _cells(table: pl.DataFrame, n: int) -> Cells:
    blocks, cells = table.filter(pl.col("a").is_not_null()), table.filter(pl.col("a").is_null())
    cluster, cohort, pattern, n_units = (cells[k].to_numpy() for k in ("cluster", "cohort", "pattern", "n_units"))
    n_zero = cells["n_zero"].to_numpy() if "n_zero" in cells.columns else np.full(len(n_units), np.nan)
    w, w2, y, wy, yy = (_matrix(cells[k], n) for k in WIDE)
    at = cells[AT].to_numpy().reshape(-1, n) if AT in cells.columns else None
    found = _blocks(blocks, n) if blocks.height else None
    return Cells(cluster, cohort, pattern, n_units, n_zero, w, w2, y, wy, yy, found, at)


def _blocks(table: pl.DataFrame, n: int) -> Blocks:
    a = np.ascontiguousarray(table["a"].to_numpy(), dtype=np.float64).reshape(-1, n, n)
    return Blocks(table["cluster"].to_numpy(), table["cohort"].to_numpy(), a, _matrix(table["sum_wy"], n))


def _matrix(column: pl.Series, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.ascontiguousarray(column.to_numpy(), dtype=np.float64).reshape(-1, n)
