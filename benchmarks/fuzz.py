"""Damaged files for every reader: `python benchmarks/fuzz.py --inputs 200000` writes benchmarks/results/fuzz.md.

Each input is a sound file of a kind, changed at random (bits, bytes, slices, words of the format; in workbooks also the
XML within the package). A worker reads one after another under a limit of address space; the parent watches its
progress. An input must give rows or an EvalkitError. Anything else, a dead worker or no progress is a defect; its
bytes are kept in --keep. Input i of a kind is the same on every machine: `--only KIND:I` reads that one again.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import select
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_SECONDS = 20.0
"""Of processor time an input; a worker without progress for MOST_WAIT seconds of the clock stands still."""
MOST_WAIT = 300.0
ADDRESS_SPACE = 6 * 2**30
HEADERS = ("户编号", "村编号", "销售额(元)", "日期", "备注")
PLAIN = ("hh", "village", "sales", "day", "note")
ROWS = [
    ("001", "A", 12000.0, "2017-11-30", "甲"),
    ("002", "B", 500.5, "2017年12月1日", "乙,丙"),
    ("003", "A", -7.0, "43069", '引"号'),
]
CODEBOOK = """raw_header,name,kind,unit,factor,round,min,max,missing_codes,identifier,source
户编号,household_id,id,,,,,,,household,
村编号,village_id,category,,,,,,,,
销售额(元),sales_yuan,number,yuan,1,2014-,0,,-99;不知道,,survey
日期,day,date,,,,,,,,
备注,note,text,,,,,,,,
"""
WORDS = [
    b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b'""',
    b"\n", b"\r", b",", b";", b"\t", b"99999999999999999999", b"-1", b"1e999", b"nan", b"\xe5\x90\x88\xe8\xae\xa1",
    b"A1:XFD1048576", b'r="XFD1048576"', b"<f>1+1</f>", b'<c t="e"><v>#N/A</v></c>', b"<!DOCTYPE x>", b"../", b"&#0;",
    b"s" * 3000, b"=", b"SELECT", b"PK\x03\x04",
]  # fmt: skip
SHARES = {
    "csv": 30, "gb18030": 8, "utf16": 6, "tsv": 6, "xlsx": 12, "xls": 0.5, "parquet": 8, "dta": 6.5, "sav": 6,
    "sqlite": 7, "codebook": 4, "programme": 2, "any.csv": 1,
    "any.xlsx": 1, "any.parquet": 1, "any.dta": 0.5, "any.sav": 0.5,
}  # fmt: skip
"""Inputs of each kind, in percent; `any.` is what evalkit estimate reads, by its own types."""


def entries() -> tuple:
    from evalkit.intake.codebook import read_codebook

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "codebook.csv")
        path.write_text(CODEBOOK, encoding="utf-8")
        return read_codebook(path)


def _saved(suffix: str, write: Callable[[str], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"seed{suffix}")
        write(str(path))
        return path.read_bytes()


@cache
def seeds(kind: str) -> tuple[bytes, ...]:
    """Return sound files of a kind."""
    made = SEEDS[kind.removeprefix("any.")]()
    return tuple(made[:1] if kind == "any.csv" else made)  # the other begins with a title, which needs a codebook


def _text(separator: str, encoding: str) -> list[bytes]:
    cell = lambda c: f'"{c}"' if any(x in str(c) for x in ',"') else str(c)  # noqa: E731
    lines = [separator.join(cell(str(c).replace('"', '""')) for c in row) for row in [HEADERS, *ROWS]]
    body = "\n".join(lines) + "\n"
    return [t.encode(encoding) for t in (body, "某县住户调查\n\n" + body.replace("\n", "\r\n"))]


def _xlsx() -> list[bytes]:
    import xlsxwriter

    def write(path: str) -> None:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet("住户")
            for r, row in enumerate([HEADERS, *ROWS]):
                sheet.write_row(r, 0, row)
            sheet.write_formula(4, 2, "=C2+C3", None, 12500.5)
            sheet.write_formula(4, 3, "=1/0", None, "#DIV/0!")
            sheet.merge_range(4, 0, 5, 0, "004")
            book.add_worksheet("空").hide()

    return [_saved(".xlsx", write)]


def _frame(names: tuple[str, ...]):
    import polars as pl

    return pl.DataFrame(ROWS, schema=list(names), orient="row")


def _parquet() -> list[bytes]:
    import polars as pl

    frame = _frame(HEADERS)
    rich = frame.with_columns(pl.col("村编号").cast(pl.Categorical), pl.col("销售额(元)").cast(pl.Decimal(20, 4)))
    return [_saved(".parquet", f.write_parquet) for f in (frame, rich)]


def _statistics(kind: str) -> list[bytes]:
    import pyreadstat

    table = _frame(PLAIN).to_pandas()
    if kind == "sav":
        return [_saved(".sav", partial(pyreadstat.write_sav, table, compress=c)) for c in (False, True)]
    old = table.assign(note="x", day="2017-11-30")  # versions before 14 do not say how their text is encoded
    return [_saved(".dta", partial(pyreadstat.write_dta, old if v < 14 else table, version=v)) for v in (8, 12, 15)]


def _sqlite() -> list[bytes]:
    def write(path: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA page_size = 512")
            connection.execute("CREATE TABLE t ({})".format(", ".join(f'"{h}"' for h in HEADERS)))
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", ROWS)
            connection.commit()

    return [_saved(".sqlite", write)]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "csv": lambda: _text(",", "utf-8"),
    "gb18030": lambda: _text(";", "gb18030"),
    "utf16": lambda: _text(",", "utf-16"),
    "tsv": lambda: _text("\t", "utf-8"),
    "xlsx": _xlsx,
    "xls": lambda: [(ROOT / "tests/intake/old_workbook.xls").read_bytes()],
    "parquet": _parquet,
    "dta": lambda: _statistics("dta"),
    "sav": lambda: _statistics("sav"),
    "sqlite": _sqlite,
    "codebook": lambda: [CODEBOOK.encode()],
    "programme": lambda: [(ROOT / "data_raw/moz_savings/programme.toml").read_bytes()],
}
SUFFIX = {"gb18030": ".csv", "utf16": ".txt", "codebook": ".csv", "programme": ".toml"}


def mutated(kind: str, index: int) -> bytes:
    """Return input `index` of a kind: a seed with one to eight changes."""
    chance = random.Random(f"{kind}-{index}")
    raw = chance.choice(seeds(kind))
    if kind.endswith("xlsx") and chance.random() < 0.7:
        return _repacked(raw, chance)
    return _changed(raw, chance)


def _repacked(raw: bytes, chance: random.Random) -> bytes:
    """Change the parts of a package, not the package."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        named = [n for n in old.namelist() if "docProps" not in n and "theme" not in n]
        hit = chance.choice([n for n in named if "sheet1" in n] if chance.random() < 0.5 else named)
        for name in old.namelist():
            part = old.read(name)
            new.writestr(
                name if chance.random() < 0.99 else "../" + name, _changed(part, chance) if name == hit else part
            )
    return out.getvalue()


