"""Speed and memory of ledgers beside DuckDB and plain polars: orders to sums by household and year, by the same rules.

Copies of an order count once, one number with different content not at all, orders outside the years and of unknown
households are left out. Libraries take turns, each run in a process of its own; the largest memory of each is measured.
The sums of all are compared, to the fen.

    .venv/bin/python benchmarks/ledgers.py            # 1 million rows, parquet and CSV, a minute
    .venv/bin/python benchmarks/ledgers.py --large    # 100 million rows of parquet, 10 million of CSV; 6 GB of disk

--folder says where the rows are kept (else a folder in the system's scratch space); --duckdb names a Python that has
DuckDB, where this one has none. It writes benchmarks/results/ledgers.md. Where DuckDB is absent the page says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent / "orders"))
from rows import make

RESULT = Path(__file__).parent / "results" / "ledgers.md"
PROGRAMS = Path(__file__).parent / "orders"
MOST, MEMORY, COLUMNS = 1.3, 4, 8
CONSOLE = Console(stderr=True)


def measured(python: str, library: str, folder: Path) -> dict[str, object]:
    """Run one library once; return seconds, peak memory in GiB and its sums."""
    command = [python, str(PROGRAMS / f"with_{library}.py"), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        return {"failed": (done.stderr.strip().splitlines() or ["it was killed"])[-1]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def has_duckdb(python: str) -> str | None:
    """Return DuckDB's version, or None."""
    asked = subprocess.run(
        [python, "-c", "import duckdb; print(duckdb.__version__)"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else None


def compared(kind: str, rows: int, folder: Path, libraries: dict[str, str], runs: int) -> list[str]:
    """Return the rows of the table for one size: each library in turn, as often as asked."""
    found: dict[str, list[dict[str, object]]] = {name: [] for name in libraries}
    for turn in range(runs):
        for name, python in libraries.items():
            CONSOLE.print(f"{rows:,} rows of {kind}, turn {turn + 1} of {runs}: {name} …")
            found[name].append(measured(python, name, folder))
            CONSOLE.print(f"  {found[name][-1]}")
    sums = {json.dumps(r["sums"]) for runs_ in found.values() for r in runs_ if "sums" in r}
    if len(sums) > 1:
        raise SystemExit(f"the sums differ: {sums}")
    return [row(rows, kind, name, found) for name in libraries]


def row(rows: int, kind: str, name: str, found: dict[str, list[dict[str, object]]]) -> str:
    """Return a library's line: seconds and processor seconds, each also as a multiple of the fastest peer's."""
    failed = [r["failed"] for r in found[name] if "failed" in r]
    if failed:
        return f"| {rows:,} | {kind} | {name} | failed: {failed[0]} | | | | |"
    cells = []
    for measure in ("seconds", "cpu"):
        medians = {n: statistics.median(float(str(r[measure])) for r in f) for n, f in found.items() if measure in f[0]}
        peers = [value for n, value in medians.items() if n != "evalkit"]
        cells += [f"{medians[name]:.1f}", f"{medians[name] / min(peers):.2f}" if peers else "–"]
    memory = max(float(str(r["gib"])) for r in found[name])
    return f"| {rows:,} | {kind} | {name} | {' | '.join(cells)} | {memory:.2f} |"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--large", action="store_true")
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "evalkit-ledgers")
    asked.add_argument("--duckdb", default=sys.executable)
    options = asked.parse_args()
    version = has_duckdb(options.duckdb)
    libraries = {"evalkit": sys.executable, "polars": sys.executable}
    libraries |= {"duckdb": options.duckdb} if version else {}
    sizes = [("csv", 10_000_000, 4), ("parquet", 100_000_000, 24)] if options.large else []
    sizes = sizes or [("csv", 1_000_000, 4), ("parquet", 1_000_000, 4)]
    lines = []
    for kind, rows, parts in sizes:
        CONSOLE.print(f"{rows:,} rows of {kind}: made, or there already …")
        lines += compared(kind, rows, make(options.folder, rows, parts, 1, kind), libraries, options.runs)
    RESULT.write_text(text([*lines, "", *aims(lines)], options, version), encoding="utf-8")


def aims(lines: list[str]) -> list[str]:
    """Return what the aim asks for and what was measured: at most 1.3 times the fastest peer, below 4 GiB."""
    own = [cells for line in lines if (cells := line.strip("| ").split(" | "))[2] == "evalkit"]
    told = [
        f"- {rows} rows of {kind}: {times} times the fastest peer, {gib} GiB: "
        + ("reached" if float(times) <= MOST and float(gib) < MEMORY else "**not reached**")
        for rows, kind, _, _, times, _, _, gib in (cells for cells in own if len(cells) == COLUMNS)
    ]
    return [f"Aim: at most {MOST} times the fastest peer, below {MEMORY} GiB.", "", *told]


def text(lines: list[str], options: argparse.Namespace, version: str | None) -> str:
    """Return the page of results."""
    command = "benchmarks/ledgers.py" + (" --large" if options.large else "")
    peers = f"DuckDB {version}" if version else "DuckDB is not installed here and was left out"
    cores, busy = os.cpu_count(), os.getloadavg()[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    runs = f"{options.runs} run{'s' if options.runs > 1 else ''}"
    return "\n".join(
        [
            "# Ledgers beside peers",
            "",
            f"Command: `.venv/bin/python {command}`. Orders to sums by household and year; the same rules and,",
            f"to the fen, the same sums in each library. Median of {runs}, libraries in turn, each in its own process.",
            f"Machine: {cores} cores, {memory:.0f} GiB, Python {platform.python_version()}; polars {pl.__version__}; "
            f"{peers}.",
            f"Load when it ended: {busy:.1f}; where it is above the number of cores, other work ran too, and processor",
            "seconds say more than seconds.",
            "",
            "| rows | files | library | seconds | × fastest peer | processor seconds | × least of peers | peak GiB |",
            "|---|---|---|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    main()
