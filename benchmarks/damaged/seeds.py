"""Sound files of every kind that evalkit reads; benchmarks/fuzz.py changes them."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMME = ROOT / "data_raw/suqian_post"
"""Whose plan stands around files that are read for one."""
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
CROSSWALK = """column,from,to,first_round,last_round,reviewed_by
village_id,A,A1,2014,2016,王
village_id,老村,新村,,,李
"""
CORRECTIONS = ("file", "row", "key", "column", "old", "new", "action", "reason", "who", "when")
FORM = {
    "survey": [
        ("type", "name", "label::中文", "label::English"),
        ("begin_group", "g", "", ""),
        ("integer", "size", "人口", "members"),
        ("select_multiple crops", "crops", "作物", "crops"),
        ("geopoint", "place", "位置", "place"),
        ("end_group", "", "", ""),
    ],
    "choices": [
        ("list_name", "name", "label::中文", "label::English"),
        ("crops", "1", "稻", "rice"),
        ("crops", "2", "", ""),
    ],
}  # fmt: skip


UNTITLED = ("any.csv", "draft.csv")
"""Kinds that are read without a codebook, which would tell where the header stands below a title."""


def seeds(kind: str) -> tuple[bytes, ...]:
    """Return sound files of a kind."""
    plain = kind.removeprefix("any.").removeprefix("draft.").removeprefix("ledger.")
    return _made(plain)[:1] if kind in UNTITLED else _made(plain)


@cache
def _made(kind: str) -> tuple[bytes, ...]:
    return tuple(SEEDS[kind]())


def _saved(suffix: str, write: Callable[[str], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"seed{suffix}")
        write(str(path))
        return path.read_bytes()


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


def _sheets(sheets: dict[str, list[tuple[object, ...]]]) -> bytes:
    import xlsxwriter

    def write(path: str) -> None:
        with xlsxwriter.Workbook(path) as book:
            for name, rows in sheets.items():
                sheet = book.add_worksheet(name)
                for r, row in enumerate(rows):
                    sheet.write_row(r, 0, row)

    return _saved(".xlsx", write)


def _corrections() -> list[bytes]:
    lines = [
        CORRECTIONS,
        ("s.csv", 2, "001", "sales_yuan", "12000", "1200", "", "多写一零", "王", "2018-01-02"),
        ("s.csv", "3", "002", "household_id", "002", "", "drop", "重复", "王", "2018-01-02"),
    ]
    return [_sheets({"corrections": lines}), _sheets({"说明": [("x",)], "corrections": lines})]


def _frame(names: Sequence[str]):
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


def _lock() -> list[bytes]:
    from evalkit.plan_lock import lock_plan, lock_text
    from evalkit.programme import load

    return [lock_text(lock_plan(load(PROGRAMME), "2018-01-02")).encode()]


def _moments() -> list[bytes]:
    """Moments of 24 households in four villages over three rounds: with patterns, and as an office sends them."""
    import polars as pl

    from evalkit import Design, Moments
    from evalkit.moments.senders import signed
    from evalkit.moments.share import share

    seen = [(h, t) for h in range(24) for t in range(3)]
    rows = [(f"h{h:02}", f"v{h % 4}", t, 2 if h % 4 < 2 else None, h * 0.5 + t * (h % 3)) for h, t in seen]
    frame = pl.DataFrame(rows, schema=["unit", "village", "t", "start", "y"], orient="row")
    design = Design(cluster="village", unit="unit", time="t", first_treated="start", assignment="chosen")
    made = Moments.from_frame(frame, design=design, outcomes=["y"])
    sent = signed(share(made, min_households=2).moments, "office", "1", revision=1, households=["h00"], key=b"k" * 16)
    return [_saved(".parquet", m.write) for m in (made, sent)]


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
    "claims": lambda: [(ROOT / f"data_raw/{p}/claims.toml").read_bytes() for p in ("ningxia_post", "weinan_teams")],
    "crosswalk": lambda: [CROSSWALK.encode()],
    "corrections": _corrections,
    "form": lambda: [_sheets(FORM)],
    "prices": lambda: [(PROGRAMME / "cpi_rural.csv").read_bytes()],
    "truth": lambda: [(PROGRAMME / "truth.json").read_bytes()],
    "published": lambda: [(ROOT / "data_raw/moz_savings/published.csv").read_bytes()],
    "sums": lambda: [f"{'0a' * 32}  households_2014.csv\n{'1b' * 32} *村.xlsx\n".encode()],
    "lock": _lock,
    "moments": _moments,
}
