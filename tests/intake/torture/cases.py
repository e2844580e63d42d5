"""The table of defects: each makes one small file, and says what evalkit must make of it."""

# ruff: noqa: E501  (a table: one defect a line)
from __future__ import annotations

import sqlite3
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import xlsxwriter

HEAD = "户编号,村编号,销售额(元)\n"
ONE = "001,A,12000\n"
TWO = "002,B,500\n"
GOOD = [("001", "A", 12000.0), ("002", "B", 500.0)]
NAMES = ["户编号", "村编号", "销售额(元)"]
ID = 320324199001011234
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """A defect: how the file is made, and either a message or the rows and what was left out (row, rule)."""

    name: str
    suffix: str
    make: Callable[[Path], object]
    message: str = ""
    rows: Rows | None = None
    left_out: tuple[tuple[int, str], ...] = ()
    source: str = ""
    extra: str = ""
    """A fourth column, 记录, is a date, a number or a text."""


def raw(content: bytes | str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))


def book(
    rows: list[list[Any]], then: Callable[[Any, Any], object] | None = None, **options: Any
) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with xlsxwriter.Workbook(path, options) as workbook:
            sheet = workbook.add_worksheet("住户")
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    sheet.write_string(r, c, value) if isinstance(value, str) else sheet.write(r, c, value)
            if then is not None:
                then(workbook, sheet)

    return make


def repacked(
    change: Callable[[dict[str, bytes]], object], rows: list[list[Any]] | None = None
) -> Callable[[Path], object]:
    """Make a workbook and change the parts of its package."""

    def make(path: Path) -> None:
        book(rows or TABLE)(path)
        with zipfile.ZipFile(path) as package:
            parts = {n: package.read(n) for n in package.namelist()}
        change(parts)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            for name, content in parts.items():
                package.writestr(name, content)

    return make


TABLE: list[list[Any]] = [NAMES, ["001", "A", 12000], ["002", "B", 500]]
SHEET = "xl/worksheets/sheet1.xml"


def replaced(old: bytes, new: bytes, part: str = SHEET) -> Callable[[dict[str, bytes]], object]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new)

    return change


def frame(rows: Rows, **types: Any) -> pl.DataFrame:
    made = pl.DataFrame(rows, schema=NAMES, orient="row")
    return made.with_columns(pl.col(NAMES[int(c[1:])]).cast(t) for c, t in types.items())


def table(rows: Rows, columns: str = "a, b, c") -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute('CREATE TABLE t ("户编号", "村编号", "销售额(元)")')
            connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
            connection.commit()

    return make


def cut(make: Callable[[Path], object], share: float = 0.6) -> Callable[[Path], object]:
    def made(path: Path) -> None:
        make(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return made


def liar(path: Path) -> None:
    """A package whose directory says that a part is small; it unpacks to more."""
    book(TABLE)(path)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(content)


def in_ole(path: Path) -> None:
    """What Excel writes where a workbook has a password: an OLE file with one encrypted stream."""
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    )


def doubled_part(path: Path) -> None:
    book(TABLE)(path)
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as package:
        warnings.simplefilter("ignore")
        package.writestr(SHEET, b"<worksheet/>")


def merged_numbers(_: Any, sheet: Any) -> None:
    sheet.merge_range(1, 2, 2, 2, 12500)


def merged_villages(_: Any, sheet: Any) -> None:
    sheet.merge_range(1, 1, 2, 1, "A")


def hide_first(workbook: Any, sheet: Any) -> None:
    other = workbook.add_worksheet("数据")
    for r, row in enumerate(TABLE):
        other.write_row(r, 0, row)
    other.activate()
    other.set_first_sheet()
    sheet.hide()


def hidden_row(_: Any, sheet: Any) -> None:
    sheet.set_row(2, None, None, {"hidden": True})


def day_cell(workbook: Any, sheet: Any) -> None:
    sheet.write_datetime(1, 3, datetime(2017, 11, 30), workbook.add_format({"num_format": "yyyy-mm-dd"}))


def percent(workbook: Any, sheet: Any) -> None:
    sheet.write_number(1, 2, 0.35, workbook.add_format({"num_format": "0%"}))


