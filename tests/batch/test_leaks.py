"""The leak hunt: marked identifiers and small cells in every kind of raw file; the public folder has none of them."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import fastexcel
import nbformat
import numpy as np
import polars as pl
import pyreadstat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.pdf import write_pdfs
from evalkit.programme import Disclosure
from evalkit.report.audit import counts_of, differences
from evalkit.report.disclosure import COUNTS

MARKED = [f"99{i:04d}19900101{i:03d}X" for i in range(500)]
"""500 identity numbers of the area 99, which is assigned to no place."""
MARK = re.compile(r"99\d{4}19900101")
NAMES = ("王隐私甲", "李隐私乙", "张隐私丙")
KINDS = {2010: "dta", 2011: "sav", 2012: "csv", 2013: "xlsx", 2014: "parquet"}
"""Households by round; villages stand in SQLite, and a ledger of orders in CSV."""
RAW = """
from evalkit.batch import parameters
from evalkit.intake import read_programme
given = parameters.check(globals())
read_programme(given.programme).frame
"""
BROKEN = RAW.replace(
    "read_programme(given.programme).frame",
    """
ids = ", ".join(read_programme(given.programme).frame["household_id"].sort()[1:3])
from evalkit.errors import DataError
raise DataError("rows", f"2 pairs occur more than once (units {ids})", "one row", f"remove {ids}")
""",
)
CRASH = RAW.replace(
    "read_programme(given.programme).frame",
    """
{}[read_programme(given.programme).frame["household_id"][1]]
""",
)
TOML = """
schema_version = 1
[programme]
id = "hunt"
name = {zh = "试验", en = "Hunt"}
provenance = "simulated"
[design]
unit = "household_id"
cluster = "village"
time = "year"
first_treated = "start"
assignment = "chosen"
[[sources]]
kind = "survey"
file = "households_{year}.*"
key = ["household_id", "year"]
codebook = "codebook.csv"
[[sources]]
kind = "roster"
file = "villages.sqlite"
table = "villages"
key = ["village"]
codebook = "codebook.csv"
[[sources]]
kind = "ledger"
ledger = "orders"
file = "orders.csv"
key = ["order_id"]
who = "household_id"
date = "日期"
complete = [2010, 2014]
codebook = "codebook.csv"
[[indicators]]
name = "sales_net_yuan"
label = {zh = "网上销售额", en = "Sales by orders"}
domain = "sales"
unit = "yuan/year"
family = "all"
estimator = "did"
[[indicators]]
name = "sales_yuan"
label = {zh = "销售额", en = "Sales"}
domain = "sales"
unit = "yuan/year"
role = "primary"
family = "all"
winsorise = 0.99
estimator = "event_study"
[[indicators]]
name = "has_loan"
label = {zh = "有贷款的比例", en = "Share with a loan"}
domain = "credit"
unit = "share"
family = "all"
estimator = "did"
"""
CODEBOOK = """raw_header,name,kind,unit,factor,identifier,source
身份证,household_id,id,,,national_id:keep,survey
户主,head_name,text,,,name:keep,survey
村,village,id,,,,survey
销售,sales_yuan,number,yuan,1,,survey
贷款,has_loan,flag,,,,survey
村,village,id,,,,roster
开始,start,integer,,,,roster
单号,order_id,id,,,,ledger
买家,household_id,id,,,national_id:keep,ledger
日期,order_date,date,,,,ledger
金额,amount_yuan,number,yuan,,,ledger
"""


def _households(year: int) -> pl.DataFrame:
    """240 households in 12 villages, 6 of them pilots; 231 of 500 in the last round: few are lost in each arm."""
    rng = np.random.default_rng(year)
    i = np.arange(240)
    village = i % 12
    frame = pl.DataFrame(
        {
            "身份证": [MARKED[k] for k in i],
            "户主": [NAMES[k % 3] for k in i],
            "村": [f"V{v:02d}" for v in village],
            "销售": [f"{x:.0f}" for x in rng.normal(5000, 500, 240) + 50 * i],
            # 7 pilot and 60 comparison households have a loan: a share that is a small cell
            "贷款": [("1" if k < 14 else "0") if v < 6 else str(int(k % 2)) for k, v in zip(i, village, strict=True)],
            "备注": [MARKED[499 - k] for k in i],
            MARKED[300]: ["x"] * 240,
        }
    )
    if year == 2013:  # a number that is an identifier, a doubled key: rows that are left out
        frame = frame.with_columns(
            pl.when(pl.int_range(240) < 3).then(pl.lit(MARKED[400])).otherwise("销售").alias("销售")
        )
        frame = pl.concat([frame, frame.tail(1).with_columns(pl.lit("1").alias("销售"))])
    return frame.head(233) if year == 2014 else frame  # 3 pilot and 4 comparison households are lost


def _write(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "programme.toml").write_text(TOML, encoding="utf-8")
    (folder / "codebook.csv").write_text(CODEBOOK, encoding="utf-8")
    for year, kind in KINDS.items():
        file, frame = folder / f"households_{year}.{kind}", _households(year)
        if kind in ("dta", "sav"):  # no variable of these begins with a digit
            {"dta": pyreadstat.write_dta, "sav": pyreadstat.write_sav}[kind](frame[:, :-1].to_pandas(), str(file))
        else:
            {"csv": frame.write_csv, "xlsx": frame.write_excel, "parquet": frame.write_parquet}[kind](file)
    with closing(sqlite3.connect(folder / "villages.sqlite")) as connection:
        connection.execute("CREATE TABLE villages (村 TEXT, 开始 INTEGER, 村支书 TEXT, 电话 TEXT)")
        rows = [(f"V{v:02d}", 2014 if v < 6 else None, NAMES[v % 3], MARKED[480 + v]) for v in range(12)]
        connection.executemany("INSERT INTO villages VALUES (?, ?, ?, ?)", rows)
        connection.commit()
    _orders().write_csv(folder / "orders.csv")


def _orders() -> pl.DataFrame:
    """An order by each household and year, and entries that are left out: copied, of nobody, undated, no sum."""
    rng = np.random.default_rng(1)
    rows = [
        (f"{year}-{i}", MARKED[i], f"{year}-05-01", f"{rng.normal(900, 90):.0f}") for year in KINDS for i in range(240)
    ]
    rows += rows[:4]
    rows += [
        ("Entry-X1", MARKED[450], "2012-01-01", "77"),
        ("Entry-X2", MARKED[451], "2013-01-01", "78"),
        ("Entry-X3", MARKED[3], MARKED[460], "79"),
        ("Entry-X4", MARKED[4], "2013-01-01", MARKED[470]),
        (MARKED[471], MARKED[5], "2013-01-01", "80"),
        (MARKED[471], MARKED[6], "2013-01-02", "81"),
    ]
    return pl.DataFrame(rows, schema=["单号", "买家", "日期", "金额"], orient="row")


def _notebook(file: Path, code: str) -> None:
    declared = new_code_cell('programme: str = "hunt"', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[declared, new_code_cell(code.strip())]), file)


@pytest.fixture(scope="module")
def findings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hunt")
    _write(folder / "data_raw" / "hunt")
    (folder / "notebooks").mkdir()
    for name in ("impact", "programme", "quality"):
        shutil.copy(root / f"notebooks/{name}.ipynb", folder / "notebooks")
    for name, code in {"raw": RAW, "broken": BROKEN, "crash": CRASH}.items():
        _notebook(folder / f"notebooks/{name}.ipynb", code)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(root))
        patch.setenv("EVALKIT_CACHE", str(folder / "cache"))
        patch.delenv("EVALKIT_DATA", raising=False)
        out = folder / "findings"
        run_batch(make_plan(Request()), Settings(out, workers=2, self_contained=True))
        kernels = make_plan(Request(indicators=("has_loan",)))
        run_batch(kernels, Settings(folder / "kernels", workers=1, engine="papermill"))
        shutil.copytree(folder / "kernels/hunt", out / "kernels")
        if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
            assert [made for _, made in islice(write_pdfs(out, "en"), 2)] == [True, True]
    return out


def public_texts(folder: Path) -> dict[str, str]:
    """Every public file as text, and its name; archives, workbooks, tables and PDFs opened; not scripts and styles."""
    found: dict[str, str] = {}
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = file.relative_to(folder).as_posix()
        if name.startswith(("internal/", "assets/")):
            continue
        content = file.read_bytes()
        found[f"name of {name}"] = name
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found |= {f"{name}!{n}": archive.read(n).decode("utf-8", "replace") for n in archive.namelist()}
        else:
            found[name] = content.decode("utf-8", "replace")
        found |= {f"{name}!{part}": text for part, text in _opened(file)}
    return found


def _opened(file: Path) -> Iterator[tuple[str, str]]:
    """Yield what a reader sees of a file that is not text: cells, columns, sheets of paper."""
    if file.suffix == ".xlsx":
        yield from ((f"cells of {name}", frame.write_csv()) for name, frame in _sheets(file))
    elif file.suffix == ".parquet":
        yield "rows", pl.read_parquet(file).write_csv()
        yield "metadata", str(pl.read_parquet_metadata(file))
    elif file.suffix == ".pdf" and shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
        yield "text", done.stdout.decode("utf-8")


def _sheets(file: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    for name in fastexcel.read_excel(file.read_bytes()).sheet_names:
        yield name, pl.read_excel(file, sheet_name=name)


def test_the_pages_are_there(findings: Path):
    rows = {r["notebook"]: r for r in json.loads((findings / "run.json").read_text(encoding="utf-8"))["runs"]}
    states = {name: row["state"] for name, row in rows.items()}
    expected = {"impact": "done", "programme": "done", "quality": "done"}
    assert states == {**expected, "raw": "failed", "broken": "failed", "crash": "failed"}, rows
    assert (findings / "hunt/impact-sales_yuan.ipynb").is_file()
    assert (findings / "hunt/impact-sales_yuan.json").is_file()


def test_no_identifier_and_no_name_is_public(findings: Path):
    leaks = {n for n, t in public_texts(findings).items() if MARK.search(t) or any(name in t for name in NAMES)}
    assert leaks == set()


def test_every_kind_of_file_was_opened(findings: Path):
    """Were one kind missing, the hunt would find nothing in it and say so all the same."""
    texts = public_texts(findings)
    assert "main" in texts["hunt/impact-sales_yuan.xlsx!cells of results"]
    assert "sales_yuan" in texts["findings.parquet!rows"]
    assert "sales_net_yuan" in texts["findings.csv"]
    assert (
        "data:application" in texts["single/hunt/impact-has_loan.html"]
        or "<style>" in texts["single/hunt/quality.html"]
    )
    assert (findings / "kernels/impact-has_loan.html").is_file()
    if shutil.which("pdftotext") and (findings / "pdf").is_dir():
        assert any("sha256" in t for n, t in texts.items() if n.endswith(".pdf!text"))


def test_rows_of_the_ledger_that_were_left_out_are_internal(findings: Path):
    """Copies, unknown buyers, odd dates and doubled ids of orders: counted in tens at most, never quoted."""
    texts = public_texts(findings)
    assert [n for n, t in texts.items() if re.search(r"Entry-X\d|orders\.csv, row \d|\brow 12\d\d\b", t)] == []
    assert "orders" in texts["hunt/quality.html"]


def test_a_frame_on_a_page_is_refused_with_the_reason(findings: Path):
    page = (findings / "hunt/raw.html").read_text(encoding="utf-8")
    assert "cell 3 shows text/html" in page
    assert "show it through evalkit.report" in page


def test_the_full_reason_of_a_failure_is_internal(findings: Path):
    assert MARK.search((findings / "internal/hunt/broken.failed.txt").read_text(encoding="utf-8"))
    page = (findings / "hunt/broken.html").read_text(encoding="utf-8")
    assert "rows: fewer than 10 pairs occur more than once" in page
    assert "KeyError: its message may quote data" in (findings / "hunt/crash.html").read_text(encoding="utf-8")


def test_no_two_pages_differ_by_a_small_cell(findings: Path):
    files = [p for p in findings.rglob("*.json") if "internal" not in p.parts and p.name != "run.json"]
    pages = [json.loads(p.read_text(encoding="utf-8")) for p in files]
    assert len(list(counts_of(pages))) > 20
    assert differences(pages, Disclosure()) == []


def test_no_exact_count_of_households_is_in_any_text(findings: Path):
    """The true counts: 233 and 237 households, 117 and 116 by arm, 7 lost, 7 with a loan, 4 rows left out."""
    whole = public_texts(findings)
    texts = {n: t for n, t in whole.items() if n.endswith((".html", ".json")) and not n.startswith(("run", "single/"))}
    cell = re.compile(r">\s*(?:233|237|117|116|7|4)\s*<|\"n_\w+\": (?:233|237|117|116|7|4)\b(?<!n_leads\": 7)")
    villages = re.compile(r"\"n_(?:villages|clusters|treated_\w+|comparison_\w+|leads|notes_withheld)\": \d+")
    found = {n: cell.findall(villages.sub("", t)) for n, t in texts.items()}
    assert {n: f for n, f in found.items() if f} == {}
    assert "withheld: fewer than 10 households" in texts["hunt/impact-has_loan.html"]


def test_counts_in_workbooks_and_tables_are_multiples_of_the_threshold(findings: Path):
    tables = [frame for file in findings.rglob("*.xlsx") for _, frame in _sheets(file)]
    tables += [pl.read_csv(findings / "findings.csv"), pl.read_parquet(findings / "findings.parquet")]
    counts = [n for t in tables for c in t.columns if c in COUNTS for n in t[c].drop_nulls().to_list()]
    assert len(counts) > 50
    assert [n for n in counts if int(n) % 10] == []


def test_a_share_of_few_is_withheld_with_its_arm(findings: Path):
    values = json.loads((findings / "hunt/impact-has_loan.json").read_text(encoding="utf-8"))
    if values["cells"] is not None:
        assert [r["after"] for r in values["cells"]["rows"]] == [None, None, None]


def test_the_executed_notebook_has_reports_only(findings: Path):
    for file in findings.glob("hunt/*.ipynb"):
        notebook = nbformat.read(file, as_version=4)
        assert set(notebook.metadata) <= {"kernelspec", "language_info"}
        outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
        assert {o.output_type for o in outputs} <= {"display_data", "execute_result"}
        assert not [o for o in outputs if "text/html" in o.data and "text/plain" in o.data]
