"""A raw folder full of hostile texts, through the whole batch: in the browser its pages run, ask and say nothing else.

Pages carry a policy that would stop scripts even if a text had become markup; so the browser's complaint about what the
policy stopped counts as a fault, too, and the elements of every page are looked at.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page

import evalkit
from evalkit.batch import Request, Settings, make_plan, run_batch
from evalkit.batch.collected import FORMULA
from evalkit.cli import main
from evalkit.errors import visible
from evalkit.intake import check
from evalkit.report.fix_list import write_fix_list
from evalkit.report.index import Entry, index_html
from tests.hostile_programme import FILE_NAMES, HOSTILE, INDICATORS, WRITABLE, village, write_hostile

pytestmark = pytest.mark.xdist_group("browser")
FOREIGN = """() => {
    const kinds = ['IFRAME', 'IMG', 'OBJECT', 'EMBED', 'BASE', 'FRAME', 'AUDIO', 'VIDEO'];
    const addresses = ['href', 'src', 'action', 'srcset', 'xlink:href'];
    const isBad = a => a.name.startsWith('on')
        || addresses.includes(a.name) && /^\\s*(javascript:|data:|([a-z]+:)?\\/\\/)/i.test(a.value);
    const isForeign = e => kinds.includes(e.tagName) || [...e.attributes].some(isBad)
        || e.tagName === 'META' && /refresh/i.test(e.httpEquiv)
        || e.tagName === 'STYLE' && /\\*{display:none}/.test(e.textContent)
        || e.tagName === 'SCRIPT' && e.type !== 'application/json' && /alert/.test(e.textContent);
    return [...document.querySelectorAll('*')].filter(isForeign).map(e => e.outerHTML.slice(0, 200));
}"""


@dataclass(frozen=True)
class Hostile:
    """The project's folder, and the findings of one run."""

    folder: Path
    out: Path

    def pages(self) -> list[Path]:
        """Return all pages; of the single files, which are large, those with most texts."""
        found = sorted(self.out.rglob("*.html"))
        return [p for p in found if "single" not in p.parts or p.stem in ("claims", "impact-odd")]


