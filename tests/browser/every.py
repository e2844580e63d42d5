"""Every page of a findings folder in a browser: `python -m tests.browser.every findings`, as CI does after making them.

Each page is opened once, in one of the eighteen views of language, width and look in turn; of internal village pages
the first of each programme. It prints what is wrong and exits with 1 where anything is.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.looking import faults, open_page
from tests.browser.views import LANGUAGES, LOOKS, WIDTHS

VIEWS = list(product(LANGUAGES, WIDTHS, LOOKS))
STEP = 5
"""Pages of one kind follow one another by name; five and eighteen have no common part, so all views occur."""


def pages_of(folder: Path) -> list[Path]:
    """Return the pages to look at: all but most internal village pages, which are alike."""
    pages, seen = [], set()
    for page in sorted(folder.rglob("*.html")):
        alike = (page.parent, page.stem.split("-")[0]) if "internal" in page.parts else page
        pages += [] if alike in seen else [page]
        seen.add(alike)
    return pages


def main(folder: Path) -> int:
    """Look at all pages; return 1 where one has a fault, or there is none."""
    if CHROMIUM is None:
        print("no Chromium on this machine: pages are not looked at")
        return 0
    wrong, pages = 0, pages_of(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for i, page in enumerate(pages):
            lang, width, look = VIEWS[i * STEP % len(VIEWS)]
            with open_page(browser, page.resolve().as_uri(), lang, width, look) as found:
                said = faults(found, width, look)
            wrong += bool(said)
            for fault in said:
                print(f"{page.relative_to(folder)} ({lang}, {width}, {look}): {fault}")
        browser.close()
    print(f"{len(pages)} pages in a browser, {wrong} with faults")
    return 1 if wrong or not pages else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
