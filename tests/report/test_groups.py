"""The groups of a page about spillovers: what is shown, what is withheld, and that the figure's parts agree."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import evalkit
from evalkit import Finding
from evalkit.programme import Disclosure
from evalkit.report import headline, publish, spillover, statement
from evalkit.report.audit import problems
from evalkit.report.block import Block, FigureBlock
from evalkit.report.publishable import publishable
from evalkit.report.shown import shown_by_term


@pytest.fixture(scope="module")
def finding(root) -> Finding:  # type: ignore[no-untyped-def]
    return evalkit.evaluate(evalkit.load(root / "data_raw" / "weinan_teams"), "yield_per_mu_kg")


def limited(finding: Finding, **limits: int) -> Finding:
    programme = finding.programme.model_copy(update={"disclosure": Disclosure(**limits)})
    return replace(finding, programme=programme)


def test_the_figure_has_text_and_a_table_with_every_group(finding: Finding) -> None:
    block = spillover(finding)
    assert isinstance(block, FigureBlock)
    html = block.block.html
    for words in ("Demonstration households", "Linked households", "Other households", "All households", "示范户"):
        assert words in html
    label = re.search(r'lang="en"><figure>.*?aria-label="([^"]+)"', html, re.S)
    assert label is not None
    assert "Demonstration households +203 kg per mu" in label[1]
    assert [len(t["x"]) for t in block.figure["data"]] == [3, 1]


def test_truth_stands_beside_estimate_and_naive(finding: Finding) -> None:
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', spillover(finding).block.html)  # type: ignore[union-attr]
    cells = {name: re.findall(r"<td[^>]*>([^<]*)</td>", row) for name, row in rows}
    direct = cells["Demonstration households"]
    naive = cells["Within pilot villages only: demonstration less other households"]
    assert direct[-1] == naive[-1] == "+196 kg per mu"
    assert naive[1] == "+172 kg per mu"
    assert naive[0] == "–"


def test_the_answer_tells_each_group_and_what_is_assumed(finding: Finding) -> None:
    html = statement(finding).html
    assert "households guided by them +111 kg per mu (plausible range 95.2 to 127 kg per mu)" in html
    assert "No effects across villages are assumed" in html
    assert "假定影响不出村" in html


def test_a_small_group_is_withheld_with_another_and_their_difference(finding: Finding) -> None:
    """124 demonstration households are fewer than 200; the smallest other group goes too, else the total tells."""
    small = limited(finding, min_households=200)
    shown = shown_by_term(small)
    assert set(shown) == {"total", "spillover"}
    html = spillover(small).block.html  # type: ignore[union-attr]
    assert "withheld: fewer than 200 households" in html
    assert "+203" not in html
    assert "+172" not in html
    assert problems(small, publishable(small)) == []


def test_the_audit_sees_a_group_that_slipped_through(finding: Finding) -> None:
    small = limited(finding, min_households=200)
    values = publishable(small)
    values["main"] = [*values["main"], finding.main.row("direct_less_unlinked")]
    assert any("difference of a group" in p for p in problems(small, values))
    values["main"] = [*values["main"][:-1], finding.main.row("direct")]
    assert any("direct is shown" in p for p in problems(small, values))


def test_other_estimators_have_no_groups(finding: Finding) -> None:
    other = replace(finding, main=finding.robustness[0][1])
    assert spillover(other) == Block("")


def test_a_finding_with_groups_is_published(finding: Finding) -> None:
    assert "direct" in str(publish(finding).data)
    assert "higher than expected" in headline(finding, "en")
