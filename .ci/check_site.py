"""Look at a built site as a reader without a network does: nothing is fetched, links hold, Chinese is found.

Where there is a Chromium, what is meant to be handed out on two sheets is printed, too.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

FOUND = {
    "怎样选择设计": "choose_design",
    "去标识化": "data_protection",
    "合理范围": "reading_finding",
    "Bell": "crv2",
}
"""What is asked, and the page that must be among those found."""
PRINTED, SHEETS = ("docs/reading_finding.html", "docs/zh/reading_finding.html"), 2
"""Pages that are printed, and how many sheets of A4 each says that it has."""
FETCHED = re.compile(
    r'<(?:script|img|link|iframe|object)\b[^>]*?(?:src|href)="(?:https?:)?//[^"]+"|@import|url\((?:https?:)?//'
)


def main(site: Path) -> list[str]:
    """Return what is wrong with the site."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from docs.making.search import pieces

    index = json.loads(re.search(r"Search\.setIndex\((.*)\)$", (site / "searchindex.js").read_text("utf-8")).group(1))
    wrong = []
    for query, page in FOUND.items():
        common = set.intersection(*(_pages(index, piece.lower()) for piece in pieces(query)))
        if not any(index["docnames"][n].endswith(page) for n in common):
            wrong.append(f"search: {query} does not find {page}")
    for file in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = file.read_text("utf-8")
        name = file.relative_to(site)
        wrong += [f"{name}: fetches {found}" for found in FETCHED.findall(text)]
        if file.suffix == ".html":
            links = {re.split("[#?]", link)[0] for link in re.findall(r'href="([^"]+)"', text)}
            local = [link for link in links if link and "://" not in link and not link.startswith("mailto:")]
            wrong += [f"{name}: {link} is not there" for link in local if not (file.parent / link).exists()]
    return wrong + too_long(site)


def too_long(site: Path) -> list[str]:
    """Return which pages take more sheets of paper than they say."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, CHROMIUM

    if CHROMIUM is None:
        print("no Chromium on this machine: nothing is printed")
        return []
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        for name in PRINTED:
            page.goto((site / name).resolve().as_uri())
            sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4")))
            wrong += [] if sheets == SHEETS else [f"{name}: {sheets} sheets of paper, not {SHEETS}"]
        browser.close()
    return wrong


def _pages(index: dict, piece: str) -> set[int]:
    """Return the numbers of the pages that hold a piece in their text or title."""
    found = [index[where].get(piece, []) for where in ("terms", "titleterms")]
    return {n for hits in found for n in ([hits] if isinstance(hits, int) else hits)}


if __name__ == "__main__":
    problems = main(Path(sys.argv[1]))
    print("\n".join(problems) or "the site needs no network, its links hold, and Chinese is found")
    sys.exit(1 if problems else 0)
