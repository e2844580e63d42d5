"""Text from data is never markup, code, path or formula: hostile names of villages and labels do nothing anywhere."""

from __future__ import annotations

import ast
import json
import math
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from papermill.iorw import load_notebook_node

from evalkit import report
from evalkit.batch.engines import engine_known
from evalkit.batch.kernel import NAME, ThisInterpreter
from evalkit.batch.plan import safe_name
from evalkit.errors import DataError, visible
from evalkit.finding import Finding
from evalkit.report.figures import Axes, Series, plot
from evalkit.report.index import Entry, index_html
from evalkit.report.page import Failure, Page, render, render_failure
from evalkit.report.replication import replication
from tests.hostile_programme import HOSTILE

PAGE = Page({}, {}, "../", "../index.html", "impact-x", "0.1.0", False, False)


class Elements(HTMLParser):
    """Collects elements, event handlers and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.addresses: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.addresses |= {value or "" for name, value in attrs if name in ("src", "href", "action")}


def _titles(text: str) -> Page:
    return replace(PAGE, title={"zh": text, "en": text}, kicker={"zh": text, "en": text})


def _page(finding: Finding, text: str) -> str:
    """A page with the text in every place that takes text from plan or data."""
    label = finding.indicator.label.model_copy(update={"zh": text, "en": text})
    about = finding.programme.about.model_copy(update={"name": label, "attribution": text})
    origin = replace(finding.provenance, inputs={text: "0" * 64})
    hostile = replace(
        finding,
        indicator=finding.indicator.model_copy(update={"label": label}),
        programme=finding.programme.model_copy(update={"about": about}),
        provenance=origin,
    )
    blocks = [report.statement(hostile), report.estimates(hostile), report.flow(hostile), report.publish(hostile)]
    blocks += [report.means(hostile).block, report.overview_table([hostile])]
    shown = [new_output("execute_result", b._repr_mimebundle_()) for b in blocks]
    return render(new_notebook(cells=[new_code_cell("x", outputs=shown)]), _titles(text))


def test_there_are_enough():
    assert len(set(HOSTILE)) >= 40


def test_a_hostile_label_adds_no_element_handler_or_address(income: Finding):
    plain = Elements(_page(income, "村"))
    for text in HOSTILE:
        found = Elements(_page(income, text))
        assert found.tags == plain.tags, text
        assert (found.handlers, found.addresses) == (plain.handlers, plain.addresses), text


def test_a_hostile_name_does_nothing_in_the_list_and_on_a_failed_page():
    names = {"zh": "村", "en": "村"}
    entry = Entry("a/x.html", "a", names, names, names, False, "done", "effect", "income")
    for make in (
        lambda t: index_html([replace(entry, programme_name={"zh": t, "en": t}, headline={"zh": t, "en": t})], "1"),
        lambda t: render_failure(_titles(t), Failure(t, t, t)),
    ):
        plain = Elements(make("村"))
        assert [t for t in HOSTILE if Elements(make(t)).tags != plain.tags] == []


def test_a_hostile_label_cannot_end_the_json_of_a_figure(income: Finding):
    for text in HOSTILE:
        label = income.indicator.label.model_copy(update={"zh": text, "en": text})
        html = report.means(replace(income, indicator=income.indicator.model_copy(update={"label": label}))).block.html
        payloads = re.findall(r'<script type="application/json">(.*?)</script>', html, re.S)
        assert len(payloads) == 2
        assert all(set(json.loads(p)) == {"data", "layout"} for p in payloads)


def test_plotly_gets_no_markup_from_a_unit():
    """Plotly reads <a>, <b> and <br> in its texts: what comes from plan or data reaches it escaped."""
    for hostile in HOSTILE:
        figure = plot([Series(hostile, [1], [2.0])], Axes(hostile, hostile))
        layout = figure["layout"]
        texts = [figure["data"][0]["name"], layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]]
        lines = [line for t in texts for line in t.split("<br>")]
        assert [line for line in lines if "<" in line] == []
        whole = ["".join(unescape(t.replace("<br>", "")).split()) for t in texts]
        assert whole == ["".join(visible(hostile).split())] * 3


@pytest.mark.parametrize("text", HOSTILE)
def test_a_file_name_is_made_of_safe_letters(text: str):
    name = safe_name(text)
    assert re.fullmatch(r"[\w-]{1,60}", name)
    assert not name.startswith((".", "/"))


def test_replication_tables_escape_what_was_published(saved: Finding):
    row = {"indicator": "saved_q4", "estimate": 0.1, "std_error": 0.1, "digits": 3}
    plain = Elements(replication(saved.programme, [{**row, "variant": "x", "table": "x"}], [row]).html).tags
    for text in HOSTILE:
        html = replication(saved.programme, [{**row, "variant": text, "table": text}], [row]).html
        assert Elements(html).tags == plain


def test_a_text_turns_nothing_round_and_moves_no_cursor(income: Finding):
    """After U+202E a browser and a terminal write 321 for 123; ESC ] names a terminal's window, ESC [ moves in it."""
    label = income.indicator.label.model_copy(update={"zh": "\u202e收入\x1b[2J", "en": "\u202eIncome\x1b]0;x\x07"})
    hostile = replace(income, indicator=income.indicator.model_copy(update={"label": label}))
    page = _page(hostile, "\u2066a\x1b[31m") + report.statement(hostile).html + report.means(hostile).block.html
    told = str(DataError("x.csv", "2 rows of \u202e'V\x1b[2J'", "none\x9b2J", "remove \x07"))
    for shown in (page, told):
        assert [hex(ord(c)) for c in shown if c in "\u202e\u2066\x1b\x07\x9b"] == []
    assert "\\u202eIncome" in page
    assert told == r"x.csv: 2 rows of \u202e'V\u001b[2J'. Needed: none\u009b2J. What to do: remove \u0007."


