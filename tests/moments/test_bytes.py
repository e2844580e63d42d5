"""The same bytes whatever the order of rows, the threads, the chunks and the row groups."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import evalkit
from tests.small_panels import village_panel

FRAME = village_panel(51, [3, 4, 4, 0, 0, 0, 0, 0], households=40, rounds=5)
SCRIPT = """
import sys, polars as pl, evalkit
design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights={weights!r})
moments = evalkit.Moments.from_frame(pl.scan_parquet(sys.argv[1]), design=design, outcomes=["y"])
moments.write(sys.argv[2])
print(evalkit.infer(evalkit.did(moments), "wild").tidy().write_json())
"""


def _digest(
    folder: Path, name: str, frame: pl.DataFrame, weights: str | None, threads: int, group: int
) -> tuple[str, str]:
    rows, out = folder / f"{name}.parquet", folder / f"{name}_moments.parquet"
    frame.write_parquet(rows, row_group_size=group)
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
    command = [sys.executable, "-c", SCRIPT.format(weights=weights), str(rows), str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return hashlib.sha256(out.read_bytes()).hexdigest(), done.stdout


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_bytes_do_not_depend_on_how_rows_arrive(tmp_path: Path, weights: str | None) -> None:
    first = _digest(tmp_path, "a", FRAME, weights, threads=1, group=10_000)
    shuffled = FRAME.sample(fraction=1.0, shuffle=True, seed=9)
    assert _digest(tmp_path, "b", shuffled, weights, threads=2, group=37) == first


def test_chunks_and_labels_of_villages_do_not_matter() -> None:
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
    chunked = pl.concat([FRAME[:100], FRAME[100:101], FRAME[101:]], rechunk=False)
    renamed = FRAME.with_columns(("z" + pl.col("village").str.reverse()).alias("village"))
    tables = [
        evalkit.infer(evalkit.did(evalkit.Moments.from_frame(f, design=design, outcomes=["y"]))).tidy()
        for f in (FRAME, chunked, renamed)
    ]
    assert tables[0].equals(tables[1])
    for column in ("estimate", "std_error", "df"):
        assert tables[2][column][0] == pytest.approx(tables[0][column][0], rel=1e-12)
