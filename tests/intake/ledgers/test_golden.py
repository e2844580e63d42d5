"""Random ledgers against a reckoning row by row in plain Python, from parquet, UTF-8, GB18030 and SQLite alike."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.intake.cells import date as cell_date
from evalkit.intake.cells import number as cell_number
from evalkit.intake.codebook import read_codebook
from evalkit.intake.ledgers import LedgerRead, quick, read_ledger
from evalkit.intake.ledgers.quick import UNKNOWN, codes, dates, numbers
from evalkit.plan_tables import Source

HEAD = ("单号", "户", "日期", "金额", "渠道", "状态")
BOOK = """raw_header,name,kind
单号,order_id,id
户,household_id,id
日期,order_date,date
金额,amount_yuan,number
渠道,channel,category
状态,status,category
"""
ENTRY = st.tuples(
    st.integers(1, 12).map(str),
    st.sampled_from(["a", "b", "z"]),
    st.dates(date(2014, 12, 1), date(2017, 1, 31)),
    st.integers(-5_000, 50_000).map(lambda fen: fen / 100),
    st.sampled_from(["线上", "线下", "直播"]),
    st.sampled_from(["完成", "退货", "取消"]),
)


def ledger(folder: Path, file: str, **more: str) -> LedgerRead:
    (folder / "book.csv").write_text(BOOK, encoding="utf-8")
    source = Source(
        kind="ledger", ledger="orders", file=file, key=("order_id",), who="household_id", date="order_date",
        complete=(2015, 2016), codebook="book.csv", **more,
    )  # fmt: skip
    return read_ledger(source, read_codebook(folder / "book.csv"), folder, pl.Series(["a", "b"]))


def by_row(rows: list[tuple[str, str, date, float, str, str]]) -> dict[tuple[str, int], list[int]]:
    """Gross, returned and online sales in fen, and orders, of each household and year, one entry after another."""
    inside = [r for r in rows if r[2].year in {2015, 2016}]
    content = defaultdict(set)
    for r in inside:
        content[r[0]].add(r)
    sums: dict[tuple[str, int], list[int]] = {}
    for same in content.values():
        (_, who, day, yuan, channel, status), *others = same
        if others or who == "z":
            continue
        total = sums.setdefault((who, day.year), [0, 0, 0, 0])
        fen, sold = round(yuan * 100), status != "取消"
        gross = fen if sold and fen > 0 else 0
        total[0] += gross
        total[1] += (-fen if fen < 0 else gross if status == "退货" else 0) if sold else 0
        total[2] += gross if channel != "线下" else 0
        total[3] += bool(gross)
    return sums


def found(read: LedgerRead) -> dict[tuple[str, int], list[int]]:
    names = ("sales_gross_yuan", "sales_returned_yuan", "sales_online_yuan")
    return {
        (r["_who"], r["_period"]): [*(round(r[n] * 100) for n in names), r["orders"]]
        for r in read.sums.iter_rows(named=True)
    }


@settings(max_examples=25)
@given(st.lists(ENTRY, min_size=1, max_size=25))
def test_random_ledgers_from_every_kind_of_file(rows: list[tuple[str, str, date, float, str, str]]) -> None:
    frame = pl.DataFrame(rows, schema=HEAD, orient="row")
    text = frame.with_columns(pl.col("日期").cast(pl.String))
    expected = by_row(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame.head(len(rows) // 2).write_parquet(folder / "p_1.parquet")
        frame.tail(len(rows) - len(rows) // 2).write_parquet(folder / "p_2.parquet")
        text.write_csv(folder / "u.csv")
        (folder / "g.csv").write_bytes(text.write_csv().encode("gb18030"))
        with closing(sqlite3.connect(folder / "s.sqlite")) as connection:
            connection.execute('CREATE TABLE o ("单号", "户", "日期", "金额", "渠道", "状态")')
            connection.executemany("INSERT INTO o VALUES (?, ?, ?, ?, ?, ?)", text.rows())
            connection.commit()
        reads = [ledger(folder, f) for f in ("p_*.parquet", "u.csv", "g.csv")]
        reads.append(ledger(folder, "s.sqlite", table="o"))
    assert [found(r) for r in reads] == [expected] * 4
    assert [r.files[0].encoding for r in reads] == [None, "utf-8", "gb18030", None]
    assert all(r.flow.adds_up() and r.flow.steps[0].n_rows == len(rows) for r in reads)


CELL = st.one_of(
    st.none(),
    st.integers(-99_999, 99_999_999).map(str),
    st.floats(-1e9, 1e9).map(str),
    st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(lambda d: d.strftime("%Y-%m-%d")),
    st.sampled_from(
        ["1,200", "1.2万", "１２", "¥3", "inf", "nan", "-", "1e3", "2017年3月4日", "43069", "2017/1/2", "很多"]
    ),
    st.text("0123456789-./ 年月日万,", max_size=11),
)


@example([".0", "-.5", ".", "5.", ".e1"])
@given(st.lists(CELL, max_size=12))
def test_the_quick_reader_reads_as_the_reader_of_cells(cells: list[str | None]) -> None:
    frame = pl.DataFrame({"t": cells}, schema={"t": pl.String}).with_columns(pl.col("t").str.strip_chars())
    for factor in (False, True):
        pair = frame.select(
            quick=numbers(pl.col("t"), has_factor=factor).struct.field(quick.READ),
            slow=cell_number(pl.col("t"), has_factor=factor),
        )
        assert pair["quick"].equals(pair["slow"])
    pair = frame.select(quick=dates(pl.col("t")).struct.field(quick.READ), slow=cell_date(pl.col("t")))
    assert pair["quick"].equals(pair["slow"])


def test_damage_is_named_with_its_place(tmp_path: Path) -> None:
    """A byte that is no character, and a line with a cell too many."""
    good = ",".join(HEAD) + "\n1,a,2015-01-01,5,线上,完成\n"
    (tmp_path / "bad.csv").write_bytes(good.encode() + b"2,a,\xff\xff,5,x,y\n")
    with pytest.raises(DataError, match=r"line 3, column 5: byte 0xff"):
        ledger(tmp_path, "bad.csv")
    (tmp_path / "long.csv").write_text(good + "2,a,2015-01-01,5,线上,完成,7\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3 has 7 cells and the header 6"):
        ledger(tmp_path, "long.csv")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"cannot be read as \.parquet"):
        ledger(tmp_path, "bad.parquet")


READ = """
import sys
from pathlib import Path
from tests.intake.ledgers.test_golden import ledger
print("reading", flush=True)
while True:
    ledger(Path(sys.argv[1]), "g.csv")
