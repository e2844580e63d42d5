"""The leak hunt: marked identifiers and small cells in every kind of raw file; the public folder has none of them."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.programme import Disclosure
from evalkit.report.audit import counts_of, differences

MARKED = [f"99{i:04d}19900101{i:03d}X" for i in range(500)]
"""500 identity numbers of the area 99, which is assigned to no place."""
MARK = re.compile(r"99\d{4}19900101")
NAMES = ("王隐私甲", "李隐私乙", "张隐私丙")
KINDS = {2012: "csv", 2013: "xlsx", 2014: "parquet"}
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
CODEBOOK = """raw_header,name,kind,unit,factor,identifier
身份证,household_id,id,,,identity number
户主,head_name,text,,,name
村,village,id,,,
开始,start,integer,,,
销售,sales_yuan,number,yuan,1,
贷款,has_loan,flag,,,
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
            "开始": ["2014" if v < 6 else "" for v in village],
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
        {"csv": frame.write_csv, "xlsx": frame.write_excel, "parquet": frame.write_parquet}[kind](file)


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
        run_batch(make_plan(Request()), Settings(folder / "findings", workers=2))
    return folder / "findings"


def public_texts(folder: Path) -> dict[str, str]:
    """Every public file as text, with archives (xlsx) opened, and its name; not the shared scripts and styles."""
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
    return found


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


def test_a_frame_on_a_page_is_refused_with_the_reason(findings: Path):
    page = (findings / "hunt/raw.html").read_text(encoding="utf-8")
    assert "cell 3 shows text/html" in page
    assert "show it through evalkit.report" in page


def test_the_full_reason_of_a_failure_is_internal(findings: Path):
    assert MARK.search((findings / "internal/hunt/broken.failed.txt").read_text(encoding="utf-8"))
    page = (findings / "hunt/broken.html").read_text(encoding="utf-8")
    assert "rows: 2 pairs occur more than once." in page
    assert "KeyError: its message may quote data" in (findings / "hunt/crash.html").read_text(encoding="utf-8")


def test_no_two_pages_differ_by_a_small_cell(findings: Path):
    files = [p for p in findings.rglob("*.json") if "internal" not in p.parts and p.name != "run.json"]
    pages = [json.loads(p.read_text(encoding="utf-8")) for p in files]
    assert len(list(counts_of(pages))) > 20
    assert differences(pages, Disclosure()) == []


def test_no_exact_count_of_households_is_in_any_text(findings: Path):
    """The true counts: 233 and 237 households, 117 and 116 by arm, 7 lost, 7 with a loan, 4 rows left out."""
    texts = {n: t for n, t in public_texts(findings).items() if n.endswith((".html", ".json")) and n != "run.json"}
    cell = re.compile(r">\s*(?:233|237|117|116|7|4)\s*<|\"n_\w+\": (?:233|237|117|116|7|4)\b(?<!n_leads\": 7)")
    villages = re.compile(r"\"n_(?:villages|clusters|treated_\w+|comparison_\w+|leads|notes_withheld)\": \d+")
    found = {n: cell.findall(villages.sub("", t)) for n, t in texts.items()}
    assert {n: f for n, f in found.items() if f} == {}
    assert "withheld: fewer than 10 households" in texts["hunt/impact-has_loan.html"]


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
