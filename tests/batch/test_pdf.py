"""Public pages on paper: printed by a real Chromium, marked with their hash, and gone when their page is withdrawn."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch import pdf as module
from evalkit.batch.browser import find_browser, print_pdf
from evalkit.batch.pdf import drop_outdated, mark_of, pdf_of, public_pages
from evalkit.cli import main
from evalkit.errors import DataError, UsageError
from evalkit.report.page import Page, asset_bytes, render
from evalkit.report.paper import css_text, for_paper

PAGE = "moz_savings/impact-saved_q4.html"
NAMES = {"zh": "甲", "en": "A"}
HAND_MADE = Page(NAMES, NAMES, "../", "../index.html", "x", "0", False, False, has_json=True)


def text_of(file: Path) -> str:
    """The text of a PDF; a test that needs it is skipped where nothing can read it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine: the text of PDFs is not looked at (install poppler-utils)")
    command = ["pdftotext", "-layout", str(file), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8")


@pytest.fixture(scope="module")
def findings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a public page, a failed one and an internal one, its public page printed in both languages."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("no Chromium on this machine: nothing is printed (install the package chromium)")
    out = tmp_path_factory.mktemp("paper") / "findings"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("EVALKIT_DATA", raising=False)
        run_batch(make_plan(Request(("moz_savings",), ("saved_q4",))), Settings(out, 1))
    rows = json.loads((out / "run.json").read_text(encoding="utf-8"))
    row = rows["runs"][0]
    secret = out / "internal/moz_savings/village-1.html"
    shutil.copytree(out / "moz_savings", secret.parent)
    shutil.copy(out / PAGE, secret)
    name = secret.relative_to(out).as_posix()
    inside = {**row, "page": name, "internal": True, "sha256": {name: row["sha256"][PAGE]}}
    (out / "internal/run.json").write_text(json.dumps({**rows, "runs": [inside]}), encoding="utf-8")
    rows["runs"].append({**row, "page": "moz_savings/failed.html", "state": "failed", "sha256": {}, "place": 1})
    (out / "run.json").write_text(json.dumps(rows), encoding="utf-8")
    for lang in ("zh", "en"):
        printed = CliRunner().invoke(main, ["pdf", str(out), "--lang", lang])
        assert printed.output.startswith("1 printed, 0 unchanged"), printed.output
    return out


def test_only_the_public_page_is_printed(findings: Path):
    names = sorted(p.relative_to(findings).as_posix() for p in findings.rglob("*.pdf"))
    assert names == ["pdf/moz_savings/impact-saved_q4.en.pdf", "pdf/moz_savings/impact-saved_q4.zh.pdf"]


def test_every_sheet_names_page_hash_and_version(findings: Path):
    sheets = text_of(findings / "pdf/moz_savings/impact-saved_q4.zh.pdf").split("\f")[:-1]
    digest = hashlib.sha256((findings / PAGE).read_bytes()).hexdigest()
    assert len(sheets) > 1
    for sheet in sheets:
        assert f"sha256 {digest}" in sheet
        assert re.search(rf"evalkit [\d.]+ · {PAGE}", sheet)


def test_each_language_prints_its_own_text_with_figures_and_what_is_folded_on_screen(findings: Path):
    chinese, english = (text_of(findings / f"pdf/moz_savings/impact-saved_q4.{x}.pdf") for x in ("zh", "en"))
    assert "两组的均值" in chinese
    assert "Means of both groups" not in chinese
    assert "Means of both groups" in english
    assert "plus estimate" in english  # a label that only the drawn figure has
    assert "SHA-256" in english


def test_a_pdf_has_no_links_no_folders_and_no_downloads(findings: Path):
    for file in findings.rglob("*.pdf"):
        content = file.read_bytes()
        assert not [word for word in (b"/URI", b"file:", b"/tmp/", b"/JavaScript") if word in content]
    assert "ipynb" not in text_of(file)


def test_what_is_printed_already_is_left_alone_and_what_is_half_there_is_not(findings: Path):
    file = findings / "pdf/moz_savings/impact-saved_q4.en.pdf"
    before = file.read_bytes()
    assert [is_new for _, is_new in module.write_pdfs(findings, "en")] == [False]
    file.write_bytes(before[:1000])
    assert [is_new for _, is_new in module.write_pdfs(findings, "en")] == [True]
    assert file.read_bytes()[-80:] == before[-80:]


def test_a_page_that_was_changed_by_hand_is_refused(findings: Path, tmp_path: Path):
    out = Path(shutil.copytree(findings, tmp_path / "copy"))
    (out / "pdf/moz_savings/impact-saved_q4.zh.pdf").unlink()
    with (out / PAGE).open("a", encoding="utf-8") as page:
        page.write("<p>王五</p>")
    result = CliRunner().invoke(main, ["pdf", str(out)])
    assert result.exit_code == 1
    assert "not as the run wrote it" in result.output
    assert not (out / "pdf/moz_savings/impact-saved_q4.zh.pdf").exists()


def test_a_page_withdrawn_takes_its_pdf_along(tmp_path: Path):
    """Of three PDFs the first is of a page as it stands; the second's page has other bytes, the third's is internal."""
    row = {"internal": False, "state": "done"}
    rows = [
        {**row, "page": "p/a.html", "sha256": {"p/a.html": "1"}},
        {**row, "page": "p/b.html", "sha256": {"p/b.html": "2"}},
        {**row, "page": "p/c.html", "sha256": {"p/c.html": "3"}, "internal": True},
        {**row, "page": "internal/d.html", "sha256": {"internal/d.html": "4"}},
        {**row, "page": "p/e.html", "sha256": {"p/e.html": "5"}, "state": "failed"},
    ]
    pages = public_pages(rows)
    assert pages == {"p/a.html": "1", "p/b.html": "2"}
    for page, digest in (("p/a.html", "1"), ("p/b.html", "old"), ("p/c.html", "3"), ("p/e.html", "5")):
        file = pdf_of(tmp_path, page, "zh")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%PDF-1.4 %%EOF" + mark_of(digest))
    drop_outdated(tmp_path, pages)
    assert [p.name for p in tmp_path.rglob("*.pdf")] == ["a.zh.pdf"]


def test_without_a_browser_or_pages_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    result = CliRunner().invoke(main, ["pdf", str(tmp_path)])
    assert "no public page in its manifest" in result.output
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match=r"none of chromium.*install the package chromium"):
        find_browser()


@pytest.mark.parametrize(
    "script", ["exit 7", 'for a; do case "$a" in --print-to-pdf=*) echo %PDF-1.4 >"${a#*=}";; esac; done']
)
def test_half_a_pdf_is_none(tmp_path: Path, script: str):
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    browser.chmod(0o755)
    with pytest.raises(DataError, match="no whole PDF"):
        print_pdf(str(browser), "<html></html>", tmp_path)


def test_a_page_for_paper_has_no_links_and_keeps_its_policy():
    from nbformat.v4 import new_notebook

    page = for_paper(
        render(new_notebook(), HAND_MADE), asset_bytes(), "en", 'x"; } * { display: none } </style><script>'
    )
    body = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL)
    assert "<a " not in body
    assert 'data-lang="en"' in body
    assert "default-src 'none'" in body
    assert page.count("<script>") == 2
    assert "x\\22 \\3b " in page


def test_css_text_is_a_string_whatever_it_holds():
    assert css_text("a1 b") == "a1 b"
    assert css_text('"\n\\<村') == "\\22 \\a \\5c \\3c \\6751 "
