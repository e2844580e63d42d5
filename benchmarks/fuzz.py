"""Damaged files for every reader: `python benchmarks/fuzz.py --inputs 200000` writes benchmarks/results/fuzz.md.

Each input is a sound file of a kind (damaged/seeds.py), changed at random (damaged/changes.py). A worker reads one
after another under a limit of address space; the parent watches its progress. An input must give rows or an
EvalkitError. Anything else, a dead worker or no progress is a defect; its bytes are kept in --keep. Input i of a kind
is the same on every machine: `--only KIND:I` reads that one again. --processes says how many kinds are read at once.
What coverage led an engine to (guided.py) and which defects were mended stands below, from damaged/*.md.
"""

from __future__ import annotations

import argparse
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.damaged.changes import mutated
from benchmarks.damaged.readers import entries, path_for, read

ROOT = Path(__file__).parents[1]
MOST_SECONDS = 20.0
"""Of processor time an input; a worker without progress for MOST_WAIT seconds of the clock stands still."""
MOST_WAIT = 900.0
ADDRESS_SPACE = 6 * 2**30
SHARES = {
    "csv": 22, "gb18030": 6, "utf16": 4, "tsv": 4, "xlsx": 9, "xls": 0.5, "parquet": 7, "dta": 6, "sav": 6,
    "sqlite": 6, "codebook": 4, "programme": 2.5, "any.csv": 1, "any.xlsx": 1, "any.parquet": 1, "any.dta": 0.5,
    "any.sav": 0.5, "claims": 3, "crosswalk": 2, "corrections": 2, "form": 1.5, "prices": 1, "truth": 0.5,
    "published": 0.5, "sums": 0.5, "lock": 1, "moments": 2, "draft.csv": 1.5, "draft.xlsx": 1, "ledger.csv": 2,
    "ledger.gb18030": 0.5,
}  # fmt: skip
"""Inputs of each kind, in percent.

`any.` is what evalkit estimate reads, by its own types; `draft.` what evalkit new does; `ledger.` files of entries."""
BELOW = ("guided.md", "mended.md")


def one(kind: str, index: int, folder: Path, meant: tuple) -> str:
    """Return "read", "refused", or what else was raised."""
    from evalkit.errors import EvalkitError

    path = path_for(kind, folder)
    path.write_bytes(mutated(kind, index))
    try:
        read(kind, path, meant)
    except EvalkitError:
        return "refused"
    except BaseException as error:  # a panic is no Exception
        return f"{type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}"
    return "read"


def work(kind: str, start: int, end: int) -> None:
    """Read inputs one after another; print the number before each, and what came of it after."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    meant = entries()
    with tempfile.TemporaryDirectory() as folder:
        for index in range(start, end):
            before = time.process_time()
            outcome = one(kind, index, Path(folder), meant)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{index}\t{time.process_time() - before:.3f}\t{peak}\t{outcome}", flush=True)


class Count:
    """What came of one kind's inputs."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.slowest, self.peak = 0.0, 0
        self.defects: list[tuple[int, str]] = []


def watch(kind: str, index: int, n: int, count: Count) -> None:
    """Have workers read inputs of a kind; a worker that dies or stands still is replaced after the input at fault."""
    while index < n:
        command = [sys.executable, __file__, "--worker", kind, str(index), str(n)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as worker:
            index = _followed(worker, count, index)
            stopped = worker.poll() is None and index < n
            worker.kill() if stopped else worker.wait()
        if index < n:
            count.defects.append((index, "no progress" if stopped else f"the worker ended ({worker.returncode})"))
            index += 1


def _followed(worker: subprocess.Popen, count: Count, index: int) -> int:
    """Take lines until the worker ends or stands still; return the input that it did not finish."""
    buffer = b""
    while select.select([worker.stdout], [], [], MOST_WAIT)[0]:
        more = os.read(worker.stdout.fileno(), 65536)
        if not more:
            worker.wait()
            break
        *lines, buffer = (buffer + more).split(b"\n")
        for line in lines:
            number, seconds, peak, outcome = line.decode().split("\t", 3)
            index = int(number) + 1
            count.slowest, count.peak = max(count.slowest, float(seconds)), max(count.peak, int(peak))
            outcome = outcome if float(seconds) < MOST_SECONDS else f"{seconds} s of processor time"
            count.outcomes[outcome if outcome in {"read", "refused"} else "defect"] += 1
            if outcome not in {"read", "refused"}:
                count.defects.append((int(number), outcome))
    return index


def report(counts: dict[str, Count], n: int, seconds: float) -> str:
    """Return the study as a page."""
    total = sum(sum(c.outcomes.values()) for c in counts.values())
    lines = [
        "# Damaged files, every reader",
        "",
        f"`python benchmarks/fuzz.py --inputs {n}`: {total:,} inputs, {seconds / 60:.0f} minutes.",
        f"Limits: {MOST_SECONDS:.0f} s of processor time an input, {ADDRESS_SPACE // 2**30} GiB of address space a",
        "worker. Every input must give rows or an EvalkitError. Memory is the largest of a worker, libraries included.",
        "",
        *([f"**Not finished:** {total:,} of {n:,} inputs so far.", ""] if total < n else []),
        "| reader | inputs | rows | refused with a message | defects | slowest (s) | most memory (MiB) |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind, c in counts.items():
        done, sound = sum(c.outcomes.values()), c.outcomes
        told = f"{sound['read']:,} | {sound['refused']:,} | {len(c.defects)} | {c.slowest:.2f} | {c.peak}"
        lines.append(f"| {kind} | {done:,} | {told} |")
    found = [f"- {kind}:{i}: {what}" for kind, c in counts.items() for i, what in c.defects]
    below = [(ROOT / "benchmarks/damaged" / name).read_text(encoding="utf-8") for name in BELOW]
    return "\n".join([*lines, "", "Defects in this run:", "", *(found or ["none"]), "", *below])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/fuzz.md")
    parser.add_argument("--kinds", default=",".join(SHARES))
    parser.add_argument("--only", default="")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--worker", nargs=3)
    given = parser.parse_args()
    if given.worker:
        work(given.worker[0], int(given.worker[1]), int(given.worker[2]))
        return
    if given.only:
        kind, _, index = given.only.rpartition(":")
        with tempfile.TemporaryDirectory() as folder:
            path_for(kind, Path(folder)).write_bytes(mutated(kind, int(index)))
            read(kind, path_for(kind, Path(folder)), entries())
        return
    began, kinds = time.monotonic(), given.kinds.split(",")
    counts = {kind: Count() for kind in kinds}

    def part(kind: str, step: int) -> None:
        start, end = (round(given.inputs * SHARES[kind] / 100 * s / given.rounds) for s in (step, step + 1))
        watch(kind, start, end, counts[kind])
        print(step, kind, dict(counts[kind].outcomes), counts[kind].defects[:20], flush=True)

    for step in range(given.rounds):  # the page is written after each, so that a run that is stopped leaves what it did
        with ThreadPoolExecutor(given.processes) as pool:
            list(pool.map(part, kinds, [step] * len(kinds)))
        given.out.write_text(report(counts, given.inputs, time.monotonic() - began), encoding="utf-8")
    for kind, index in ((k, i) for k in kinds for i, _ in counts[k].defects if given.keep):
        given.keep.mkdir(parents=True, exist_ok=True)
        path_for(kind, given.keep).with_stem(f"{kind}-{index}").write_bytes(mutated(kind, index))


if __name__ == "__main__":
    main()