def _changed(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.choice([1, 2, 4, 16, 200]))
        action = chance.randrange(7)
        if action == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif action == 1:
            data[at:to] = chance.randbytes(to - at)
        elif action == 2:
            del data[at:to]
        elif action == 3:
            data[at:at] = data[at:to] * chance.randint(1, 20)
        elif action == 4:
            data[at:at] = chance.choice(WORDS)
        elif action == 5:
            word = chance.choice(WORDS)
            data[at : at + len(word)] = word
        elif chance.random() < 0.2:
            del data[at:]
    return bytes(data)


def read(kind: str, path: Path, entries: tuple) -> None:
    """Read a file as evalkit does; raises what the reader raises."""
    from evalkit.intake.codebook import entries_for, read_codebook
    from evalkit.intake.convert import convert
    from evalkit.intake.files import read_table
    from evalkit.programme import Source, load

    if kind == "codebook":
        read_codebook(path)
    elif kind == "programme":
        load(path)
    elif kind.startswith("any."):
        _collected(path)
    else:
        source = Source(kind="survey", file=path.name, key=("household_id",), table="t" if kind == "sqlite" else None)
        named = dict(zip(HEADERS, PLAIN, strict=True)) if kind in {"dta", "sav"} else {}
        meant = [e if not named else _renamed(e, named) for e in (entries[:3] if kind == "xls" else entries)]
        table = read_table(source, path, 2014, meant)
        convert(
            table, entries_for(tuple(meant), 2014, table.frame.columns, path.name), ["household_id"], None, "survey"
        )


