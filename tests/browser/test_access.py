"""Pages for every reader: axe-core finds nothing serious, text stands out from its ground, links work by keyboard."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path

import pytest

from tests.browser.views import LANGUAGES, LOOKS, PAGES, WIDTHS, View, views

pytestmark = pytest.mark.xdist_group("browser")

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})).violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .map(v => [v.id, v.nodes.slice(0, 3).map(n => n.target.join(' '))])"""
FAINT = """() => {
    const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = color => {
        const [r, g, b] = color.match(/[\\d.]+/g).map(Number);
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const ratio = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05);
    return [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).flatMap(plot => {
        const own = getComputedStyle(plot).backgroundColor;
        const ground = own === 'rgba(0, 0, 0, 0)' ? getComputedStyle(document.body).backgroundColor : own;
        return [...plot.querySelectorAll('svg text')].filter(t => t.textContent && t.getBoundingClientRect().width)
            .map(t => [t.textContent, ratio(getComputedStyle(t).fill, ground)]).filter(([, found]) => found < 4.5);
    });
}"""
"""Labels of figures, which axe-core does not look at, that stand out by less than 4.5 to 1."""


@pytest.mark.parametrize("view", views(), ids=lambda v: "-".join(map(str, v)))
def test_axe_finds_nothing_serious(opened, view: View) -> None:
    page = opened(PAGES[view.kind], lang=view.lang, width=view.width, look=view.look).page
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE) == []
    assert page.evaluate(FAINT) == []


def test_axe_sees_what_is_wrong(opened) -> None:
    page = opened("index.html").page
    page.evaluate(AXE)
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate("document.querySelector('input').parentNode.replaceWith(document.querySelector('input'))")
    assert {name for name, _ in page.evaluate(RUN_AXE)} == {"color-contrast", "label"}


def test_every_pair_of_choices_is_looked_at() -> None:
    values = [list(PAGES), LANGUAGES, WIDTHS, LOOKS]
    for a, b in combinations(range(4), 2):
        assert {(v[a], v[b]) for v in views()} == set(product(values[a], values[b]))


@pytest.mark.parametrize("kind", ["impact", "programme"])
def test_numbers_are_downloaded_by_keyboard(opened, kind: str) -> None:
    page = opened(PAGES[kind], lang="en").page
    link = page.locator("footer a[download]").last
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("e => e === document.activeElement"):
            break
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".json")