def formula(text: str, value: Any) -> Callable[[Any, Any], object]:
    return lambda _, sheet: sheet.write_formula(1, 2, text, None, value)


TEXT = [
    Case("empty file", ".csv", raw(b""), "the file is empty"),
    Case("only spaces", ".csv", raw(b" \n\n"), "the file is empty"),
    Case("header only", ".csv", raw(HEAD), "no row is left after the checks"),
    Case("byte-order mark", ".csv", raw("\ufeff" + HEAD + ONE + TWO), rows=GOOD),
    Case("UTF-16 little endian", ".csv", raw(HEAD + ONE + TWO, "utf-16"), rows=GOOD),
    Case("UTF-16 big endian", ".csv", raw(b"\xfe\xff" + (HEAD + ONE + TWO).encode("utf-16-be")), rows=GOOD),
    Case("UTF-16 cut in a character", ".csv", raw((HEAD + ONE).encode("utf-16")[:-1]), "is not utf-16"),
    Case("GB18030", ".csv", raw(HEAD + ONE + TWO, "gb18030"), rows=GOOD),
    Case("Big5 as stated", ".csv", raw((HEAD + ONE + TWO).replace("户编号", "戶編號").replace("村编号", "村編號").replace("销售额", "銷售額"), "big5"), rows=GOOD, source='encoding = "big5"'),
    Case("Big5 not stated", ".csv", raw("戶編號,村編號,銷售額(元)\n001,A,12000\n", "big5"), "there is no column '村编号' \\(there are: め絪腹"),
    Case("encoding unknown", ".csv", raw(HEAD), "the encoding 'gbx' is unknown", source='encoding = "gbx"'),
    Case("byte of no encoding", ".csv", raw(HEAD.encode() + b"001,A,\xff\xff\n"), "line 2, column 7: byte 0xff is not utf-8"),
    Case("mark in the midst", ".csv", raw(HEAD + ONE + "\ufeff" + TWO), "line 3, column 1: a byte-order mark in the midst"),
    Case("zero byte", ".csv", raw(HEAD + "001,A,12\x00000\n"), "line 2, column 9: a zero character"),
    Case("lost characters", ".csv", raw(HEAD + "001,\ufffd,5\n"), "line 2, column 5: '\ufffd' stands for a character that an earlier program lost"),
    Case("lost characters read again", ".csv", raw(HEAD + "001,锟斤拷,5\n"), "'锟斤拷' stands for a character that an earlier program lost"),
    Case("two encodings", ".csv", raw(HEAD.encode("gb18030") + "001,甲村,5\n".encode()), "line 2 is UTF-8 and others are not"),
    Case("a cell too many in the first row", ".csv", raw(HEAD + "001,A,5,6\n" + TWO), "line 2 has 4 cells and the header 3"),
    Case("last cells not written in the first row", ".csv", raw(HEAD + "001,A\n" + TWO), rows=[("001", "A", None), GOOD[1]]),
    Case("a cell too many", ".csv", raw(HEAD + ONE + "002,B,5,6\n"), "line 3 has 4 cells and the header 3"),
    Case("a cell too few", ".csv", raw(HEAD + ONE + "002,B\n"), rows=[GOOD[0], ("002", "B", None)]),
    Case("line break in a cell", ".csv", raw('户编号,村编号,销售额(元),备注\n001,A,12000,"甲\n乙"\n002,B,许多,\n'), rows=[GOOD[0]], left_out=((3, "number"),)),
    Case("quote never closed", ".csv", raw(HEAD + '001,A,"12000\n002,B,500\n'), "it cannot be read as|no row is left"),
    Case("header twice", ".csv", raw("户编号,村编号,销售额(元),销售额(元)\n001,A,12000,7\n002,B,500,8\n"), rows=GOOD),
    Case("header missing", ".csv", raw("户编码,村编号,销售额(元)\n001,A,5\n"), r"there is no column '户编号' \(nearest: '户编码'\)"),
    Case("header in traditional characters", ".csv", raw("戶編號,村編號,銷售額(元)\n001,A,12000\n002,B,500\n"), rows=GOOD),
    Case("carriage returns alone", ".csv", raw((HEAD + ONE + TWO).replace("\n", "\r")), "there is no column|cannot be read"),
    Case("semicolons and decimal commas", ".csv", raw(HEAD.replace(",", ";") + "001;A;12,5\n002;B;500\n"), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("bars", ".txt", raw((HEAD + ONE + TWO).replace(",", "|")), rows=GOOD),
    Case("full-width digits and minus", ".csv", raw(HEAD + "001,A,－１２，０００\n"), rows=[("001", "A", None)]),
    Case("negative in brackets", ".csv", raw(HEAD + '001,A,"(1,200)"\n' + TWO), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("thousands in fours", ".csv", raw(HEAD + '001,A,"1,2000"\n' + TWO), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("万 in a cell", ".csv", raw(HEAD + "001,A,1.2万\n" + TWO), rows=GOOD),
    Case("range in a cell", ".csv", raw(HEAD + "001,A,300-400\n" + TWO), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("number beyond any float", ".csv", raw(HEAD + "001,A,1e999\n" + TWO), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("word for missing", ".csv", raw(HEAD + "001,A,不知道\n" + TWO), rows=[("001", "A", None), GOOD[1]]),
    Case("same as above", ".csv", raw(HEAD + ONE + "002,同上,500\n"), rows=[GOOD[0]], left_out=((3, "ditto"),)),
    Case("total below", ".csv", raw(HEAD + ONE + TWO + "合　计：,,12500\n"), rows=GOOD, left_out=((4, "footer"),)),
    Case("remark below", ".csv", raw(HEAD + ONE + TWO + "注：以上为2014年数据,,\n"), rows=GOOD, left_out=((4, "footer"),)),
    Case("leading zeros lost", ".csv", raw(HEAD + "1,A,12000\n001,A,12000\n"), rows=[("001", "A", 12000.0), ("1", "A", 12000.0)]),
    Case("village unknown", ".csv", raw(HEAD + ONE + "002,甲,5\n"), rows=[GOOD[0]], left_out=((3, "unknown_village"),)),
    Case("a page saved as a table", ".csv", raw("<html><table><tr><td>户编号"), r"its content is a page \(HTML or XML\)"),
    Case("a workbook named .csv", ".csv", lambda p: book(TABLE)(p), "its content is .xlsx and its name says .csv"),
    Case("a row twice", ".csv", raw(HEAD + ONE + ONE + TWO), rows=GOOD, left_out=((3, "duplicate_identical"),)),
    Case("two rows of one household", ".csv", raw(HEAD + ONE + "001,A,7\n" + TWO), rows=[GOOD[1]], left_out=((2, "duplicate_conflicting"), (3, "duplicate_conflicting"))),
    Case("date as text", ".csv", raw(HEAD[:-1] + ",记录\n001,A,12000,2017年11月30日\n"), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
    Case("date of a survey tool", ".csv", raw(HEAD[:-1] + ",记录\n001,A,12000,2017-11-30T23:30:00.000+08:00\n"), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
    Case("day and month in doubt", ".csv", raw(HEAD[:-1] + ",记录\n001,A,12000,11/12/2017\n002,B,500,2017-12-11\n"), rows=[(*GOOD[1], date(2017, 12, 11))], left_out=((2, "date"),), extra="date"),
    Case("a very long cell", ".csv", raw(HEAD + ONE + "002,B," + "9" * 200_000 + "\n"), "field larger than field limit"),
]  # fmt: skip
BOOKS = [
    Case("no workbook", ".xlsx", raw(b"PK\x03\x04 not a workbook"), "it cannot be read as a workbook"),
    Case("cut off", ".xlsx", cut(book(TABLE)), "it cannot be read as a workbook"),
    Case("password", ".xlsx", in_ole, "the workbook is protected by a password"),
    Case("password, old name", ".xls", in_ole, "the workbook is protected by a password"),
    Case("old workbook named .xlsx", ".xlsx", lambda p: p.write_bytes((Path(__file__).parents[1] / "old_workbook.xls").read_bytes()), "its content is .xls and its name says .xlsx"),
    Case("workbook named .xls", ".xls", lambda p: book(TABLE)(p), "its content is .xlsx and its name says .xls"),
    Case("a page named .xls", ".xls", raw("<html><table>"), r"its content is a page \(HTML or XML\)"),
    Case("old workbook cut off", ".xls", lambda p: p.write_bytes((Path(__file__).parents[1] / "old_workbook.xls").read_bytes()[:3000]), "it cannot be read as a workbook|ran out of memory or failed"),
    Case("old workbook", ".xls", lambda p: p.write_bytes((Path(__file__).parents[1] / "old_workbook.xls").read_bytes()), rows=GOOD),
    Case("empty sheet", ".xlsx", book([]), "the sheet is empty"),
    Case("first sheet hidden", ".xlsx", book([["不是数据"]], hide_first), rows=GOOD),
    Case("hidden row is a record", ".xlsx", book(TABLE, hidden_row), rows=GOOD),
    Case("zip bomb", ".xlsx", repacked(lambda p: p.update({"xl/media/a.bin": b"\0" * 30_000_000})), "parts of it unpack more than 200-fold"),
    Case("part named out of the package", ".xlsx", repacked(lambda p: p.update({"../../evil.txt": b"x"})), r"parts of it are named out of it \('\.\./\.\./evil.txt'\)"),
    Case("part with an absolute name", ".xlsx", repacked(lambda p: p.update({"/etc/passwd": b"x"})), "parts of it are named out of it"),
    Case("part twice", ".xlsx", doubled_part, "parts of it have one name"),
    Case("directory that lies", ".xlsx", liar, "it cannot be read as a workbook"),
    Case("too many parts", ".xlsx", repacked(lambda p: p.update({f"x/{i}": b"" for i in range(10_001)})), "it has 10,0.. parts"),
    Case("entities", ".xlsx", repacked(replaced(b"<worksheet ", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet ')), "declares entities"),
    Case("a cell at the far end", ".xlsx", repacked(replaced(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')), "its last cell is XFD1048576: 17,179,869,184 cells"),
    Case("a cell in a row of twenty digits", ".xlsx", repacked(replaced(b'r="C3"', b'r="C399999999999999999999"')), "its last cell is C100000000: 300,000,000 cells"),
    Case("a far cell in single quotes", ".xlsx", repacked(replaced(b'r="C3"', b"r='C3333333333'")), "its last cell is C100000000"),
    Case("a far row whose cells have no address", ".xlsx", repacked(replaced(b"</sheetData>", b'<row r="99999999999"><c><v>1</v></c></row></sheetData>')), "its last cell is C100000000"),
    Case("huge dimension that is not there", ".xlsx", repacked(replaced(b'ref="A1:C3"', b'ref="A1:XFD1048576"')), rows=GOOD),
    Case("damaged XML", ".xlsx", repacked(replaced(b"</sheetData>", b"<f></sheetData>")), "its XML is damaged"),
    Case("sheet's part missing", ".xlsx", repacked(lambda p: p.pop(SHEET)), "it cannot be read as a workbook"),
    Case("formula with its value", ".xlsx", book(TABLE, formula("=6000*2", 12000)), rows=GOOD),
    Case("formula without a value", ".xlsx", repacked(replaced(b'<c r="C2"><v>12000</v>', b'<c r="C2"><f>6000*2</f>')), r"1 formulas have no stored value \(C2\)"),
    Case("formula in a column that no one uses", ".xlsx", repacked(replaced(b'<c r="C2"><v>12000</v></c>', b'<c r="C2"><v>12000</v></c><c r="D2"><f>1+1</f></c>')), rows=GOOD),
    Case("formula into another workbook", ".xlsx", book(TABLE, formula("='[1]Sheet'!A1", 12000)), r"1 formulas take their value from another workbook \(C2\)"),
    Case("#DIV/0!", ".xlsx", book(TABLE, formula("=1/0", "#DIV/0!")), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("#N/A", ".xlsx", book(TABLE, formula("=NA()", "#N/A")), rows=[GOOD[1]], left_out=((2, "number"),)),
    Case("per cent", ".xlsx", book(TABLE, percent), rows=[("001", "A", 0.35), GOOD[1]]),
    Case("numbers as text", ".xlsx", book([NAMES, ["001", "A", "12,000"], ["002", "B", " 500 "]]), rows=GOOD),
    Case("names merged over rows", ".xlsx", book([NAMES, ["001", None, 12000], ["002", None, 500]], merged_villages), rows=[GOOD[0], ("002", "A", 500.0)]),
    Case("numbers merged over rows", ".xlsx", book([NAMES, ["001", "A", None], ["002", "B", None]], merged_numbers), r"1 cells of numbers or dates are merged over several rows \(C2\)"),
    Case("total below", ".xlsx", book([*TABLE, ["合计", None, 12500]]), rows=GOOD, left_out=((4, "footer"),)),
    Case("empty rows below", ".xlsx", book([*TABLE, [None, " ", None]]), rows=GOOD),
    Case("titles above", ".xlsx", book([["某县"], [None], *TABLE]), rows=GOOD),
    Case("18 digits as numbers", ".xlsx", book([NAMES, [ID, "A", 5]]), "ids have 16 digits or more and the column holds numbers"),
    Case("18 digits as text", ".xlsx", book([NAMES, [str(ID), "A", 5]]), rows=[(str(ID), "A", 5.0)]),
    Case("id as a power", ".xlsx", book([NAMES, ["3.20324E+17", "A", 5]]), "ids have 16 digits or more"),
    Case("date cell, days from 1900", ".xlsx", book([[*NAMES, "记录"], ["001", "A", 12000, None]], day_cell), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
    Case("date cell, days from 1904", ".xlsx", book([[*NAMES, "记录"], ["001", "A", 12000, None]], day_cell, date_1904=True), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
    Case("day number, days from 1900", ".xlsx", book([[*NAMES, "记录"], ["001", "A", 12000, 43069]]), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
    Case("day number, days from 1904", ".xlsx", book([[*NAMES, "记录"], ["001", "A", 12000, 41607]], date_1904=True), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
]  # fmt: skip


def stata(**columns: Any) -> Callable[[Path], object]:
    options = columns.pop("options", {})
    return lambda path: pyreadstat.write_dta(pl.DataFrame(columns).to_pandas(), str(path), **options)


def spss(**columns: Any) -> Callable[[Path], object]:
    options = columns.pop("options", {})
    return lambda path: pyreadstat.write_sav(pl.DataFrame(columns).to_pandas(), str(path), **options)


def stated_rows(n: int) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        spss(**BASE, sales=[12000.0, 500.0])(path)
        whole = path.read_bytes()
        path.write_bytes(whole[:80] + struct.pack("<i", n) + whole[84:])  # the number of cases in the header

    return make


def missing_stata(path: Path) -> None:
    import pandas as pd

    rows = pd.DataFrame({"hh": ["001", "002"], "village": ["A", "B"], "sales": pd.Series([".a", 500.0], dtype=object)})
    pyreadstat.write_dta(rows.assign(sales=["a", 500.0]), str(path), missing_user_values={"sales": ["a"]}, version=14)


BASE = {"hh": ["001", "002"], "village": ["A", "B"]}
LABELS = {"variable_value_labels": {"sales": {12000.0: "很多", 500.0: "很少"}}}
WEST = [("001", "A", Decimal("12000.00")), ("002", "B", Decimal("500.00"))]


def parquet(made: pl.DataFrame) -> Callable[[Path], object]:
    return lambda path: made.write_parquet(path)


def moment(hour: int) -> pl.DataFrame:
    """23:30 in China is 15:30 in UTC, of the same day; 07:30 on the next day is 23:30 of the day before."""
    day = pl.Series("记录", [datetime(2017, 11, 30, hour, 30, tzinfo=UTC)]).dt.convert_time_zone("Asia/Shanghai")
    return frame([GOOD[0]]).with_columns(day)


TYPED = [
    Case("no Stata file", ".dta", raw(b"not stata"), "it cannot be read as .dta"),
    Case("Stata cut off", ".dta", cut(stata(**BASE, sales=[12000.0, 500.0])), "it cannot be read as .dta"),
    Case("Stata value labels", ".dta", stata(**BASE, sales=[12000.0, 500.0], options=LABELS), rows=GOOD),
    Case("Stata missing .a", ".dta", missing_stata, rows=[("001", "A", None), GOOD[1]]),
    Case("Stata missing", ".dta", stata(**BASE, sales=[None, 500.0]), rows=[("001", "A", None), GOOD[1]]),
    Case("Stata ids as doubles", ".dta", stata(hh=[float(ID), float(ID)], village=["A", "B"], sales=[1.0, 2.0]), "2 ids are stored as numbers of 16 digits or more"),
    Case("Stata ids as short numbers", ".dta", stata(hh=[1.0, 2.0], village=["A", "B"], sales=[12000.0, 500.0]), rows=[("1", "A", 12000.0), ("2", "B", 500.0)]),
    Case("no SPSS file", ".sav", raw(b"$FL2 not spss"), "it cannot be read as .sav"),
    Case("SPSS that states more rows than it has room for", ".sav", stated_rows(284_535_213), "states 284,535,213 rows of 3 columns and the file is too small"),
    Case("SPSS cut off", ".sav", cut(spss(**BASE, sales=[12000.0, 500.0]), 0.5), "it cannot be read as .sav"),
    Case("SPSS user-missing", ".sav", spss(**BASE, sales=[-8.0, 500.0], options={"missing_ranges": {"sales": [-8.0]}}), rows=[("001", "A", None), GOOD[1]]),
    Case("SPSS value labels", ".sav", spss(**BASE, sales=[12000.0, 500.0], options=LABELS), rows=GOOD),
    Case("Stata named .sav", ".sav", lambda p: stata(**BASE, sales=[1.0, 2.0])(p), "its content is .dta and its name says .sav"),
    Case("parquet cut off", ".parquet", cut(parquet(frame(GOOD))), "it cannot be read as .parquet"),
    Case("parquet with decimals", ".parquet", parquet(frame(WEST, c2=pl.Decimal(12, 2))), rows=GOOD),
    Case("parquet with categories", ".parquet", parquet(frame(GOOD, c0=pl.Categorical, c1=pl.Categorical)), rows=GOOD),
    Case("parquet with a list", ".parquet", parquet(pl.DataFrame({"户编号": ["001"], "村编号": ["A"], "销售额(元)": [[1.0]]})), r"its cells are of the type List"),
    Case("parquet ids as floats", ".parquet", parquet(frame([(float(ID), "A", 1.0)])), "1 ids are stored as numbers of 16 digits or more"),
    Case("parquet ids as whole numbers", ".parquet", parquet(frame([(ID, "A", 1.0)])), rows=[(str(ID), "A", 1.0)]),
    Case("parquet with a time zone", ".parquet", parquet(moment(15)), rows=[(*GOOD[0], date(2017, 11, 30))], extra="date"),
    Case("parquet with a time zone, past midnight", ".parquet", parquet(moment(16)), rows=[(*GOOD[0], date(2017, 12, 1))], extra="date"),
    Case("parquet day where a number should be", ".parquet", parquet(pl.DataFrame({"户编号": ["001"], "村编号": ["A"], "销售额(元)": [date(2017, 1, 1)]})), "its cells are of the type Date and the codebook says number"),
    Case("parquet not a number", ".parquet", parquet(frame([("001", "A", float("nan")), GOOD[1]])), rows=[GOOD[1]], left_out=((1, "number"),)),
    Case("no database", ".sqlite", raw(b"not a database, but long enough" * 40), "it cannot be read as SQLite", source='table = "t"'),
    Case("database cut off", ".sqlite", cut(table([("001", "A", "x" * 9000)])), "it cannot be read as SQLite", source='table = "t"'),
    Case("database with mixed cells", ".sqlite", table([("001", "A", 12000), ("002", "B", "５００")]), rows=GOOD, source='table = "t"'),
    Case("database with binary cells", ".sqlite", table([("001", "A", b"\0")]), "it holds binary cells", source='table = "t"'),
    Case("unknown kind of file", ".docx", raw(b"x"), "files of the kind '.docx' are not read"),
]  # fmt: skip
CASES = [*TEXT, *BOOKS, *TYPED]
