"""The table of adjusted p-values on the programme page: what is shown, and that a withheld indicator shows nothing."""

from __future__ import annotations

import re
from dataclasses import replace

import evalkit
from evalkit.finding import Finding
from evalkit.inference import InFamily
from evalkit.report import overview_headline, overview_notes
from evalkit.report.wording import WORDS

ROW = re.compile(r"<tr><th scope=\"row\">(.*?)</tr>")


def _two(saved: Finding) -> list[Finding]:
    other = replace(saved, indicator=saved.indicator.model_copy(update={"name": "other", "family": "credit"}))
    return [saved, saved, other]


def _cells(html: str) -> list[list[str]]:
    return [
        re.sub(r"</t[hd]>|<td[^>]*>", "|", row).strip("|").replace("||", "|").split("|") for row in ROW.findall(html)
    ]


def test_three_ways_beside_each_other(saved: Finding) -> None:
    found = _two(saved)
    adjusted = evalkit.adjust_families([f.main for f in found], [f.indicator.family for f in found], draws=99)
    html = overview_notes(found, adjusted, {})._repr_html_()
    english = [row for row in _cells(html) if row[0] == saved.indicator.label.en]
    p = saved.main.row("att")["p_value"]
    assert english[0][1:4] == ["Family 1", f"{p:.3f}", f"{2 * p:.3f}"]
    assert english[0] == english[1]
    assert english[2][1:] == ["Family 2", f"{p:.3f}", f"{p:.3f}", "–", "–"]
    for words in WORDS.values():
        assert words.label("adjusted_ways")[:30] in html
        assert words.label("adjusted_alone")[:20] in html


def test_families_of_one_need_no_table(saved: Finding) -> None:
    html = overview_notes([saved], [InFamily(1, 0.1)], {})._repr_html_()
    assert "<table" not in html
    assert WORDS["en"].label("adjusted_title") in html


def test_withheld_indicators_show_no_p(saved: Finding) -> None:
    held = replace(saved, gate=replace(saved.gate, claim="not_reportable"))
    found = [held, saved]
    adjusted = [InFamily(2, 0.2, 0.15, 0.1), InFamily(2, 0.2, 0.15, 0.1)]
    html = overview_notes(found, adjusted, {})._repr_html_()
    rows = [row[2:] for row in _cells(html) if row[0] == saved.indicator.label.en]
    assert rows[0] == ["–"] * 4
    assert rows[1][1:] == ["0.200", "0.150", "0.100"]
    numbers = repr(overview_headline(saved.programme, found, adjusted, {})._repr_mimebundle_())
    assert numbers.count("'q_sharpened': 0.1") == 1


def test_the_index_of_a_family_comes_first(saved: Finding) -> None:
    """One row a family, withheld with any of its indicators; its numbers go beside the page."""
    index = {saved.indicator.family: saved.main, "credit": None}
    found = _two(saved)
    adjusted = [InFamily(2, 0.2, 0.2, 0.2), InFamily(2, 0.2, 0.2, 0.2), InFamily(1, 0.1)]
    row = saved.main.row("att")
    rows = [r for r in _cells(overview_notes(found, adjusted, index)._repr_html_()) if r[0].startswith("Family")]
    assert rows[0][1:3] == ["2", f"{row['estimate']:.2f}"]
    assert rows[0][4] == f"{row['p_value']:.3f}"
    assert rows[1] == ["Family 2", "1", "–", "–", "–"]
    held = [found[0], replace(saved, gate=replace(saved.gate, claim="not_reportable")), found[2]]
    rows = [r for r in _cells(overview_notes(held, adjusted, index)._repr_html_()) if r[0].startswith("Family")]
    assert rows[0] == ["Family 1", "2", "–", "–", "–"]
    numbers = repr(overview_headline(saved.programme, held, adjusted, index)._repr_mimebundle_())
    assert "{'family': 'savings', 'index': None}" in numbers
