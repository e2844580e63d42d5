"""Index and every kind of page in Chromium: nothing fails, overflows, overlaps or is faint; axe-core is content."""

from __future__ import annotations

import re

import pytest

from tests.browser.access import AXE, FAINT, RUN_AXE
from tests.browser.views import PAGES, View, views

pytestmark = pytest.mark.xdist_group("browser")

PAPER = 718
"""Pixels across a sheet of A4 within Chromium's margins: no sheet is narrower."""
WITH_FIGURES = ("impact", "impact_cross_section", "programme", "quality", "village")
DRAWN = """() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).map(b =>
    b.querySelectorAll('.scatterlayer .point, .scatterlayer path.js-line, .barlayer path').length)"""
OVERLAPS = """() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).flatMap(plot =>
    ['.xtick', '.ytick', '.legendtext'].flatMap(kind => {
        const boxes = [...plot.querySelectorAll(kind)].map(e => [e.textContent, e.getBoundingClientRect()]);
        return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([b, q]) =>
            p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1
        ).map(([b]) => a + ' | ' + b));
    }))"""
CUT = """() => [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).flatMap(plot => {
    const frame = plot.getBoundingClientRect();
    return [...plot.querySelectorAll('.xtick, .ytick, .legendtext, .xtitle, .ytitle')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.left < frame.left - 1 || box.right > frame.right + 1;
    }).map(e => e.textContent);
})"""


@pytest.mark.parametrize("view", views(), ids=lambda v: "-".join(map(str, v)))
def test_page_is_whole(opened, view: View):
    found = opened(PAGES[view.kind], lang=view.lang, width=view.width, look=view.look)
    page = found.page
    assert found.problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= max(
        view.width, PAPER if view.look == "print" else 0
    )
    assert page.locator("html").get_attribute("data-lang") == view.lang
    drawn = page.evaluate(DRAWN)
    assert (len(drawn) > 0) == (view.kind in WITH_FIGURES)
    assert all(count > 0 for count in drawn)
    assert page.evaluate(OVERLAPS) == []
    assert page.evaluate(CUT) == []
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE) == []
    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("kind", PAGES)
def test_a_reader_of_one_language_sees_no_other(opened, kind: str):
    """But for the answer itself, which stands in both."""
    page = opened(PAGES[kind], lang="en").page
    page.evaluate("document.querySelectorAll('.always, .switch, .banner').forEach(e => e.remove())")
    assert re.findall(r"[\u4e00-\u9fff]+", page.locator("body").inner_text()) == []


@pytest.mark.parametrize("kind", ["impact", "index"])
def test_language_is_switched_by_keyboard(opened, kind: str):
    page = opened(PAGES[kind], lang="zh").page
    page.locator("button.switch").focus()
    page.keyboard.press("Enter")
    assert page.locator("html").get_attribute("data-lang") == "en"
    assert all(count > 0 for count in page.evaluate(DRAWN))


def test_index_is_filtered_by_keyboard(opened):
    page = opened("index.html", lang="en").page
    rows = page.locator("tbody tr:visible")
    before = rows.count()
    page.locator("select[name=programme]").focus()
    page.keyboard.press("ArrowDown")
    chosen = rows.count()
    assert 0 < chosen < before
    page.locator("input[name=search]").focus()
    page.keyboard.type("no such words")
    assert rows.count() == 0
    assert page.locator(".count").inner_text().strip() != ""


def test_index_never_links_to_internal_pages(opened):
    links = opened("index.html").page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    assert links
    assert [link for link in links if "internal" in link] == []


def test_index_is_sorted_by_keyboard(opened):
    page = opened("index.html", lang="en").page
    names = "all => all.map(a => a.textContent)"
    before = page.eval_on_selector_all('tbody tr a [lang="en"]', names)
    page.locator("select[name=sort]").focus()
    page.keyboard.press("ArrowDown")
    after = page.eval_on_selector_all('tbody tr a [lang="en"]', names)
    assert after == sorted(before, key=str.lower) != before
    page.keyboard.press("ArrowUp")
    assert page.eval_on_selector_all('tbody tr a [lang="en"]', names) == before


def test_index_shows_each_interval_beside_zero(opened):
    page = opened("index.html", lang="en").page
    sparks = page.eval_on_selector_all("svg.spark", "all => all.filter(s => s.getBoundingClientRect().width).length")
    assert sparks == sum("/impact-" in name for name in PAGES.values())


def test_an_impact_page_is_small_beside_the_bundle(findings):
    sizes = {name: (findings / name).stat().st_size for name in PAGES.values() if "/impact-" in name}
    assert {name: size for name, size in sizes.items() if size > 400_000} == {}
