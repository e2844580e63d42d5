"""Moments of partitioned parquet files: time and memory as rows grow, and what an estimate costs after it.

    python benchmarks/larger_than_memory.py     2, 4, 8 and 16 million rows; about two minutes on a quiet machine

Files are cut by year, as surveys come; villages stay 2,000, households grow. Each size is summed by a new process;
its peak memory is the system's (VmHWM; Linux), less what imports take. Result: results/larger_than_memory.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

RESULT = Path(__file__).parent / "results" / "larger_than_memory.md"
ROOT = Path(__file__).parent.parent
SIZES = (2_000_000, 4_000_000, 8_000_000, 16_000_000)
VILLAGES, YEARS, GROUP = 2_000, 4, 100_000
ALONE = "--alone"


def write_years(folder: Path, rows: int) -> None:
    """Write a file a year: simulated households of villages of which a third starts in the third year."""
    household = np.arange(rows // YEARS)
    village = household % VILLAGES
    first = np.where(village % 3 == 0, 3, 0)
    for year in range(1, YEARS + 1):
        seen = (household * 2_654_435_761 + year * 97) % 10 > 0  # a tenth is missing in each year
        y = np.sin(household) + 0.1 * year + 2.0 * ((first > 0) & (year >= 3))
        keys = {"household": household, "village": village, "first": first, "y": y}
        frame = pl.DataFrame({name: values[seen] for name, values in keys.items()}).with_columns(year=pl.lit(year))
        frame.write_parquet(folder / f"{year}.parquet", row_group_size=GROUP)


def alone(how: str, folder: Path) -> dict[str, float]:
    """Sum the files of a folder in this new process, and estimate."""
    import evalkit
    from evalkit.moments.partition import moments_of_files

    design = evalkit.Design(unit="household", cluster="village", time="year", first_treated="first")
    files = sorted(folder.glob("*.parquet"))
    before, start, used = peak(), time.perf_counter(), time.process_time()
    if how == "parts":
        moments = moments_of_files(files, design=design, outcomes=["y"])
    else:
        moments = evalkit.Moments.from_frame(pl.scan_parquet(files), design=design, outcomes=["y"])
    seconds, cpu, memory = time.perf_counter() - start, time.process_time() - used, peak() - before
    used = time.process_time()
    effect = float(evalkit.infer(evalkit.did(moments), "crv1").estimate.values[0])
    after = time.process_time() - used
    rows = moments.parts[0].n_rows
    return {"rows": rows, "s": seconds, "cpu": cpu, "mb": memory, "after": after, "effect": effect}


def peak() -> float:
    """Return the most megabytes that this process has held (ru_maxrss would begin with those of its parent)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measured(how: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, ALONE, how, str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    found: dict[str, float] = json.loads(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout)
    print(how, found, file=sys.stderr)
    return found


def table(parts: Sequence[dict[str, float]], whole: Sequence[dict[str, float]]) -> str:
    lines = [
        f"| {p['rows'] / 1e6:.1f} | {p['cpu']:.1f} | {p['cpu'] / p['rows'] * 1e6:.2f} | {p['mb']:.0f} "
        f"| {p['after']:.3f} | {w['cpu']:.1f} | {w['mb']:.0f} | {p['effect'] - w['effect']:.0e} |"
        for p, w in zip(parts, whole, strict=True)
    ]
    load = f"{os.getloadavg()[0]:.0f}"
    return f"""# More rows than memory

`python benchmarks/larger_than_memory.py`, one thread; {VILLAGES:,} villages, {YEARS} years, a file a year, a tenth of
the rows missing; simulated. Parts of a million rows (`evalkit moments FOLDER`) beside one pass over all rows.
Processor seconds, because the machine was shared (load {load}); megabytes at the peak, beyond what imports take.

| million rows | parts: CPU s | CPU s a million | MB | did, CRV1 after it: CPU s | one pass: CPU s | MB | differ by |
|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def main() -> None:
    if ALONE in sys.argv:
        how, folder = sys.argv[sys.argv.index(ALONE) + 1 :]
        print(json.dumps(alone(how, Path(folder))))
        return
    parts, whole = [], []
    for rows in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            write_years(Path(folder), rows)
            parts.append(measured("parts", Path(folder)))
            whole.append(measured("at once", Path(folder)))
    RESULT.write_text(table(parts, whole), encoding="utf-8")
    print(RESULT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
