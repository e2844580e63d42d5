"""The table of p-values adjusted within families of indicators, and what each way of adjusting answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.finding import Finding
from evalkit.inference import InFamily
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, is_number, p_text, plain
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, say, words_of
from evalkit.results import Inference

Indices = Mapping[str, Inference | None]
COLUMNS = ("indicator", "family", "p_value", "p_holm", "p_westfall_young", "q_sharpened")


def families(findings: Sequence[Finding]) -> list[str]:
    """Return the families of indicators in the order in which they appear; p is adjusted within each."""
    return list(dict.fromkeys(f.indicator.family for f in findings))


def families_block(findings: Sequence[Finding], adjusted: Sequence[InFamily], indices: Indices) -> Block:
    """Return the families' indices, why p is adjusted, and where a family holds several indicators, the three ways."""
    why = Block(
        paragraph(lambda lang: say(findings[0].programme, lang, "adjusted_why", groups=_groups(findings, lang)))
    )
    title = Block(heading(lambda lang: say(findings[0].programme, lang, "adjusted_title")))
    if all(a.n < 2 for a in adjusted):
        return title + why
    why = why + index_block(findings, indices)
    grids = Block(both(lambda lang: _grid(findings, adjusted, lang).html()))
    drawn = any(a.westfall_young is not None for a in adjusted)
    ways = Block(
        paragraph(lambda lang: say(findings[0].programme, lang, "adjusted_ways" if drawn else "adjusted_ways_two"))
    )
    if all(a.n > 1 for a in adjusted):
        return title + why + grids + ways
    alone = "adjusted_alone" if drawn else "adjusted_alone_two"
    return title + why + grids + ways + Block(paragraph(lambda lang: say(findings[0].programme, lang, alone)))


def index_block(findings: Sequence[Finding], indices: Indices) -> Block:
    """Return one row a family: the difference of its index, shown where all its indicators may be shown."""
    if not indices:
        return Block("")
    grids = Block(both(lambda lang: _index_grid(findings, indices, lang).html()))
    return grids + Block(paragraph(lambda lang: say(findings[0].programme, lang, "index_note")))


def shown_index(findings: Sequence[Finding], indices: Indices, family: str) -> dict[str, Any] | None:
    """Return the tidy row of a family's index; None where it has none or an indicator of it is withheld."""
    index = indices.get(family)
    members = [f for f in findings if f.indicator.family == family]
    return None if index is None or not all(case_for(f).shows_numbers for f in members) else index.row("att")


def _index_grid(findings: Sequence[Finding], indices: Indices, lang: Language) -> Grid:
    words, names = words_of(findings[0].programme, lang), families(findings)
    joint = "至" if lang == "zh" else " to "
    rows = []
    for family in indices:
        row = shown_index(findings, indices, family) or dict.fromkeys(("estimate", "conf_low", "conf_high", "p_value"))
        ends = [row["conf_low"], row["conf_high"]]
        between = joint.join(plain(v, 2) for v in ends) if all(map(is_number, ends)) else DASH
        count = str(sum(f.indicator.family == family for f in findings))
        name = words.label("group", n=names.index(family) + 1)
        rows.append([name, count, plain(row["estimate"], 2), between, p_text(row["p_value"])])
    head = [words.label(k) for k in ("family", "index_count", "index_difference", "interval", "p_value")]
    grid = Grid(head, rows)
    return (
        Grid(head, rows, note=words.label("null_reason", reason=words.label("index_none"))) if grid.has_dash else grid
    )


def _grid(findings: Sequence[Finding], adjusted: Sequence[InFamily], lang: Language) -> Grid:
    names, words = families(findings), words_of(findings[0].programme, lang)
    rows = []
    for finding, in_family in zip(findings, adjusted, strict=True):
        plan = finding.indicator
        shown = [finding.main.row("att")["p_value"], in_family.holm, in_family.westfall_young, in_family.sharpened_q]
        numbers = [p_text(v) for v in shown] if case_for(finding).shows_numbers else [DASH] * 4
        rows.append([getattr(plan.label, lang), words.label("group", n=names.index(plan.family) + 1), *numbers])
    kept = [j for j in range(len(COLUMNS)) if COLUMNS[j] != "p_westfall_young" or any(r[j] != DASH for r in rows)]
    return Grid([words.label(COLUMNS[j]) for j in kept], [[row[j] for j in kept] for row in rows], words=(1,))


def _groups(findings: Sequence[Finding], lang: Language) -> str:
    joint, gap = ("、", "；") if lang == "zh" else (", ", "; ")
    groups = [
        [getattr(f.indicator.label, lang) for f in findings if f.indicator.family == g] for g in families(findings)
    ]
    return gap.join(
        say(findings[0].programme, lang, "group_named", n=n, names=joint.join(names))
        for n, names in enumerate(groups, 1)
    )
