"""For readers without a mouse or with other eyes: the checks see faults, all pairs are tried, keys download."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations, product
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.access import AXE, FAINT, RUN_AXE
from tests.browser.views import LANGUAGES, LOOKS, PAGES, WIDTHS, views

pytestmark = pytest.mark.xdist_group("browser")


class Quiet(SimpleHTTPRequestHandler):
    """A web server's handler that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(findings: Path) -> Iterator[str]:
    """Serve the findings as a web server would."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(findings)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_axe_sees_what_is_wrong(opened) -> None:
    page = opened("index.html").page
    page.evaluate(AXE)
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate("document.querySelector('input').parentNode.replaceWith(document.querySelector('input'))")
    assert {name for name, _ in page.evaluate(RUN_AXE)} == {"color-contrast", "label"}


def test_a_faint_label_of_a_figure_is_seen(opened) -> None:
    page = opened(PAGES["impact"]).page
    page.evaluate("document.querySelector('.plot svg .xtick text').style.fill = '#bbb'")
    assert len(page.evaluate(FAINT)) == 1


def test_every_pair_of_choices_is_looked_at() -> None:
    values = [list(PAGES), LANGUAGES, WIDTHS, LOOKS]
    for a, b in combinations(range(4), 2):
        assert {(v[a], v[b]) for v in views()} == set(product(values[a], values[b]))


@pytest.mark.parametrize(
    ("kind", "endings"), [("impact", [".ipynb", ".xlsx", ".json"]), ("index", [".csv", ".parquet", ".json"])]
)
def test_numbers_are_downloaded_by_keyboard(browser: Browser, address: str, kind: str, endings: list[str]) -> None:
    context = browser.new_context(locale="en", accept_downloads=True)
    page = context.new_page()
    page.goto(f"{address}/{PAGES[kind]}?lang=en")
    found = []
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.hasAttribute('download')"):
            with page.expect_download(timeout=10_000) as download:
                page.keyboard.press("Enter")
            found.append(Path(download.value.suggested_filename).suffix)
        if found == endings:
            break
    context.close()
    assert found == endings
