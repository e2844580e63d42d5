"""The answers of several indicators one after another, each the sentence that its own page begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evalkit.finding import Finding
from evalkit.report.statement import Facts, case_for, facts_of, sentence
from evalkit.report.wording import Case, Language

ASSUMING = ("assumed", "at_cutoff")
"""Forms of the sentence that begin with their assumption."""
SAME = "same"
QUOTED: dict[Language, str] = {"zh": "“{}”", "en": " “{}”"}
"""A programme's name as sentences of an effect have it."""
SHORT: dict[Language, str] = {"zh": "项目", "en": ""}
"""What stands in its place the second time: in English the words before it, the programme."""


def primary_answers(findings: Sequence[Finding], lang: Language) -> list[str]:
    """Return what the programme changed in its primary indicators, a sentence each; none where the plan has none."""
    primary = [f for f in findings if f.indicator.role == "primary"]
    return answers([(case_for(f), facts_of(f, lang)) for f in primary], lang)


def answers(said: Sequence[tuple[Case, Facts]], lang: Language) -> list[str]:
    """Write several answers; what the answer before it states in the same words is referred to, not said again.

    That is the assumption, or the programme's name.
    """
    lines: list[str] = []
    before, named = None, ""
    for case, facts in said:
        stated = (case.condition, facts.terms) if case.form in ASSUMING else None
        again = stated is not None and stated == before
        line = sentence(replace(case, condition=SAME) if again else case, facts, lang)
        name = QUOTED[lang].format(facts.programme)
        lines.append(line.replace(name, SHORT[lang], 1) if named == name else line)
        before, named = stated, name if name in line else named
    return lines
