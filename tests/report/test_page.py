"""Pages and the list: in both languages, without network, banner where simulated."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from evalkit.report.index import Entry, index_html
from evalkit.report.page import Failure, Page, render, render_failure

PAGE = Page(
    {"zh": "题", "en": "Title"},
    {"zh": "项目", "en": "Programme"},
    "../",
    "../index.html",
    "impact-x",
    "0.1.0",
    False,
    False,
    has_json=True,
)


class Addresses(HTMLParser):
    """Collects every address that a page would load or link."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action", "data", "poster")]


def notebook() -> nbformat.NotebookNode:
    html = new_output("display_data", {"text/html": "<p>shown</p>", "text/plain": "hidden text"})
    lab = new_output(
        "display_data", {"application/vnd.plotly.v1+json": {"data": []}}, metadata={"evalkit": {"page": False}}
    )
    foreign = new_output("display_data", {"application/vnd.plotly.v1+json": {"data": ["</script>"]}})
    return new_notebook(
        cells=[new_markdown_cell("## Heading"), new_code_cell("secret_code = 1", outputs=[html, lab, foreign])]
    )


@pytest.fixture(scope="module")
def html() -> str:
    return render(notebook(), PAGE)


def test_code_is_not_on_the_page(html: str):
    assert "secret_code" not in html
    assert "<p>shown</p>" in html
    assert ">Heading</h2>" in html


def test_page_loads_its_own_files_only(html: str):
    parser = Addresses()
    parser.feed(html)
    assert set(parser.found) == {
        "../assets/page.css",
        "../assets/page.js",
        "../assets/plotly-cartesian.min.js",
        "../index.html",
        "impact-x.ipynb",
        "impact-x.json",
    }
    assert not re.search(r"https?://", html)


def test_policy_forbids_the_network(html: str):
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert "http" not in policy[1]
    assert "connect-src" not in policy[1]


def test_a_figure_cannot_end_its_script(html: str):
    assert html.count('<script type="application/json">') == 1
    assert "\\u003c/script>" in html


def test_language_is_set(html: str):
    assert '<html lang="zh-CN" data-lang="both">' in html
    assert '<html lang="en" data-lang="en">' in render(notebook(), replace(PAGE, lang="en"))


@pytest.mark.parametrize("simulated", [True, False])
def test_banner_of_simulated_data(simulated: bool):
    page = render(notebook(), replace(PAGE, simulated=simulated))
    assert ("模拟数据 / simulated data" in page) is simulated
    assert ("<b>真实数据 / real data</b>" in page) is not simulated


def test_internal_page_is_marked_and_has_no_way_to_the_list():
    page = render(notebook(), replace(PAGE, internal=True, home=""))
    assert "Internal: not for publication" in page
    assert "index.html" not in page


def test_failure_tells_the_reason_as_text():
    page = render_failure(replace(PAGE, simulated=True), Failure("<b>42</b> rows", "none", "look"))
    assert "&lt;b&gt;42&lt;/b&gt; rows" in page
    assert "What to do" in page
    assert "怎么办" in page
    assert "模拟数据 / simulated data" in page


ENTRY = Entry(
    "a/impact-x.html",
    "a",
    {"zh": "甲", "en": "A"},
    {"zh": "指标", "en": "Indicator"},
    {"zh": "句", "en": "Sentence"},
    False,
    "done",
    "effect",
    "income",
)


def test_list_says_which_programmes_are_real():
    html = index_html(
        [ENTRY, replace(ENTRY, programme="b", programme_name={"zh": "乙", "en": "B"}, simulated=True)], "0.1.0"
    )
    assert "Programmes with real data: A." in html
    assert "Programmes with simulated data: B." in html
    assert "真实数据的项目：甲。" in html


def test_list_can_be_filtered_by_programme_domain_and_state():
    html = index_html([ENTRY], "0.1.0")
    assert 'data-programme="a" data-domain="income" data-state="done"' in html
    assert [n for n in ("programme", "domain", "state") if f'<select name="{n}">' not in html] == []


def test_list_has_no_banner_without_simulated_programmes():
    assert 'class="banner' not in index_html([ENTRY], "0.1.0")
