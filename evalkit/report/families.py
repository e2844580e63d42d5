"""The table of p-values adjusted within families of indicators, and what each way of adjusting answers."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.finding import Finding
from evalkit.inference import InFamily
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, p_text
from evalkit.report.statement import case_for
from evalkit.report.wording import WORDS, Language

COLUMNS = ("indicator", "family", "p_value", "p_holm", "p_westfall_young", "q_sharpened")


def families(findings: Sequence[Finding]) -> list[str]:
    """Return the families of indicators in the order in which they appear; p is adjusted within each."""
    return list(dict.fromkeys(f.indicator.family for f in findings))


def families_block(findings: Sequence[Finding], adjusted: Sequence[InFamily]) -> Block:
    """Return why p is adjusted and within which families; where one holds several indicators, the three ways beside."""
    why = Block(paragraph(lambda lang: WORDS[lang].label("adjusted_why", groups=_groups(findings, lang))))
    title = Block(heading(lambda lang: WORDS[lang].label("adjusted_title")))
    if all(a.n < 2 for a in adjusted):
        return title + why
    grids = Block(both(lambda lang: _grid(findings, adjusted, lang).html()))
    ways = Block(paragraph(lambda lang: WORDS[lang].label("adjusted_ways")))
    if all(a.n > 1 for a in adjusted):
        return title + why + grids + ways
    return title + why + grids + ways + Block(paragraph(lambda lang: WORDS[lang].label("adjusted_alone")))


def _grid(findings: Sequence[Finding], adjusted: Sequence[InFamily], lang: Language) -> Grid:
    names, words = families(findings), WORDS[lang]
    rows = []
    for finding, in_family in zip(findings, adjusted, strict=True):
        plan = finding.indicator
        shown = [finding.main.row("att")["p_value"], in_family.holm, in_family.westfall_young, in_family.sharpened_q]
        numbers = [p_text(v) for v in shown] if case_for(finding).shows_numbers else [DASH] * 4
        rows.append([getattr(plan.label, lang), words.label("group", n=names.index(plan.family) + 1), *numbers])
    return Grid([words.label(k) for k in COLUMNS], rows, words=(1,))


def _groups(findings: Sequence[Finding], lang: Language) -> str:
    joint, gap = ("、", "；") if lang == "zh" else (", ", "; ")
    groups = [
        [getattr(f.indicator.label, lang) for f in findings if f.indicator.family == g] for g in families(findings)
    ]
    return gap.join(WORDS[lang].label("group_named", n=n, names=joint.join(names)) for n, names in enumerate(groups, 1))
