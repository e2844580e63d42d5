"""Rows larger than memory: parts by village add to what one pass gives, however the files are cut."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments
from evalkit.errors import DataError
from evalkit.moments import partition
from evalkit.moments.partition import moments_of_files
from tests.small_panels import village_panel

ADOPTION = [2, 3, 0, 0, 2, 3, 0, 0, 3, 0]
FRAME = village_panel(8, ADOPTION, households=20, rounds=4, missing=0.15)
SMALL = 100
ROWS, ALLOWED = 2_000_000, 150_000_000
"""Rows under a limit, and bytes of address space beyond what imports take: parts need 100 MB, one pass 300 MB."""
UNDER_LIMIT = """
import resource, sys
from pathlib import Path
import polars as pl, evalkit
from evalkit.moments.partition import moments_of_files
design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
warm = pl.DataFrame({"household": [1, 2], "village": [1, 2], "round": [1, 1], "first": [1, 0], "y": [1.0, 2.0]})
warm.write_parquet(sys.argv[1] + ".warm")
moments_of_files([Path(sys.argv[1] + ".warm")], design=design, outcomes=["y"])
held = int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (held + int(sys.argv[3]),) * 2)
rows_at_once = int(sys.argv[2])
if rows_at_once:
    moments = moments_of_files([Path(sys.argv[1])], design=design, outcomes=["y"], rows_at_once=rows_at_once)
else:
    moments = evalkit.Moments.from_frame(pl.read_parquet(sys.argv[1]), design=design, outcomes=["y"])
