"""Readers written in Python, with inputs that coverage leads to: atheris (libFuzzer) over text, TOML, JSON and XML.

    pip install atheris    # Python 3.11 or 3.12; into an environment of its own that sees evalkit's packages
    python benchmarks/guided.py --inputs 10000    # for each reader; writes benchmarks/damaged/guided.md

Each reader is a process that starts from the sound files of damaged/seeds.py and keeps what reaches new lines. An input
must give rows or an EvalkitError; whatever else is raised is written down with its bytes (--keep) and the run goes on.
benchmarks/fuzz.py puts the table below its own page.
"""

from __future__ import annotations

import argparse
import atexit
import io
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.damaged.readers import entries, path_for, read
from benchmarks.damaged.seeds import ROOT, seeds

OUT = ROOT / "benchmarks/damaged/guided.md"
KINDS = (
    "csv", "gb18030", "utf16", "codebook", "programme", "claims", "crosswalk", "prices", "truth", "published", "sums",
    "lock", "ledger.csv", "draft.csv", "sheet", "cells",
)  # fmt: skip
SHEET = "xl/worksheets/sheet1.xml"
CELLS = "1.2万\n2017年11月30日\n43069\n２０１６－０３\n¥1,200\n同上\n-99\n3亿元\n201603\n.5e3"
EVERY = 200
"""Inputs after which a reader writes down how many there were."""
DONE = re.compile(rb"cov: (\d+)")


def sheet_seed() -> bytes:
    """Return the XML of a sound sheet."""
    with zipfile.ZipFile(io.BytesIO(seeds("xlsx")[0])) as package:
        return package.read(SHEET)


def with_sheet(xml: bytes) -> bytes:
    """Return a sound workbook with another sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seeds("xlsx")[0])) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name == SHEET else old.read(name))
    return out.getvalue()


def read_cells(raw: bytes) -> None:
    """Read the lines of a text as cells: numbers, dates, months, rounds, and headers of an export."""
    import polars as pl

    from evalkit.intake.cells import date, number
    from evalkit.intake.guess import guess_column
    from evalkit.intake.header import find_header
    from evalkit.intake.months import month, month_of_text

    texts = raw.decode("utf-8", "replace").split("\n")[:50]
    column = pl.Series("t", texts, dtype=pl.String)
    cell = pl.col("t")
    column.to_frame().select(n=number(cell, has_factor=False), d=date(cell), m=month(cell))
    find_header([t.split(",") for t in texts], ("户编号", "村编号"))
    for text in texts:
        month_of_text(text)
        guess_column(text, column)


def reader_of(kind: str, folder: Path) -> Callable[[bytes], None]:
    """Return what reads the bytes of an input."""
    if kind == "cells":
        return read_cells
    meant, path = entries(), path_for("xlsx" if kind == "sheet" else kind, folder)

    def called(raw: bytes) -> None:
        path.write_bytes(with_sheet(raw) if kind == "sheet" else raw)
        read("xlsx" if kind == "sheet" else kind, path, meant)

    return called


def work(kind: str, inputs: int, state: Path, corpus: Path) -> None:
    """Let the engine call a reader; this process ends with the last input."""
    import atheris

    with atheris.instrument_imports(include=["evalkit", "tomllib", "csv", "json"]):
        import evalkit.claims.read
        import evalkit.intake.draft
        import evalkit.intake.ledgers
        import evalkit.intake.read
        import evalkit.plan_lock
        import evalkit.report.replication  # noqa: F401
        from evalkit.errors import EvalkitError
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    called = reader_of(kind, folder)
    found: dict[str, object] = {"inputs": 0, "defects": {}}

    def one(raw: bytes) -> None:
        found["inputs"] += 1
        try:
            called(raw)
        except EvalkitError:
            pass  # refused with a message: one of the two outcomes that are right
        except BaseException as error:  # a panic is no Exception
            frame = traceback.extract_tb(error.__traceback__)[-1]
            found["defects"].setdefault(
                f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}", raw.hex()
            )
            state.write_text(json.dumps(found), encoding="utf-8")
        if found["inputs"] % EVERY == 0:
            state.write_text(json.dumps(found), encoding="utf-8")

    options = [f"-runs={inputs}", "-seed=1", "-max_len=65536", "-timeout=120", "-rss_limit_mb=4096"]
    atexit.register(lambda: state.write_text(json.dumps(found), encoding="utf-8"))
    atheris.Setup([sys.argv[0], str(corpus), *options], one)
    atheris.Fuzz()


def guided(kind: str, inputs: int, keep: Path | None) -> str:
    """Run a reader and return its line of the table."""
    with tempfile.TemporaryDirectory() as name:
        corpus, state = Path(name, "corpus"), Path(name, "state.json")
        corpus.mkdir()
        first = {"cells": (CELLS.encode(),), "sheet": (sheet_seed(),)}.get(kind) or seeds(kind)
        for n, raw in enumerate(first):
            (corpus / str(n)).write_bytes(raw)
        command = [sys.executable, __file__, "--worker", kind, str(inputs), str(state), str(corpus)]
        environment = {**os.environ, "POLARS_MAX_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, check=False, env=environment, cwd=name)
        found = json.loads(state.read_text(encoding="utf-8")) if state.is_file() else {"inputs": 0, "defects": {}}
        ended = "" if done.returncode == 0 else f"the process ended ({done.returncode}): {done.stderr[-300:]!r}"
    covered = DONE.findall(done.stderr)
    for n, raw in enumerate(found["defects"].values()):
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{kind}-{n}").write_bytes(bytes.fromhex(raw))
    told = "; ".join([*found["defects"], *([ended] if ended else [])]) or "none"
    lines = [int(covered[i]) if covered else 0 for i in (0, -1)]
    return f"| {kind} | {found['inputs']:,} | {lines[0]:,} | {lines[1]:,} | {told} |"


def page(lines: list[str], inputs: int) -> str:
    """Return the table as a part of the page of benchmarks/fuzz.py."""
    total = sum(int(line.split("|")[2].replace(",", "")) for line in lines)
    head = [
        "## Led by coverage",
        "",
        f"`python benchmarks/guided.py --inputs {inputs}`: {total:,} inputs (atheris, Python",
        f"{platform.python_version()}). Those that reach new branches are changed further; `first` and `last` are the",
        "branches reached with the sound files and at the end.",
        "",
        "| reader | inputs | first | last | defects |",
        "|---|---:|---:|---:|---|",
    ]
    return "\n".join([*head, *lines, "", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--worker", nargs=4)
    given = parser.parse_args()
    if given.worker:
        kind, inputs, state, corpus = given.worker
        work(kind, int(inputs), Path(state), Path(corpus))
        return
    kinds, lines = given.kinds.split(","), []
    with ThreadPoolExecutor(given.processes) as pool:
        for line in pool.map(lambda kind: guided(kind, given.inputs, given.keep), kinds):
            lines.append(line)
            print(line, flush=True)
            given.out.write_text(page(lines, given.inputs), encoding="utf-8")


if __name__ == "__main__":
    main()
