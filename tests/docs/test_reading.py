"""How to read a finding: each sentence that a page can write is in its tables, each section there; both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evalkit.gate import CLAIMS
from evalkit.report.wording import LANGUAGES, WORDS, case_of
from evalkit.report.wording.choose import position_of
from tests.report.test_wording import COMBINATIONS, INTERVALS, written

PAGES = {"zh": "docs/zh/reading_finding.md", "en": "docs/reading_finding.md"}
FORMS = ("effect", "assumed", "at_cutoff", "change compared jump", "not_reportable")
POSITIONS = ("up down", "unclear", "small", "no_interval")
"""Rows of the two tables, in their order."""
SECTIONS = ("four_cell", "estimates", "limits", "flow", "provenance", "plan", "attrition")


def tables(root: Path, lang: str) -> list[list[str]]:
    """Return the first cells of the rows of each table of a page."""
    text = (root / PAGES[lang]).read_text(encoding="utf-8")
    found = re.findall(r"^\|[^\n]*\|\n\|[-|]+\n((?:\|[^\n]*\n)+)", text, re.MULTILINE)
    return [[line.split("|")[1].strip() for line in table.splitlines()] for table in found]


def fits(pattern: str, sentence: str) -> bool:
    """Whether a sentence is one of those that a cell stands for: "…" is any text, " / " separates."""
    ways = [[re.escape(part.strip()) for part in re.split("…+", way) if part.strip()] for way in pattern.split(" / ")]
    return any(re.search(".*".join(way), sentence, re.IGNORECASE | re.DOTALL) for way in ways)


def row_of(rows: tuple[str, ...], name: str) -> int:
    return next(i for i, names in enumerate(rows) if name in names.split())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_stands_in_the_tables(root: Path, lang: str):
    forms, positions = tables(root, lang)[:2]
    assert (len(forms), len(positions)) == (len(FORMS), len(POSITIONS))
    seen = set()
    for claim, reasons, interval, unit, rounds, language in COMBINATIONS:
        if language != lang:
            continue
        sentence = written(claim, reasons, interval, unit, rounds, lang)
        low, high = INTERVALS[interval]
        estimate = 0.2 if low is None else (low + high) / 2
        case = case_of(claim, reasons, position_of(estimate, low, high, 0.05), has_rounds=rounds)
        assert fits(forms[row_of(FORMS, case.form)], sentence), sentence
        if case.form != "not_reportable":
            assert fits(positions[row_of(POSITIONS, case.position)], sentence), sentence
        seen.add(case.form)
    assert seen >= {"effect", "assumed", "at_cutoff", "compared", "not_reportable"}
    assert CLAIMS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sentence_of_another_row_does_not_fit(root: Path, lang: str):
    """An effect is no change, and what is likely small is not what cannot be told."""
    forms, positions = tables(root, lang)[:2]
    effect = written("effect", ("randomised",), "up", "share", True, lang)
    assert [fits(form, effect) for form in forms] == [True, False, False, False, False]
    small = written("effect", ("randomised",), "small", "share", True, lang)
    assert [fits(position, small) for position in positions[1:]] == [False, True, False]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("section", SECTIONS)
def test_sections_are_called_as_on_the_page(root: Path, lang: str, section: str):
    text = (root / PAGES[lang]).read_text(encoding="utf-8")
    assert WORDS[lang].label(section) in text