VALUES = {
    **{f"s{i}": text for i, text in enumerate(HOSTILE) if "\x00" not in text},
    "large": "x" * 1_000_000,
    "quotes": "'''\"\"\"",
    "lines": "a\r\nb\n\tc",
    "date": "2016-02-30",
    "nan": math.nan,
    "infinite": -math.inf,
    "chinese": "宿迁市“电商”项目",
    "nothing": None,
    "nested": {"a": [1, "'", {"b": "\\"}]},
    "whole": 2**63,
}


KERNEL = {"kernel_manager_class": ThisInterpreter}
"""papermill's own engine, with a kernel of this interpreter."""


@pytest.mark.parametrize("engine", ["papermill", "fork"])
def test_parameters_arrive_as_the_same_values(tmp_path: Path, engine: str):
    code = "import json\nprint(json.dumps({n: globals()[n] for n in names}))"
    cells = [new_code_cell("names = []", metadata={"tags": ["parameters"]}), new_code_cell(code)]
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "x"}}),
        tmp_path / "in.ipynb",
    )
    options = KERNEL if engine == "papermill" else {"engine_name": engine_known()}
    papermill.execute_notebook(
        tmp_path / "in.ipynb",
        tmp_path / "out.ipynb",
        parameters={**VALUES, "names": list(VALUES)},
        cwd=tmp_path,
        kernel_name=NAME,
        language="python",
        progress_bar=False,
        **options,
    )
    outputs = load_notebook_node(str(tmp_path / "out.ipynb")).cells[-1].outputs
    arrived = json.loads("".join(o.text for o in outputs if o.output_type == "stream"))
    assert math.isnan(arrived.pop("nan"))
    assert arrived == {k: v for k, v in VALUES.items() if k != "nan"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.ipynb", "out.ipynb"]


def test_injected_parameters_are_literals_only():
    from papermill.translators import PythonTranslator

    source = PythonTranslator.codify(VALUES)
    for node in ast.parse(source).body:
        assert isinstance(node, ast.Assign)
        calls = [n for n in ast.walk(node.value) if isinstance(n, ast.Call)]
        assert [ast.unparse(c) for c in calls if ast.unparse(c.func) != "float"] == []
