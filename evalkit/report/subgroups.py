"""The table of subgroups that the plan names: effects by group, and whether they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalkit.diagnostics import CellRow, FourCell
from evalkit.finding import Finding
from evalkit.gate import REJECTED
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Held, Size, held_text, protect_line, rounded, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, difference, effect_unit, interval, p_text, whole
from evalkit.report.shown import ARMS, n_with
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for, phrase
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of
from evalkit.subgroups import Group, SubgroupEffects


def subgroups(finding: Finding, found: Sequence[SubgroupEffects]) -> Block:
    """Return a table for each characteristic of the plan; empty without any, or where the page gives no result.

    Groups with too few households or villages in an arm are withheld, and with them a group that would give them away,
    for the page shows how many there are in all.
    """
    if not found or not case_for(finding).shows_numbers:
        return Block("")
    tables = "".join(_characteristic(finding, f) for f in found)

    def note(lang: Language) -> str:
        return _gap(lang).join((say(finding, lang, "subgroups_note"), rounded_note(finding.programme, lang)))

    return Block(heading(lambda lang: say(finding, lang, "subgroups_title")) + tables + paragraph(note))


def held_groups(finding: Finding, groups: Sequence[Group]) -> list[Held | None]:
    """Say for each group whether it is withheld, and why."""
    return held_cells(finding, [g.cells for g in groups])


def held_cells(finding: Finding, groups: Sequence[FourCell]) -> list[Held | None]:
    """Say for each group's cells whether they are withheld, and why; by both arms, before and after."""
    limits = finding.programme.disclosure
    why: list[Held | None] = [None] * len(groups)
    for arm in ARMS:
        rows = [cells.row(arm) for cells in groups]
        for measure in ("before", "after"):
            sizes = [_size(r, getattr(r, measure), finding) for r in rows]
            small = [too_small(s, limits) or ("households" if s.n_units == 0 else None) for s in sizes]
            why = [w or s for w, s in zip(why, small, strict=True)]
    for arm in ARMS:
        sizes = [Size(cells.row(arm).n_units or 0, cells.row(arm).n_villages or 0) for cells in groups]
        why = protect_line(sizes, why, limits)
    return why


def _size(row: CellRow, mean: float | None, finding: Finding) -> Size:
    return Size(row.n_units or 0, row.n_villages or 0, n_with(mean, row.n_units or 0, finding))


def _characteristic(finding: Finding, found: SubgroupEffects) -> str:
    held = held_groups(finding, found.groups)

    def table(lang: Language) -> str:
        words = words_of(finding, lang)
        names = ("subgroups_group", "subgroups_pilot", "subgroups_comparison", "estimate", "interval", "p_value")
        head = [words.label(n) for n in (*names, "subgroups_p_adjusted")]
        rows = [*_effects(finding, found, held, lang), *_differences(finding, found, held, lang)]
        return Grid(head, rows, caption=getattr(found.plan.label, lang)).html()

    return both(table) + paragraph(lambda lang: _said(finding, found, held, lang), "prose")


def _effects(
    finding: Finding, found: SubgroupEffects, held: Sequence[Held | None], lang: Language
) -> Iterator[list[str]]:
    limits, words = finding.programme.disclosure, words_of(finding, lang)
    for group, why in zip(found.groups, held, strict=True):
        name = getattr(group.value.label, lang)
        if why:
            yield [name, *[held_text(why, limits, words)] * 4, "", ""]
            continue
        sizes = [whole(rounded(group.cells.row(arm).n_units or 0, limits), lang) for arm in ARMS]
        yield [name, *sizes, *_numbers(finding, group.effect.row("att"), lang), "", ""]


def _differences(
    finding: Finding, found: SubgroupEffects, held: Sequence[Held | None], lang: Language
) -> Iterator[list[str]]:
    first, words = phrase(getattr(found.groups[0].value.label, lang), lang), words_of(finding, lang)
    rows = found.differences.tidy().to_dicts()
    for group, why, row, p in zip(found.groups[1:], held[1:], rows, found.p_adjusted, strict=True):
        name = words.label("subgroups_less", one=getattr(group.value.label, lang), other=first)
        hidden = why or held[0]
        if hidden:
            yield [name, "", "", *[held_text(hidden, finding.programme.disclosure, words)] * 2, DASH, DASH]
        else:
            shown = shown_digits({"p_value": row["p_value"], "p_adjusted": p}, finding)
            yield [name, "", "", *_numbers(finding, row, lang), p_text(shown["p_value"]), p_text(shown["p_adjusted"])]


def _numbers(finding: Finding, row: dict[str, Any], lang: Language) -> list[str]:
    unit = effect_unit(finding.indicator.unit, finding.main.estimate.estimator)
    shown = shown_digits({k: row[k] for k in ("estimate", "conf_low", "conf_high")}, finding)
    ends = interval(shown["conf_low"], shown["conf_high"], unit, lang)
    return [difference(shown["estimate"], unit, lang, signed=True), ends]


def _said(finding: Finding, found: SubgroupEffects, held: Sequence[Held | None], lang: Language) -> str:
    """Say whether effects differ: by the adjusted p of the differences that are shown, and the joint test of all."""
    shown = [p for p, why in zip(found.p_adjusted, held[1:], strict=True) if p is not None and not (why or held[0])]
    if not shown:
        return say(finding, lang, "subgroups_withheld")
    said = say(finding, lang, "subgroups_differ" if min(shown) < REJECTED else "subgroups_open")
    joint = "" if found.p_joint is None or any(held) else say(finding, lang, "subgroups_joint", p=p_text(found.p_joint))
    return _gap(lang).join(filter(None, (said, joint)))


def _gap(lang: Language) -> str:
    return "" if lang == "zh" else " "