"""


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, root: Path) -> None:
    """Ctrl-C while a GB18030 ledger becomes UTF-8 and is summed: the scratch folder is empty, the raw one unchanged."""
    raw, scratch = tmp_path / "raw", tmp_path / "scratch"
    raw.mkdir()
    scratch.mkdir()
    rows = "".join(f"{n},a,2015-01-01,5,线上,完成\n" for n in range(50_000))
    (raw / "g.csv").write_bytes((",".join(HEAD) + "\n" + rows).encode("gb18030"))
    (raw / "book.csv").write_text(BOOK, encoding="utf-8")
    before = {p.name: p.read_bytes() for p in raw.iterdir()}
    environment = {**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(scratch)}
    command = [sys.executable, "-c", READ, str(raw)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        deadline = time.monotonic() + 60
        while not any(scratch.rglob("*.csv")) and time.monotonic() < deadline:
            time.sleep(0.002)
        reader.send_signal(signal.SIGINT)
        assert reader.wait(60) != 0
    assert list(scratch.iterdir()) == []
    assert {p.name: p.read_bytes() for p in raw.iterdir()} == before


@given(
    st.lists(st.one_of(st.none(), st.sampled_from(["线上", " 线上", "online", "", "  ", "邮购", "线下\t"])), max_size=8)
)
def test_codes_of_words_do_not_depend_on_spaces(cells: list[str | None]) -> None:
    """Each cell is looked up trimmed; empty cells have no code, unknown words a code of their own."""
    words = {"online": "online", "线上": "online", "线下": "offline"}
    found = pl.DataFrame({"t": cells}, schema={"t": pl.String}).select(codes(pl.col("t"), words)).to_series()
    trimmed = [None if c is None or not c.strip() else c.strip() for c in cells]
    assert found.cast(pl.String).to_list() == [None if t is None else words.get(t, UNKNOWN) for t in trimmed]
