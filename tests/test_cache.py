"""What killed processes left in the cache goes; what is being written, and what is stored, stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import polars as pl

from evalkit.cache import LONGEST_WRITE, Entry, read_entry, sweep_cache, write_entry


def test_only_old_leftovers_go(tmp_path: Path):
    write_entry(tmp_path, "key", Entry({"t": pl.DataFrame({"a": [1]})}, {}))
    names = {"folder": (".key.1", ".key.2"), "file": (".m.1.part", ".m.2.part")}
    for name in names["folder"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.parquet").write_bytes(b"half")
    for name in names["file"]:
        (tmp_path / name).write_bytes(b"half")
    old = time.time() - LONGEST_WRITE - 1
    for name in ("key", ".key.1", ".m.1.part"):
        os.utime(tmp_path / name, (old, old))
    sweep_cache(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"key", ".key.2", ".m.2.part"}
    assert read_entry(tmp_path, "key").tables["t"]["a"].to_list() == [1]
    sweep_cache(tmp_path / "absent")
