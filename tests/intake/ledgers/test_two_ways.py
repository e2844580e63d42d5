"""Cells read at once and cells read one way after another give one result, and so do memory and scratch folder."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.intake.codebook import Entry, read_codebook
from evalkit.intake.convert import ROW, misread, value_of
from evalkit.intake.files import read_table
from evalkit.intake.ledgers import LedgerRead, proof, read_ledger, scan
from evalkit.intake.ledgers.canonical import File, canonical
from evalkit.intake.ledgers.proof import proved
from evalkit.plan_tables import Source

BOOK = """raw_header,name,kind,factor,missing_codes
单号,order_id,id,,
户,household_id,id,,无
日期,order_date,date,,-99
金额,amount_yuan,number,FACTOR,-99;不知道
退款,returned_yuan,number,,
"""
HEADERS = ("单号", "户", "日期", "金额", "退款")
PLAN = Source(
    kind="ledger", ledger="orders", file="o*.csv", key=("order_id",), who="household_id", date="order_date",
    complete=(2015, 2016), codebook="book.csv",
)  # fmt: skip
ODD = (
    "", " ", "1", " 1 ", "１２", "1.5万", "3亿元", "1,200", "1,2", "-99", " -99", "-99.0", "不知道", "无", "同上",
    "nan", "1e3", "2015-03-01", " 2015-03-01", "2015-3-1", "2015年3月1日", "01-02-2015", "42064", "20150301",
    "　x　", "inf",
)  # fmt: skip
CELL = st.one_of(
    st.none(),
    st.sampled_from(ODD),
    st.floats(-1e6, 1e6).map(str),
    st.dates(date(2014, 1, 1), date(2017, 12, 31)).map(str),
    st.text("0123456789-./ 年月日万,", max_size=11),
)


def book(folder: Path, factor: str = "") -> tuple[Entry, ...]:
    (folder / "book.csv").write_text(BOOK.replace("FACTOR", factor), encoding="utf-8")
    return read_codebook(folder / "book.csv")


@example([("1", "a", "01-02-2015", "1.5万", "")], "10000")
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL), max_size=9), st.sampled_from(["", "1", "10000"]))
def test_columns_are_what_the_careful_readers_make_of_them(cells: list[tuple[str | None, ...]], factor: str) -> None:
    """Values, fen, missing keys, and whether a cell was misread; 01-02-2015 is a mistake and not a day of February."""
    with tempfile.TemporaryDirectory() as name:
        entries = book(Path(name), factor)
    raw = pl.DataFrame(cells, schema=dict.fromkeys(HEADERS, pl.String), orient="row").with_row_index(ROW)
    kinds = pl.Enum(HEADERS)
    made = canonical(raw.lazy(), File(raw.schema, entries, 2, ("order_id",), {}, frozenset(), kinds)).collect()
    text = pl.String()
    slow = raw.select(value_of(text, e) for e in entries)
    for e in entries[:3]:
        assert made[e.name].equals(slow[e.name])
    for e in entries[3:]:
        fen = (slow[e.name] * 100).round(0, mode="half_away_from_zero")
        assert made[e.name].equals(fen.cast(pl.Int64).alias(e.name))
    bad = raw.select(_misread(e).alias(e.raw_header) for e in entries)
    assert made["_keyless"].equals(slow["order_id"].is_null().alias("_keyless"))
    for header, row in zip(made["_header"].to_list(), bad.iter_rows(named=True), strict=True):
        assert row[header] if header is not None else not any(row.values())


def _misread(entry: Entry) -> pl.Expr:
    """Whether there is text that is no value, and no missing code."""
    if entry.kind not in {"number", "date"}:
        return pl.lit(value=False)
    return misread(pl.String(), entry)


CLEAN = "单号,户,日期,金额,退款\n" + "".join(f"{n},{'ab'[n % 2]},2015-03-{n % 28 + 1:02},{n}.25,\n" for n in range(200))
DIRTY = (
    CLEAN
    + """7,a,2015-03-08,7.25,
