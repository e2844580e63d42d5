"""Tables of results: four cells, estimates, robustness, adjusted programme table, truth beside estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.diagnostics import CUTS, CellRow
from evalkit.estimators.late import LATE
from evalkit.finding import Finding
from evalkit.programme import Programme
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import held_text
from evalkit.report.html_table import Grid
from evalkit.report.numbers import (
    DASH,
    PROPORTIONAL,
    Unit,
    alike,
    alike_in,
    difference,
    effect_unit,
    interval,
    level,
    p_text,
    plain,
    unit_of,
    whole,
)
from evalkit.report.rounds import round_label
from evalkit.report.shown import shown_cells
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, Words, say, words_of
from evalkit.results import Inference


def four_cell(finding: Finding) -> Block:
    """Return means before and after in both arms, first differences and their difference, on one sample.

    Empty in a cross-section: it has no before, and its means stand beside the figure of `means`.
    """
    return means_table(finding) if finding.cells.before_label is not None else Block("")


def means_table(finding: Finding) -> Block:
    """Return the means of both arms with a title that fits the design."""
    rounds = finding.cells.before_label is not None
    title, note = ("four_cell", "four_cell_note") if rounds else ("two_means", "arms_note")
    if finding.cutoff is not None:
        title, note = "two_means_cutoff", "naive_cutoff_note"
    tables = both(lambda lang: cells_grid(finding, lang).html())
    return Block(
        heading(lambda lang: say(finding, lang, title))
        + tables
        + paragraph(lambda lang: " ".join((say(finding, lang, note), rounded_note(finding.programme, lang))))
    )


def rounded_note(programme: Programme, lang: Language) -> str:
    """Say that counts are rounded; empty on internal pages, where they are not."""
    limits = programme.disclosure
    if limits.audience == "internal":
        return ""
    if limits.min_households == 1:
        return say(programme, lang, "exact_note")
    return say(programme, lang, "rounded_note", n=limits.min_households)


def cells_grid(finding: Finding, lang: Language) -> Grid:
    """Return the means of both arms, before and after where there are rounds; small cells are withheld."""
    cells, words, unit, limits = (
        finding.cells,
        words_of(finding, lang),
        unit_of(finding.indicator.unit),
        finding.programme.disclosure,
    )
    shown = shown_cells(finding)
    rounds = cells.before_label is not None
    after = words.rows["after"] if rounds else words.label("mean")
    labels = [round_label(x, finding.programme) for x in (cells.before_label, cells.after_label)]
    head = (
        ["", f"{words.rows['before']} ({labels[0]})", f"{after} ({labels[1]})", words.rows["change"]]
        if rounds
        else ["", after]
    )
    unit = alike(unit, [m for r in shown.values() for m in (r.row.before, r.row.after, r.row.change)])
    rows = [
        [
            arm_name(finding, r.row.row, lang),
            *_cell_row(r.row, unit, lang, held_text(r.held, limits, words) if r.held else "", rounds=rounds),
        ]
        for r in shown.values()
        if finding.cells.row("comparison").n_units or r.row.row == "pilot"
    ]
    return Grid([*head, words.label("households"), words.label("villages")], rows)


def _cell_row(row: CellRow, unit: Unit, lang: Language, hidden: str, *, rounds: bool) -> list[str]:
    if hidden:
        return [hidden] * (5 if rounds else 3)
    write = difference if row.row == "difference" else level
    means = (
        [write(row.before, unit, lang), write(row.after, unit, lang), difference(row.change, unit, lang)]
        if rounds
        else [write(row.after, unit, lang)]
    )
    counts = ["", ""] if row.row == "difference" else [whole(row.n_units, lang), whole(row.n_villages, lang)]
    return [*means, *counts]


def arm_name(finding: Finding, row: str, lang: Language) -> str:
    """Return the name of an arm, of the difference or of the naive figure, as the finding's design calls it."""
    rows = words_of(finding, lang).rows
    return rows.get(f"{row}_cutoff", rows[row]) if finding.cutoff is not None else rows[row]


def estimates(finding: Finding) -> Block:
    """Return the main result, the other methods and the pilot villages' own change, one row each."""
    if not case_for(finding).shows_numbers:
        return Block("")
    grids = both(lambda lang: _estimates(finding, lang).html())
    return Block(
        heading(lambda lang: say(finding, lang, "estimates"))
        + grids
        + paragraph(lambda lang: _estimates_note(finding, lang))
    )


def _estimates_note(finding: Finding, lang: Language) -> str:
    """Say how the rows relate; an estimate by instrument beside another answers a question of its own."""
    words = words_of(finding, lang)
    beside = finding.instrument is not None and finding.main.estimate.estimator not in LATE
    cuts = any(name in CUTS for name, _ in finding.robustness)
    by_rounds = finding.main.method == "two_way" and any(r.method != "two_way" for _, r in finding.robustness)
    chosen = {"late_note": beside, "cuts_note": cuts, "rounds_note": by_rounds}
    notes = ("robustness_note", *(name for name, applies in chosen.items() if applies))
    return "".join(words.label(n) for n in notes)


