"""First screens as text; `python -m tests.browser.snapshots` makes the pages and writes tests/browser/snapshots/ anew.

Text, not pixels: it is the same in every version of Chromium, and a reviewer reads in the diff what a reader will read.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, make_findings
from tests.browser.views import LANGUAGES, PAGES

FOLDER = Path(__file__).parent / "snapshots"
READ = """() => [...document.querySelectorAll('header, main .answer, main .count, thead')].filter(e => e.offsetParent)
    .slice(0, 3).map(e => e.innerText).join('\\n')"""
"""What stands first: the header, the answer (of the list: how many pages, heads), the first table's heads."""


def first_screen(page: Page, address: str) -> str:
    """Return the first screen's text in both languages, without empty lines and layout."""
    texts = []
    for lang in LANGUAGES:
        page.goto(f"{address}?lang={lang}")
        lines = [" ".join(line.split()) for line in str(page.evaluate(READ)).splitlines()]
        texts.append(f"[{lang}]\n" + "\n".join(line for line in lines if line))
    return "\n\n".join(texts) + "\n"


def main() -> int:
    """Make one page of every kind and write their snapshots."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = Path(folder) / "findings"
        make_findings(out)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for kind, name in PAGES.items():
            (FOLDER / f"{kind}.txt").write_text(first_screen(page, (out / name).as_uri()), encoding="utf-8")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
