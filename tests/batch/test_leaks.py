"""The leak hunt: marked identifiers and small cells in every kind of raw file; the public folder has none of them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from html import unescape
from itertools import islice
from pathlib import Path

import fastexcel
import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.pdf import write_pdfs
from evalkit.programme import Disclosure
from evalkit.report.audit import counts_of, differences
from evalkit.report.disclosure import COUNTS
from evalkit.report.wording import WORDS
from tests.batch.hunted_programme import KINDS, MARK, NAMES, write_hunted

PLACES = {words.label("ways_axis") for words in WORDS.values()}
IN_KERNELS = ("quality", "raw", "broken", "crash")
"""What also runs in papermill's own engine, whose kernels send outputs and tracebacks of their own."""
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


def _notebook(file: Path, code: str) -> None:
    declared = new_code_cell('programme: str = "hunt"', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[declared, new_code_cell(code.strip())]), file)


@pytest.fixture(scope="module")
def findings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hunt")
    write_hunted(folder / "data_raw" / "hunt")
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
        plan = make_plan(Request())
        kernels = [run for run in plan.runs if run.notebook in IN_KERNELS or "has_loan" in run.parameters.values()]
        run_batch(replace(plan, runs=tuple(kernels)), Settings(folder / "kernels", workers=2, engine="papermill"))
        shutil.copytree(folder / "kernels", out / "kernels", ignore=shutil.ignore_patterns("internal", "assets"))
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
        yield "streams", "\n".join(_streams(file.read_bytes()))


def _streams(content: bytes) -> Iterator[str]:
    """Yield the streams of a PDF unpacked: what no reader shows, such as addresses, scripts and attachments."""
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(found[1]).decode("latin-1")


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
    if shutil.which("pdftotext") and (findings / "pdf").is_dir():
        assert any("sha256" in t for n, t in texts.items() if n.endswith(".pdf!text"))
        streams = [t for n, t in texts.items() if n.endswith(".pdf!streams")]
        assert min(map(len, streams)) > 1000
        assert [t for t in streams if re.search("file:/|/JavaScript|/EmbeddedFile", t)] == []


def test_what_ran_in_kernels_is_hunted_too(findings: Path):
    rows = json.loads((findings / "kernels/run.json").read_text(encoding="utf-8"))["runs"]
    states = {row["notebook"]: row["state"] for row in rows}
    assert states == {"impact": "done", "quality": "done", "raw": "failed", "broken": "failed", "crash": "failed"}
    assert {p.suffix for p in (findings / "kernels/hunt").iterdir()} == {".html", ".ipynb", ".json", ".xlsx"}
    assert (findings / "kernels/findings.parquet").is_file()


def test_the_manifest_tells_nothing_of_what_is_internal(findings: Path):
    """Not even the hash of a failure's full message: an identity number in it could be found by trying them all."""
    for name in ("run.json", "kernels/run.json"):
        text = (findings / name).read_text(encoding="utf-8")
        assert "internal/" not in text
        assert len(re.findall(r'"state": "failed"', text)) == 3
    full = (findings / "internal/hunt/broken.failed.txt").read_bytes()
    digest = hashlib.sha256(full).hexdigest()
    assert [n for n, text in public_texts(findings).items() if digest in text] == []


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


COUNTED = ("households", "rows", "n_start", "n_observed", "pilot_units", "treated_units", "n_checked", "n_failed")
COUNTED += ("rows_dropped", "n_left", "n_right", "missing_total", "to_verify")
"""Labels of the columns of pages that hold counts of households or records."""


def _counted(html: str) -> Iterator[int]:
    """Yield every number in a column of counts of the English tables of a page."""
    heads = {WORDS["en"].label(key).lower() for key in COUNTED}
    for table in re.findall(r"<table.*?</table>", html, re.DOTALL):
        head, *rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r, re.DOTALL) for r in re.findall("<tr.*?</tr>", table)]
        names = [unescape(re.sub("<[^>]+>", "", h)).lower() for h in head]
        places = [i for i, name in enumerate(names) if any(name == h or name.endswith(f": {h}") for h in heads)]
        cells = [re.sub("<[^>]+>", "", row[i]) for row in rows for i in places if i < len(row)]
        yield from (int(m[1].replace(",", "")) for c in cells if (m := re.fullmatch(r"([\d,]+)( \(.*\))?", c)))


def test_every_count_in_every_table_of_every_page_is_a_multiple_of_the_threshold(findings: Path):
    """So any two of the whole folder, of whatever pages, differ by none or by the threshold at least."""
    counts = {
        p.relative_to(findings).as_posix(): list(_counted(p.read_text(encoding="utf-8")))
        for p in findings.rglob("*.html")
        if "internal" not in p.parts
    }
    assert sum(map(len, counts.values())) > 100
    assert {page: odd for page, found in counts.items() if (odd := [n for n in found if n % 10])} == {}


def test_figures_hold_rounds_and_arms_and_no_households(findings: Path):
    """No point of a unit, jittered or not, and nothing that a browser does not draw: labels, ids, custom data.

    The points of the curve of all ways to compute are ways: one at each place, 1, 2, … to their number.
    """
    payload = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)
    pages = [p for p in findings.rglob("*.html") if "internal" not in p.parts]
    figures = [json.loads(x) for p in pages for x in payload.findall(p.read_text(encoding="utf-8"))]
    curves = [f for f in figures if f["layout"]["xaxis"]["title"]["text"].replace("<br>", " ") in PLACES]
    traces = [t for f in figures for t in f["data"]]
    assert len(traces) > 20
    assert curves
    assert {"customdata", "ids", "text", "hovertext", "meta"} & {key for t in traces for key in t} == set()
    assert max(len(t["x"]) for f in figures if f not in curves for t in f["data"]) <= 4 * len(KINDS)
    for curve in curves:
        points = sorted(x for t in curve["data"] if t["mode"] == "markers" for x in t["x"])
        assert points == list(range(1, len(points) + 1))


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
