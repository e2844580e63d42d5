"""Odd cells far down in a long ledger: what most rows look like must not decide how the last one is read."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from evalkit.errors import DataError
from evalkit.intake.codebook import read_codebook
from evalkit.intake.files import read_table
from evalkit.intake.ledgers import LedgerRead, opened, proof, read_ledger, scan
from evalkit.intake.ledgers.sums import summed
from evalkit.plan_tables import Source
from tests.intake.ledgers.test_golden import BOOK

HEAD = "单号,户,日期,金额,渠道,状态,备注\n"
PLAN = Source(
    kind="ledger", ledger="orders", file="o*.csv", key=("order_id",), who="household_id", date="order_date",
    complete=(2015, 2016), codebook="book.csv",
)  # fmt: skip
LONG = 90_000
"""Rows of one yuan above the odd one: more than the reader of text takes at once (it looks at some 40,000 together)."""
SOUND = {
    "3,000元": 3000.0, "３０００": 3000.0, "1.5万": 15_000.0, "+5": 5.0, " 12": 12.0, "12 ": 12.0, "1e5": 100_000.0,
    "007": 7.0, ".5": 0.5, "5.": 5.0, "￥８": 8.0, "0.125": 0.13,
}  # fmt: skip
BROKEN = {
    "nan": "misread", "NaN": "misread", "inf": "misread", "-inf": "misread", "Infinity": "misread", "1_000": "misread",
    "1e": "misread", "0x1A": "misread", "1,5": "misread", "--5": "misread", "true": "misread", "1 2": "misread",
    "": "amount_missing", "　": "amount_missing", "1e400": "amount_missing",
}  # fmt: skip


def ledger(folder: Path) -> LedgerRead:
    (folder / "book.csv").write_text(BOOK, encoding="utf-8")
    return read_ledger(PLAN, read_codebook(folder / "book.csv"), folder, pl.Series(["a", "b"]))


def plain(first: int, rows: int) -> str:
    return "".join(f"{n},a,2015-03-{n % 28 + 1:02},1,线上,完成,\n" for n in range(first, first + rows))


def odd(cells: list[str]) -> str:
    return "".join(f'x{n},b,2016-01-02,"{cell}",线下,完成,\n' for n, cell in enumerate(cells))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> LedgerRead:
    """Ninety thousand plain rows, the odd ones, two more rows with odd words and dates, and plain ones again."""
    folder = tmp_path_factory.mktemp("late")
    more = "y1 , b ,2016年1月3日,2, 直播 , 退货 ,\ny2,b,01-02-2016,2,线上,完成,\ny3,b,2016-01-02,2,空运,完成,\n"
    text = HEAD + plain(0, LONG) + odd([*SOUND, *BROKEN]) + more + plain(LONG, LONG)
    (folder / "o1.csv").write_text(text, encoding="utf-8")
    return ledger(folder)


def test_each_odd_amount_counts_to_the_fen_or_is_listed_with_its_row(read: LedgerRead) -> None:
    """The row of x0 is line 90,002; 0.125 is 12.5 fen, rounded away from zero; y1 is 2 yuan, live, returned."""
    by_who = {row["_who"]: row for row in read.sums.iter_rows(named=True)}
    assert by_who["b"]["sales_gross_yuan"] == round(sum(SOUND.values()) + 2, 2)
    assert by_who["b"]["sales_live_yuan"] == by_who["b"]["sales_returned_yuan"] == 2.0
    assert (by_who["b"]["orders"], by_who["b"]["orders_online"], by_who["b"]["orders_returned"]) == (
        len(SOUND) + 1,
        1,
        1,
    )
    assert (by_who["a"]["sales_online_yuan"], by_who["a"]["orders_online"]) == (2.0 * LONG, 2 * LONG)
    first = LONG + 2 + len(SOUND)
    listed = [
        ("o1.csv", first + n, rule, "金额" if rule == "misread" else "") for n, rule in enumerate(BROKEN.values())
    ]
    after = first + len(BROKEN)
    listed += [("o1.csv", after + 1, "misread", "日期"), ("o1.csv", after + 2, "word_unknown", "")]
    assert read.rejected.select("file", "row", "rule", "column").rows() == listed


def test_conditions_that_are_null_are_not_counted() -> None:
    """A cancelled entry without an amount is cancelled and no order; two counts are held in one number meanwhile."""
    rows = pl.LazyFrame(
        {
            "_who": ["a"] * 5,
            "_period": [2015] * 5,
            "amount_yuan": [None, 100, None, 300, 5],
            "status": ["cancelled", "sold", "sold", "returned", "cancelled"],
            "channel": ["online", None, "online", "live", "offline"],
            "returned_yuan": [None] * 5,
        },
        schema_overrides={"returned_yuan": pl.Int64},
    )
    found = summed([rows, rows], PLAN).row(0, named=True)
    counts = ("_n", "orders", "orders_online", "orders_returned", "orders_cancelled")
    assert [found[n] for n in counts] == [10, 4, 2, 2, 4]


def test_rows_are_read_while_the_proof_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof of the only file waits until its rows are read; where the reading waited for it, it would say so."""
    done, in_time = threading.Event(), []
    read_, proved_ = opened._in_memory, proof.proved

    def rows(lazy: pl.LazyFrame) -> pl.LazyFrame:
        found = read_(lazy)
        done.set()
        return found

    def late(path: Path, *, is_text: bool) -> proof.Proof:
        in_time.append(done.wait(30))
        return proved_(path, is_text=is_text)

    monkeypatch.setattr(opened, "_in_memory", rows)
    monkeypatch.setattr(scan, "proved", late)
    (tmp_path / "o1.csv").write_text(HEAD + plain(0, 10), encoding="utf-8")
    assert ledger(tmp_path).sums["orders"].to_list() == [10]
    assert in_time == [True]


def test_gb18030_that_only_a_remark_shows(tmp_path: Path) -> None:
    """What is read passes as UTF-8; a remark in a column that no one reads tells which encoding it is."""
    names = ("order_no", "who", "day", "sum", "way", "state")
    book = BOOK
    for old, new in zip(HEAD.split(","), names, strict=False):
        book = book.replace(f"\n{old},", f"\n{new},")
    rows = "1,a,2015-03-01,5,online,sold,\n2,b,2015-03-02,7,live,sold,急\n"
    (tmp_path / "o1.csv").write_text(f"{','.join(names)},note\n{rows}", encoding="gb18030")
    (tmp_path / "book.csv").write_text(book, encoding="utf-8")
    found = read_ledger(PLAN, read_codebook(tmp_path / "book.csv"), tmp_path, pl.Series(["a", "b"]))
    assert found.files[0].encoding == "gb18030"
    assert found.sums["sales_online_yuan"].to_list() == [5.0, 7.0]


@pytest.mark.parametrize("bad", [b"\xff", "急".encode("gb18030") + "急".encode()])
def test_a_byte_that_does_not_decode_in_a_column_that_no_one_reads(tmp_path: Path, bad: bytes) -> None:
    """The reader of rows never looks at it; the proof does, and the message is that of the reader of whole files."""
    (tmp_path / "o1.csv").write_bytes((HEAD + plain(0, 9)).encode() + b"9,a,2015-03-01,1,,," + bad + b"\n")
    with pytest.raises(DataError, match="line 11, column") as refused:
        ledger(tmp_path)
    with pytest.raises(DataError) as whole:
        read_table(PLAN, tmp_path / "o1.csv", None, read_codebook(tmp_path / "book.csv"))
    assert str(refused.value) == str(whole.value)
