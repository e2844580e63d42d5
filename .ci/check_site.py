"""Look at a built site as a reader without a network does: nothing is fetched, links hold, Chinese is found."""

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
    return wrong


def _pages(index: dict, piece: str) -> set[int]:
    """Return the numbers of the pages that hold a piece in their text or title."""
    found = [index[where].get(piece, []) for where in ("terms", "titleterms")]
    return {n for hits in found for n in ([hits] if isinstance(hits, int) else hits)}


if __name__ == "__main__":
    problems = main(Path(sys.argv[1]))
    print("\n".join(problems) or "the site needs no network, its links hold, and Chinese is found")
    sys.exit(1 if problems else 0)