print(moments.parts[0].n_rows, len(moments.clusters), repr(float(evalkit.did(moments).values[0])))
"""


def design(weights: str | None = None) -> Design:
    return Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)


def files_of(folder: Path, by: str) -> list[Path]:
    """Write the panel cut by a column, or at any place."""
    key = pl.int_range(pl.len()) % 7 if by == "anywhere" else pl.col(by)
    pieces = FRAME.with_columns(key.alias("_cut")).partition_by("_cut", include_key=False)
    for number, piece in enumerate(pieces):
        piece.write_parquet(folder / f"{number:02d}.parquet")
    return sorted(folder.glob("*.parquet"))


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("by", ["round", "village", "anywhere"])
def test_parts_add_to_one_pass(tmp_path: Path, by: str, weights: str | None):
    whole = Moments.from_frame(FRAME, design=design(weights), outcomes=["y"])
    parts = moments_of_files(files_of(tmp_path, by), design=design(weights), outcomes=["y"], rows_at_once=SMALL)
    a, b = whole.cells["y"], parts.cells["y"]
    assert (parts.clusters, parts.periods, parts.cohorts) == (whole.clusters, whole.periods, whole.cohorts)
    assert (len(parts.parts), parts.parts[0].n_rows) == (1, FRAME.height)
    for name in ("cluster", "cohort", "pattern", "n_units"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    np.testing.assert_allclose(b.sum_wy, a.sum_wy, rtol=1e-12)
    assert evalkit.did(parts).values == pytest.approx(evalkit.did(whole).values, rel=1e-10)


def test_bytes_are_the_same_however_files_are_cut(tmp_path: Path):
    found = set()
    for by in ("round", "village", "anywhere"):
        folder = tmp_path / by
        folder.mkdir()
        moments = moments_of_files(files_of(folder, by)[::-1], design=design(), outcomes=["y"], rows_at_once=SMALL)
        found.add(moments.write(tmp_path / f"{by}.parquet").read_bytes())
    assert len(found) == 1


def test_few_rows_give_the_bytes_of_one_pass(tmp_path: Path):
    files = files_of(tmp_path, "round")
    moments = moments_of_files(files, design=design(), outcomes=["y"]).write(tmp_path / "parts")
    whole = Moments.from_frame(FRAME, design=design(), outcomes=["y"]).write(tmp_path / "whole")
    assert moments.read_bytes() == whole.read_bytes()


def test_a_treatment_by_round_is_read_across_files(tmp_path: Path):
    treated = FRAME.with_columns(d=((pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))).cast(pl.Int8))
    for r in range(1, 5):
        treated.filter(pl.col("round") == r).write_parquet(tmp_path / f"{r}.parquet")
    by_round = Design(unit="household", cluster="village", time="round", treatment="d")
    whole = Moments.from_frame(treated, design=by_round, outcomes=["y"])
    parts = moments_of_files(sorted(tmp_path.glob("*.parquet")), design=by_round, outcomes=["y"], rows_at_once=SMALL)
    np.testing.assert_array_equal(parts.cells["y"].cohort, whole.cells["y"].cohort)


@pytest.mark.parametrize("first", ["v0", "v1", "v2", "v3"])
def test_a_household_that_moves_between_parts_is_refused_and_named(tmp_path: Path, first: str):
    moved = FRAME.with_columns(
        village=pl.when((pl.col("household") == "h5_3") & (pl.col("round") > 2))
        .then(pl.lit(first))
        .otherwise("village")
    )
    moved.write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=r"it changes within 1 units \(units h5_3\)"):
        moments_of_files([tmp_path / "rows.parquet"], design=design(), outcomes=["y"], rows_at_once=SMALL)


def test_files_with_other_columns_are_refused(tmp_path: Path):
    FRAME.write_parquet(tmp_path / "a.parquet")
    FRAME.with_columns(pl.col("y").cast(pl.Float32)).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b.parquet: column 'y' holds Float32, in a.parquet it holds Float64"):
        moments_of_files([tmp_path / "a.parquet", tmp_path / "b.parquet"], design=design(), outcomes=["y"])
    FRAME.drop("y").write_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match="there is no column 'y'"):
        moments_of_files([tmp_path / "a.parquet", tmp_path / "c.parquet"], design=design(), outcomes=["y"])


def test_no_more_than_the_rows_of_a_part_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    heights: list[int] = []
    summed = partition.summed

    def watched(pieces: list[pl.DataFrame], of: partition.Partition) -> Moments | None:
        heights.append(sum(p.height for p in pieces))
        return summed(pieces, of)

    monkeypatch.setattr(partition, "summed", watched)
    moments_of_files(files_of(tmp_path, "round"), design=design(), outcomes=["y"], rows_at_once=SMALL)
    assert len(heights) == -(-FRAME.height // SMALL)
    assert sum(heights) == FRAME.height
    assert max(heights) < FRAME.height / 2


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of the address space as on Linux")
def test_under_a_memory_limit_that_one_pass_breaks(tmp_path: Path, root: Path):
    n = np.arange(ROWS)
    household = n // 4
    village = household // 500
    first = np.where(village % 3 == 0, 3, 0)
    y = np.sin(household) + (n % 4) * 0.1 + 2.0 * ((first > 0) & (n % 4 + 1 >= 3))
    rows = tmp_path / "rows.parquet"
    pl.DataFrame(
        {"household": household, "village": village, "round": n % 4 + 1, "first": first, "y": y}
    ).write_parquet(rows, row_group_size=100_000)

    def under(limit: int, rows_at_once: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", UNDER_LIMIT, str(rows), str(rows_at_once), str(limit)]
        env = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root), "MALLOC_ARENA_MAX": "1"}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    bounded = under(ALLOWED, 100_000)
    assert bounded.returncode == 0, bounded.stderr
    n_rows, n_villages, effect = bounded.stdout.split()
    assert (int(n_rows), int(n_villages)) == (ROWS, 1000)
    assert float(effect) == pytest.approx(2.0, abs=1e-6)
    at_once = under(ALLOWED, 0)
    assert at_once.returncode != 0
    assert "memory" in at_once.stderr.lower()


def test_two_parts_are_enough_to_part_a_household(tmp_path: Path):
    """Some rows stand in another village: whether that falls to the same of two parts or not, it is refused."""
    rows_at_once = -(-FRAME.height // 2)
    away = (pl.col("household") == "h5_3") & (pl.col("round") > 2)
    for other in ("v0", "v1", "v2", "v3", "v4", "v6"):
        moved = FRAME.with_columns(village=pl.when(away).then(pl.lit(other)).otherwise("village"))
        moved.write_parquet(tmp_path / "rows.parquet")
        with pytest.raises(DataError, match="it changes within 1 units"):
            moments_of_files([tmp_path / "rows.parquet"], design=design(), outcomes=["y"], rows_at_once=rows_at_once)