8,a,2015-03-09,9999,
,a,2015-03-09,1,
900, a ,2015年3月9日,1.5万,
901,无,2015-03-09,1,
902,z,42064,"1,200",３
903,a,09-03-2015,1,
904,b,2015-03-09,很多,
905,b,2015-03-09,5,很多
906,b,2011-03-09,5
907,b,,5,
908,b,2015-03-09,-99,
910,b,2015-03-09,-99.0,
909,b,2015-03-09,,
"""
)


def ledger(folder: Path) -> LedgerRead:
    return read_ledger(PLAN, book(folder), folder, pl.Series(["a", "b"]))


@pytest.mark.parametrize("text", [CLEAN, DIRTY, DIRTY.split("\n")[0] + "\n"], ids=["clean", "dirty", "no rows"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_memory_and_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, encoding: str) -> None:
    """The second file of 10 kB goes to the scratch folder, then both; sums, rejected rows and counts stay."""
    (tmp_path / "o1.csv").write_text(text, encoding=encoding)
    (tmp_path / "o2.csv").write_text(text.replace("\n", "\n9", 1), encoding=encoding)
    reads = []
    for room in (1 << 30, (tmp_path / "o1.csv").stat().st_size, 0):
        monkeypatch.setattr(scan, "IN_MEMORY", room)
        reads.append(ledger(tmp_path))
    for other in reads[1:]:
        for name in ("sums", "rejected", "quality"):
            assert getattr(other, name).equals(getattr(reads[0], name))
        assert (other.flow, other.files) == (reads[0].flow, reads[0].files)
    rules = dict(reads[0].rejected.group_by("rule").len().iter_rows())
    assert ("misread" in rules) == (text is DIRTY)
    assert [f.sha256 for f in reads[0].files] == [
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("o1.csv", "o2.csv")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CLEAN.encode() + b"1,a,2015-03-01,\xe5\x90\xff,\n", "line 202, column"),
        (CLEAN.encode() + "1,村\n".encode() + "2,村\n".encode("gb18030"), "line 203, column"),
        (CLEAN.encode() + b"1,a,2015-03-01,1,,7\n", "line 202 has 6 cells and the header 5"),
        (CLEAN.split("\n")[0].encode() + b"\n1,a,2015-03-01,1,,7\n", "line 2 has 6 cells and the header 5"),
        (b"", "the file is empty"),
    ],
)
def test_a_damaged_text_is_refused_as_by_the_reader_of_whole_files(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "o1.csv").write_bytes(text)
    said = []
    for read in (ledger, lambda folder: read_table(PLAN, folder / "o1.csv", None, book(folder))):
        with pytest.raises(DataError, match=message) as refused:
            read(tmp_path)
        said.append(str(refused.value))
    assert said[0] == said[1]


@example("村é𠀀a".encode(), 1)
@example(b"\xed\xa0\x80", 2)
@example(b"\xf0\xa0\x80", 4)
@given(st.one_of(st.binary(max_size=40), st.text(max_size=20).map(str.encode)), st.integers(1, 9))
def test_a_proof_says_what_pythons_decoder_says(raw: bytes, chunk: int) -> None:
    """However the pieces fall: half characters, surrogates and characters cut off at the end are told."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        patched.setattr(proof, "CHUNK", chunk)
        path = Path(name, "t.csv")
        path.write_bytes(raw)
        found = proved(path, is_text=True)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        assert not found.is_utf8
    else:
        assert found.is_utf8
    assert found.sha256 == hashlib.sha256(raw).hexdigest()


TRADITIONAL = "單號,戶,日期,金額,退款\n1,a,2015-03-01,1.5萬,\n2,b,2015年3月2日,２０,\n"
ALSO = """raw_header,name,kind,also
单号,order_id,id,單號
户,household_id,id,戶
日期,order_date,date,
金额,amount_yuan,number,金額
退款,returned_yuan,number,
"""


@pytest.mark.parametrize(("encoding", "stated"), [("big5", "big5"), ("utf-16", None), ("gb18030", "GB18030")])
def test_a_ledger_in_another_encoding_and_traditional_headers(
    tmp_path: Path, encoding: str, stated: str | None
) -> None:
    """1.5萬 is 15,000 yuan, and 20 may be written in full width."""
    (tmp_path / "o1.csv").write_bytes(TRADITIONAL.encode(encoding))
    (tmp_path / "book.csv").write_text(ALSO, encoding="utf-8")
    plan = PLAN.model_copy(update={"encoding": stated})
    read = read_ledger(plan, read_codebook(tmp_path / "book.csv"), tmp_path, pl.Series(["a", "b"]))
    assert dict(read.sums.select("_who", "sales_gross_yuan").iter_rows()) == {"a": 15_000.0, "b": 20.0}
    assert read.files[0].encoding == (stated or encoding)
