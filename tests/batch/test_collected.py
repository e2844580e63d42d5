"""What readers take away: the workbook beside a page, and all results in one CSV, Parquet and JSON file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import fastexcel
import polars as pl
import pytest

import evalkit
from evalkit.batch.collected import tidy, write_collected
from evalkit.report.publishable import publishable
from evalkit.report.workbook import workbook_bytes
from evalkit.results import TIDY_SCHEMA

DATA = Path(__file__).parents[2] / "data_raw"
HOSTILE = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "http://example.invalid", "<script>", "{{7*7}}")


@pytest.fixture(scope="module")
def values() -> dict:
    return publishable(evalkit.evaluate(evalkit.load(DATA / "suqian_ecommerce"), "disposable_income_pc_yuan"))


def row_of(page: str, **changes: object) -> dict:
    return {"page": page, "internal": False, "state": "done", "files": [page.replace("html", "json")], **changes}


def stored(out: Path, values: dict, *pages: str) -> list[dict]:
    for page in pages:
        (out / page).parent.mkdir(parents=True, exist_ok=True)
        (out / page.replace("html", "json")).write_text(json.dumps(values), encoding="utf-8")
    return [row_of(page) for page in pages]


def test_workbook_holds_the_numbers_of_the_page(values: dict) -> None:
    content = workbook_bytes(values)
    assert content == workbook_bytes(json.loads(json.dumps(values)))
    book = fastexcel.read_excel(content)
    assert book.sheet_names[:2] == ["README", "results"]
    results = pl.read_excel(io.BytesIO(content), sheet_name="results")
    main = results.filter((pl.col("role") == "main") & (pl.col("term") == "att")).row(0, named=True)
    assert main["estimate"] == pytest.approx(values["main"][0]["estimate"], rel=1e-14)  # 16 digits are written
    about = {r[0]: r[1:] for r in pl.read_excel(io.BytesIO(content), sheet_name="README", has_header=False).iter_rows()}
    assert about["data"] == ("模拟数据", "simulated data")
    assert about["indicator"] == ("人均可支配收入", "Disposable income per head")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_data_is_no_formula_and_no_link(values: dict, text: str, tmp_path: Path) -> None:
    changed = json.loads(json.dumps(values))
    changed["indicator"]["label"] = {"zh": text, "en": text}
    changed["programme"]["name"] = {"zh": text, "en": text}
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(changed))) as book:
        for name in book.namelist():
            inside = book.read(name).decode("utf-8")
            assert "<f>" not in inside
            assert "hyperlink" not in inside
    write_collected(tmp_path, stored(tmp_path, changed, "p/impact-a.html"))
    cell = pl.read_csv(tmp_path / "findings.csv")["label_zh"][0]
    assert cell.lstrip("'") == text
    assert cell[0] not in "=+-@\t"


def test_all_results_in_one_file(values: dict, tmp_path: Path) -> None:
    rows = stored(tmp_path, values, "a/impact-x.html", "b/impact-y.html")
    rows += [row_of("internal/v.html", internal=True), row_of("a/impact-z.html", state="failed")]
    write_collected(tmp_path, rows)
    table = pl.read_parquet(tmp_path / "findings.parquet")
    assert table.columns[-len(TIDY_SCHEMA) :] == list(TIDY_SCHEMA)
    assert table["page"].unique().sort().to_list() == ["a/impact-x.html", "b/impact-y.html"]
    assert table.height == 2 * len(values["main"])
    again = pl.read_csv(tmp_path / "findings.csv", schema=table.schema)
    assert again.equals(table)
    text = (tmp_path / "findings.json").read_text(encoding="utf-8")
    whole = json.loads(text)
    assert text == json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1)  # pieces put together are one text
    assert [f["page"] for f in whole["findings"]] == ["a/impact-x.html", "b/impact-y.html"]
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("findings.*")}
    write_collected(tmp_path, rows)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.glob("findings.*")} == before


def test_a_finding_without_a_result_has_a_row_without_numbers(values: dict) -> None:
    table = tidy([("p.html", {**values, "main": None})])
    assert table.height == 1
    assert table.select(list(TIDY_SCHEMA)).row(0) == (None,) * len(TIDY_SCHEMA)
    assert tidy([]).columns == table.columns