def _estimates(finding: Finding, lang: Language) -> Grid:
    words, unit = words_of(finding, lang), finding.indicator.unit
    results = [
        (words.rows["main"], finding.indicator.estimator, finding.main),
        *((words.label("robustness"), n, r) for n, r in finding.robustness),
    ]
    results += (
        [(arm_name(finding, "naive", lang), finding.naive.estimate.estimator, finding.naive)]
        if finding.naive is not None and finding.indicator.estimator != "pre_post"
        else []
    )
    units = alike_units([r for _, _, r in results], unit)
    rows = [
        [
            name,
            estimator_name(code, words),
            *_numbers(r.row("att"), units[r.estimate.estimator], lang),
            words.methods.get(r.method, r.method),
        ]
        for name, code, r in results
    ]
    head = [
        "",
        words.label("method"),
        words.label("estimate"),
        words.label("interval"),
        words.label("std_error"),
        words.label("df"),
        words.label("p_value"),
        words.label("why_interval"),
    ]
    note = words.label("null_reason", reason=words.reasons["no_interval"])
    grid = Grid(head, rows, words=(1, 7))
    return Grid(head, rows, note=note, words=(1, 7)) if grid.has_dash else grid


def alike_units(results: Sequence[Inference], unit: str) -> dict[str, Unit]:
    """Return by estimator what its effect is measured in; those in the indicator's unit are written alike."""
    rows = [r.row("att") for r in results if r.estimate.estimator not in PROPORTIONAL]
    own = alike_in(unit_of(unit), rows)
    names = {r.estimate.estimator for r in results}
    return {n: effect_unit(unit, n) if n in PROPORTIONAL else own for n in names}


def _numbers(row: dict[str, Any], unit: Unit, lang: Language) -> list[str]:
    return [
        difference(row["estimate"], unit, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], unit, lang),
        difference(row["std_error"], unit, lang),
        plain(row["df"], 1),
        p_text(row["p_value"]),
    ]


def estimator_name(code: str, words: Words) -> str:
    """Return an estimator's name; one without wording keeps its code."""
    return words.estimators.get(code, code)


def truth(finding: Finding) -> Block:
    """Return truth beside estimate for a simulated programme; nothing for a real one."""
    if finding.truth is None or not finding.programme.is_simulated:
        return Block("")
    grids = both(lambda lang: _truth(finding, lang).html())
    naive = "naive_note" if finding.cutoff is None else "naive_cutoff_note"
    how = "truth_lead" if finding.naive is not None and finding.cutoff is None else "truth_lead_plain"
    lead = paragraph(lambda lang: say(finding, lang, how))
    note = paragraph(lambda lang: say(finding, lang, naive))
    title = heading(lambda lang: say(finding, lang, "truth"))
    return Block(f'<section class="truth">{title}{lead}{grids}{note}</section>')


def _true_of(result: Inference) -> str:
    """Return which of the known effects a result is after."""
    return "late" if result.estimate.estimator in LATE else "att"


def _ends_of(result: Inference, finding: Finding) -> tuple[float | None, float | None]:
    """Return the interval that the page gives: with an instrument, Anderson and Rubin's."""
    by, row = finding.instrument, result.row("att")
    if by is not None and by.estimate.estimator == result.estimate.estimator:
        row = by.row("late")
    return row["conf_low"], row["conf_high"]


def _truth(finding: Finding, lang: Language) -> Grid:
    words, known = words_of(finding, lang), finding.truth or {}
    pairs = [(words.rows["main"], finding.main), *((estimator_name(n, words), r) for n, r in finding.robustness)]
    pairs += [(arm_name(finding, "naive", lang), finding.naive)] if finding.naive is not None else []
    units, rows = alike_units([r for _, r in pairs], finding.indicator.unit), []
    for name, result in pairs:
        unit = units[result.estimate.estimator]
        row, value = result.row("att"), None if unit.kind == "relative" else known.get(_true_of(result))
        low, high = _ends_of(result, finding)
        inside = DASH
        if value is not None and low is not None and high is not None:
            inside = words.label("yes" if low <= value <= high else "no")
        rows.append(
            [
                name,
                difference(value, unit, lang, signed=True),
                difference(row["estimate"], unit, lang, signed=True),
                interval(low, high, unit, lang),
                inside,
            ]
        )
    head = ["", words.label("truth_value"), words.label("estimate"), words.label("interval"), words.label("covered")]
    note = words.label("null_reason", reason=words.label("truth_dash"))
    grid = Grid(head, rows, words=(4,))
    return Grid(head, rows, note=note, words=(4,)) if grid.has_dash else grid
