"""Index and every kind of page in Chromium: nothing fails, overflows, overlaps or is faint; axe-core is content."""

from __future__ import annotations

import re

import pytest

from tests.browser.looking import DRAWN, faults
from tests.browser.views import PAGES, View, views

pytestmark = pytest.mark.xdist_group("browser")

WITH_FIGURES = ("impact", "impact_cross_section", "programme", "quality", "village", "power")


@pytest.mark.parametrize("view", views(), ids=lambda v: "-".join(map(str, v)))
def test_page_is_whole(opened, view: View):
    found = opened(PAGES[view.kind], lang=view.lang, width=view.width, look=view.look)
    page = found.page
    assert page.locator("html").get_attribute("data-lang") == view.lang
    assert bool(page.evaluate(DRAWN)) == (view.kind in WITH_FIGURES)
    assert faults(found, view.width, view.look) == []


def test_faults_are_seen(opened):
    """A page too wide, an empty figure, a tick over its neighbour, a title over the edge, a faint tick, a complaint."""
    found = opened(PAGES["impact"], lang="en", width=768)
    found.page.evaluate("""() => {
        document.body.insertAdjacentHTML('beforeend', '<p style="width:3000px">.</p>');
        const [first, second] = document.querySelectorAll('.plot .xtick');
        first.style.transform = `translateX(${second.getBoundingClientRect().x - first.getBoundingClientRect().x}px)`;
        document.querySelector('.plot .ytick text').style.fill = '#bbb';
        document.querySelector('.plot .ytitle').style.transform = 'translateX(-99px)';
        [...document.querySelectorAll('.plot')].filter(b => b.offsetParent).at(-1).replaceChildren();
        console.error('oh');
    }""")
    kinds = {fault.split(":")[0] for fault in faults(found, 768, "light")}
    assert kinds >= {"problem", "a figure is empty", "overlap", "cut off", "faint"}
    assert any(kind.endswith("pixels wide") for kind in kinds)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["power", "impact"])
def test_compact_tables_fit_a_telephone(opened, kind: str, lang: str):
    """None of their columns lies beyond the edge."""
    page = opened(PAGES[kind], lang=lang, width=360).page
    tables = page.eval_on_selector_all(".compact", "all => all.map(t => [t.clientWidth, t.scrollWidth])")
    seen = [inner for inner in tables if inner[0]]
    assert seen
    assert [(box, inside) for box, inside in seen if inside > box] == []


@pytest.mark.parametrize("kind", ["impact", "programme", "power"])
def test_the_answer_is_told_in_the_chosen_language(opened, kind: str):
    """The sentence in the other language stands on the page, behind the switch."""
    page = opened(PAGES[kind], lang="en", width=360).page
    visible = "all => all.filter(p => p.offsetParent).map(p => p.lang)"
    assert set(page.eval_on_selector_all(".headline p", visible)) == {"en"}
    page.locator("button.switch").click()
    assert set(page.eval_on_selector_all(".headline p", visible)) == {"zh"}


@pytest.mark.parametrize("kind", PAGES)
def test_a_reader_of_one_language_sees_no_other(opened, kind: str):
    page = opened(PAGES[kind], lang="en").page
    page.evaluate("document.querySelectorAll('.switch, .banner').forEach(e => e.remove())")
    assert re.findall(r"[\u4e00-\u9fff]+", page.locator("body").inner_text()) == []


@pytest.mark.parametrize("kind", ["impact", "index"])
def test_language_is_switched_by_keyboard(opened, kind: str):
    page = opened(PAGES[kind], lang="zh").page
    page.locator("button.switch").focus()
    page.keyboard.press("Enter")
    assert page.locator("html").get_attribute("data-lang") == "en"
    assert all(count > 0 for count in page.evaluate(DRAWN))


@pytest.mark.parametrize("width", [360, 1280])
def test_index_is_filtered_by_keyboard(opened, width: int):
    page = opened("index.html", lang="en", width=width).page
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


def test_rows_out_of_sight_are_read_in_one_language(opened):
    """They are not laid out, so style sheets say nothing of them to a screen reader."""
    page = opened("index.html", lang="zh").page
    hidden = "all => all.map(e => [e.lang, e.ariaHidden])"
    for lang in ("zh", "en"):
        parts = page.eval_on_selector_all("tbody [lang]", hidden)
        assert {spoken for spoken, aside in parts if aside == "false"} == {lang}
        assert len({tuple(part) for part in parts}) == 2
        page.locator("button.switch").click()


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