def _collected(path: Path) -> None:
    """Use a scanned file as a command does, which tells what a damaged parquet says."""
    from evalkit.errors import DataError
    from evalkit.intake.anyfile import read_any

    try:
        read_any(path).collect()
    except Exception as error:
        if not str(error).startswith("parquet: "):
            raise
        raise DataError(str(path), str(error)) from error


def _renamed(entry, names: dict[str, str]):
    from dataclasses import replace

    return replace(entry, raw_header=names[entry.raw_header])


def path_for(kind: str, folder: Path) -> Path:
    """Return where a kind's input is written: its suffix is that of the reader."""
    return folder / f"input{SUFFIX.get(kind, '.' + kind.removeprefix('any.'))}"


def one(kind: str, index: int, folder: Path, entries: tuple) -> str:
    """Return "read", "refused", or what else was raised."""
    from evalkit.errors import EvalkitError

    path = path_for(kind, folder)
    path.write_bytes(mutated(kind, index))
    try:
        read(kind, path, entries)
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
        f"`python benchmarks/fuzz.py --inputs {n}`: {total:,} inputs, {seconds / 60:.0f} minutes, one process.",
        f"Limits: {MOST_SECONDS:.0f} s of processor time an input, {ADDRESS_SPACE // 2**30} GiB of address space a",
        "worker. Every input must give rows or an EvalkitError. Memory is the largest of a worker, libraries included.",
        "",
        "| reader | inputs | rows | refused with a message | defects | slowest (s) | most memory (MiB) |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for kind, c in counts.items():
        done, sound = sum(c.outcomes.values()), c.outcomes
        told = f"{sound['read']:,} | {sound['refused']:,} | {len(c.defects)} | {c.slowest:.2f} | {c.peak}"
        lines.append(f"| {kind} | {done:,} | {told} |")
    found = [f"- {kind}:{i}: {what}" for kind, c in counts.items() for i, what in c.defects]
    return "\n".join([*lines, "", "Defects in this run:", "", *(found or ["none"]), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/fuzz.md")
    parser.add_argument("--kinds", default=",".join(SHARES))
    parser.add_argument("--only", default="")
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
    for step in range(given.rounds):  # the page is written after each, so that a run that is stopped leaves what it did
        for kind in kinds:
            start, end = (round(given.inputs * SHARES[kind] / 100 * s / given.rounds) for s in (step, step + 1))
            watch(kind, start, end, counts[kind])
            print(step, kind, dict(counts[kind].outcomes), counts[kind].defects[:20], flush=True)
        given.out.write_text(report(counts, given.inputs, time.monotonic() - began), encoding="utf-8")
    for kind, index in ((k, i) for k in kinds for i, _ in counts[k].defects if given.keep):
        given.keep.mkdir(parents=True, exist_ok=True)
        path_for(kind, given.keep).with_stem(f"{kind}-{index}").write_bytes(mutated(kind, index))


if __name__ == "__main__":
    main()
