"""The views in which every kind of page is looked at: all pairs of kind, language, width and look occur."""

from __future__ import annotations

from typing import NamedTuple

from tests.browser.conftest import KINDS

PAGES = {"index": "index.html", **KINDS}
LANGUAGES, WIDTHS, LOOKS = ("zh", "en"), (360, 768, 1400), ("light", "dark", "print")


class View(NamedTuple):
    """A kind of page, in one language, width (pixels) and look."""

    kind: str
    lang: str
    width: int
    look: str


def views() -> list[View]:
    """Return three views of each kind of page: each width once, each look once, both languages."""
    return [
        View(kind, LANGUAGES[(k // 3 + j) % 2], WIDTHS[j], LOOKS[(j + k) % 3])
        for k, kind in enumerate(PAGES)
        for j in range(3)
    ]
