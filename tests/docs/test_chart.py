"""The chart of choosing a design is the claim gate: walked with every kind of evidence, it ends at the gate's claim."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import get_args
from xml.etree import ElementTree

import pytest

from docs.making.chart import ASKS, steps, svg, walk
from evalkit.design import Assignment
from evalkit.gate import CLAIMS, Evidence, open_gate
from evalkit.report.wording import LANGUAGES, WORDS, Language

P = (None, 0.049, 0.05)


def evidence() -> Iterator[Evidence]:
    """Every combination of what the gate looks at, at its boundaries."""
    villages = product((0, 1, 2), (0, 1, 2), (False, True), (False, True))
    rest = list(product(get_args(Assignment), (0, 2), (None, (0.3, 0.1)), (None, (9, 2)), (0, 5), (False, True)))
    for (pilot, other, interval, reads), (how, leads, lost, small, matched, cut) in product(villages, rest):
        for p in P:
            yield Evidence(
                how, pilot, other, interval, leads, p, lost, small, matched, p, None, reads, at_cutoff=cut, density_p=p
            )


def test_the_chart_ends_where_the_gate_does():
    apart = [e for e in evidence() if walk(e) != open_gate(e).claim]
    assert apart == []


def test_every_kind_of_evidence_leads_to_every_claim():
    assert {walk(e) for e in evidence()} == set(CLAIMS)


def test_a_misfit_up_to_the_start_counts_as_one_before():
    fitted = Evidence("chosen", 2, 9, True, n_matched=5, p_fit=0.6, p_early=0.01)
    assert walk(fitted) == open_gate(fitted).claim == "change_only"


def test_each_question_is_asked_and_leads_on():
    ends = {s[way] for s in steps().values() for way in ("yes", "no")}
    assert set(ASKS) == set(steps())
    assert ends - set(steps()) == set(CLAIMS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_shows_every_question_and_claim(lang: Language):
    words = "".join(ElementTree.fromstring(svg(lang)).itertext())
    assert [s[lang] for s in steps().values() if s[lang] not in words] == []
    assert [c for c in CLAIMS if WORDS[lang].claims[c] not in words] == []