@pytest.fixture(scope="module")
def hostile(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    folder = tmp_path_factory.mktemp("hostile")
    write_hostile(folder / "data_raw/hostile")
    (folder / "notebooks").mkdir()
    for name in ("impact", "programme", "quality", "claims", "village"):
        shutil.copy(root / f"notebooks/{name}.ipynb", folder / "notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYTHONPATH", str(root))
        patch.setenv("EVALKIT_CACHE", str(folder / "cache"))
        patch.delenv("EVALKIT_DATA", raising=False)
        plan = make_plan(Request())
        villages = [run for run in plan.runs if run.notebook == "village"]
        assert len({run.parameters["village"] for run in villages} & {village(k) for k in range(len(WRITABLE))}) > 40
        pages = [run for run in plan.runs if run.notebook != "village"] + villages[:3]
        result = run_batch(replace(plan, runs=tuple(pages)), Settings(folder / "findings", 2, self_contained=True))
        assert (result.done, result.failed) == (len(INDICATORS) + 3 + 3, 0)
        yield Hostile(folder, folder / "findings")


def test_texts_arrive_in_every_place(hostile: Hostile) -> None:
    """Were a text lost on the way, the browser would find it harmless."""
    named = {
        "claims.html": WRITABLE,
        "programme.html": WRITABLE,
        "quality.html": tuple(FILE_NAMES.values()),
        "impact-sales_yuan.html": WRITABLE[:: len(INDICATORS)],
    }
    for page, texts in named.items():
        shown = unescape((hostile.out / "hostile" / page).read_text(encoding="utf-8"))
        assert [t for t in texts if visible(t.strip()).replace("\r", "\n") not in shown] == [], page
        assert "\u202e" not in shown


@contextmanager
def _watched(browser: Browser, problems: list[str]) -> Iterator[Page]:
    context = browser.new_context(offline=True, locale="en")
    page = context.new_page()
    page.on("dialog", lambda d: (problems.append(f"dialog {d.message}"), d.dismiss()))
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("popup", lambda _: problems.append("a window was opened"))
    page.on(
        "request",
        lambda r: None if re.match(r"file://.*/(\w+/)*[\w.-]+(\?|$)", r.url) else problems.append(f"request {r.url}"),
    )
    yield page
    context.close()


PLANTED = (
    "<img src=x>",
    "<p onclick='1'>x</p>",
    "<a href='javascript:1'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<iframe></iframe>",
    "<script>alert(1)</script>",
    "<style>*{display:none}</style>",
)


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_looked_for_is_found(browser: Browser, planted: str) -> None:
    with _watched(browser, []) as page:
        page.set_content(f"<h1>x</h1>{planted}")
        assert len(page.evaluate(FOREIGN)) == 1


def test_no_page_runs_asks_or_shows_anything_of_them(hostile: Hostile, browser: Browser) -> None:
    problems: list[str] = []
    with _watched(browser, problems) as page:
        for file in hostile.pages():
            page.goto(file.as_uri())
            page.wait_for_load_state("load")
            found = [*page.evaluate(FOREIGN), *problems]
            assert found == [], file.name
            assert page.locator("h1").count() == 1
            assert page.locator("main").is_visible()
        index = hostile.out / "index.html"
        page.goto(index.as_uri())
        for text in HOSTILE[:12]:
            page.locator("input[name=search]").fill(text.replace("\x00", ""))
        page.locator("select[name=programme]").select_option("hostile")
    assert problems == []


def test_the_list_of_pages_shows_every_text_as_text(hostile: Hostile, browser: Browser) -> None:
    names = [{"zh": text, "en": text} for text in WRITABLE]
    entries = [Entry("x.html", n["zh"], n, n, n, False, "done", "effect", "income") for n in names]
    file, problems = hostile.out / "list.html", list[str]()
    file.write_text(index_html(entries, "1", "en"), encoding="utf-8")
    with _watched(browser, problems) as page:
        page.goto(file.as_uri())
        assert page.evaluate(FOREIGN) == []
        assert page.locator("tbody tr").count() == len(WRITABLE)
        page.emulate_media(media="print")  # on a screen, rows out of sight are not laid out and have no inner text
        shown = page.locator("td a span:visible").all_inner_texts()
    file.unlink()
    seen = [text for text in WRITABLE if text not in ("\u200b", "\ufeff")]
    assert [" ".join(t.split()) for t in shown] == [" ".join(visible(t).split()) for t in seen]
    assert problems == []


def test_a_village_page_shows_its_name_as_text(hostile: Hostile, browser: Browser) -> None:
    shown = []
    with _watched(browser, []) as page:
        for file in sorted((hostile.out / "internal").rglob("village-*.html")):
            page.goto(file.as_uri())
            shown.append(page.locator("h1 span:visible").first.inner_text())
    names = {" ".join(visible(village(k)).split()) for k in range(len(WRITABLE))}
    assert len(shown) == 3
    assert {" ".join(name.split()) for name in shown} <= names


def test_files_have_plain_names_and_stay_in_their_folder(hostile: Hostile) -> None:
    names = [p.relative_to(hostile.out).as_posix() for p in hostile.out.rglob("*") if p.is_file()]
    assert [n for n in names if not re.fullmatch(r"[\w./-]+", n)] == []
    assert {p.name for p in hostile.folder.iterdir()} == {"data_raw", "notebooks", "cache", "findings"}
    assert sorted(p.suffix for p in (hostile.folder / "notebooks").iterdir()) == [".ipynb"] * 5


def test_no_workbook_and_no_table_has_a_formula_or_a_link(hostile: Hostile, tmp_path: Path) -> None:
    programme = evalkit.load(hostile.folder / "data_raw/hostile")
    assert write_fix_list(check(programme), programme, tmp_path / "fix.xlsx") > 0
    workbooks = [tmp_path / "fix.xlsx", *hostile.out.rglob("*.xlsx")]
    assert len(workbooks) == 1 + len(INDICATORS)
    for file in workbooks:
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
        assert [n for n in parts if re.search(r"externalLink|vba|embedding|connection", n, re.I)] == []
        assert [n for n, text in parts.items() if re.search(r"<f[ >]|<hyperlink|TargetMode=\"External", text)] == []
    table = pl.read_csv(hostile.out / "findings.csv", infer_schema=False)
    texts = [v for c in ("label_zh", "label_en", "family", "unit") for v in table[c].drop_nulls()]
    assert [v for v in texts if re.match(FORMULA, v)] == []


def test_a_draft_of_a_hostile_folder_is_text(hostile: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`evalkit new` writes what it found into files that programs read: nothing of it becomes an entry of its own."""
    import tomllib

    monkeypatch.setenv("EVALKIT_DATA", str(tmp_path / "data_raw"))
    (tmp_path / "data_raw").mkdir()
    result = CliRunner().invoke(main, ["new", "drafted", "--from", str(hostile.folder / "data_raw/hostile")])
    assert result.exit_code == 0, result.output
    draft = tomllib.loads((tmp_path / "data_raw/drafted/programme.toml").read_text(encoding="utf-8"))
    assert set(draft) <= {"schema_version", "programme", "design", "sources", "indicators", "quality", "disclosure"}
    codebook = pl.read_csv(tmp_path / "data_raw/drafted/codebook.csv", infer_schema=False)
    assert len({f"{t}?" for t in WRITABLE} & set(codebook["raw_header"])) > 40
    assert [v for c in codebook.columns for v in codebook[c].drop_nulls() if re.match(FORMULA, v)] == []
