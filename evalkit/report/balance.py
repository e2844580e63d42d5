"""Balance: where pilot and comparison places stood before the start, indicator by indicator, on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.figures import LINE, Drawn, Series, across_zero, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import Unit, alike_money, difference, level, percent, unit_of
from evalkit.report.shown import shown_cells
from evalkit.report.wording import Language, words_of

TENTH = 0.1
Row = tuple[Finding, float, float]
"""A finding with the means of pilot and comparison places before the start."""


def balance(findings: Sequence[Finding]) -> Block | FigureBlock:
    """Return the first means of both arms and their relative gap; empty without two indicators measured before.

    The means are those of the four cells: withheld there, withheld here. An indicator whose comparison mean is not
    above zero has no relative gap and is left out.
    """
    rows = [row for f in findings if (row := before(f)) is not None]
    return figure_block(lambda lang: _figure(rows, lang)) if len(rows) > 1 else Block("")


def before(finding: Finding) -> Row | None:
    """Return the means before the start that may be shown; None where there are none."""
    if finding.cells.before_label is None or finding.cutoff is not None:
        return None
    pilot, comparison = (shown_cells(finding)[arm].row.before for arm in ("pilot", "comparison"))
    return (finding, pilot, comparison) if pilot is not None and comparison is not None and comparison > 0 else None


def _figure(rows: Sequence[Row], lang: Language) -> Drawn:
    words = words_of(rows[0][0].programme, lang)
    gaps = [pilot / comparison - 1 for _, pilot, comparison in rows]
    names = [getattr(f.indicator.label, lang) for f, _, _ in rows]
    places = list(range(len(rows), 0, -1))
    ticks = tuple((float(p), wrapped(n, lang)) for p, n in zip(places, names, strict=True))
    height = 110 + len(rows) * (LINE * max(label.count("<br>") + 1 for _, label in ticks) + 10)
    axes = across_zero(words.label("balance_axis"), ticks, height, percent=True)
    far = sum(abs(gap) > TENTH for gap in gaps)
    title = words.label("balance_title" if far else "balance_title_near", n=len(rows), far=far)
    money = alike_money((unit_of(f.indicator.unit), (a, b, a - b)) for f, a, b in rows)
    body = [_line(row, gap, money(unit_of(row[0].indicator.unit)), lang) for row, gap in zip(rows, gaps, strict=True)]
    head = [words.label("indicator"), words.rows["pilot"], words.rows["comparison"], words.rows["difference"]]
    grid = Grid([*head, words.label("balance_axis")], body, note=words.label("balance_note"))
    stop, joint = ("。", "；") if lang == "zh" else (". ", "; ")
    alt = title + stop + joint.join(f"{line[0]} {line[-1]}" for line in body)
    drawn = plot([Series(words.rows["difference"], gaps, places, mode="markers")], axes)
    return Drawn(title, words.label("balance_subtitle"), alt, drawn, grid)


def _line(row: Row, gap: float, unit: Unit, lang: Language) -> list[str]:
    finding, pilot, comparison = row
    means = [level(pilot, unit, lang), level(comparison, unit, lang)]
    label = getattr(finding.indicator.label, lang)
    return [label, *means, difference(pilot - comparison, unit, lang, signed=True), percent(gap, lang, 0)]
