"""Tables about the sample: how it came about, who was lost, and the limits of what may be said."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.finding import Finding
from evalkit.report.answer import caution
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.disclosure import few_text, held_text, rounded, shown_cut
from evalkit.report.html_table import Grid
from evalkit.report.numbers import difference, effect_unit, interval, level, p_text, percent, unit_of, whole
from evalkit.report.shown import shown_bounds, shown_flow, shown_losses
from evalkit.report.statement import case_for, reasons_text
from evalkit.report.tables import arm_name, rounded_note
from evalkit.report.wording import Language, Words, say, words_of

SHARE = unit_of("share")


def flow(finding: Finding) -> Block:
    """Return every step between raw records and the sample, and what was done to extreme values."""
    grids = both(lambda lang: _flow(finding, lang).html())
    return Block(
        heading(lambda lang: say(finding, lang, "flow"))
        + grids
        + paragraph(lambda lang: " ".join((rounded_note(finding.programme, lang), extremes(finding, lang))))
    )


def extremes(finding: Finding, lang: Language) -> str:
    """Say how many values were winsorised, and where."""
    capped = finding.winsorised
    if capped is None:
        return say(finding, lang, "no_winsorise")
    limits = finding.programme.disclosure
    few = capped.n_changed < limits.min_households
    value, unit = shown_cut(capped.cut, limits), unit_of(finding.indicator.unit)
    cut = few_text(limits, words_of(finding, lang)) if few else level(value, unit, lang)
    n = (
        few_text(limits, words_of(finding, lang))
        if capped.n_changed and few
        else whole(rounded(capped.n_changed, limits), lang)
    )
    return say(finding, lang, "winsorised", percent=percent(capped.quantile, lang), n=n, cut=cut)


def _flow(finding: Finding, lang: Language) -> Grid:
    words = words_of(finding, lang)
    limits = finding.programme.disclosure
    rows = [
        [
            step_name(s["code"], words),
            whole(s["n_rows"], lang),
            few_text(limits, words) if s["few_dropped"] else whole(s["n_rows_dropped"], lang),
            *(whole(s[c], lang) for c in ("n_units", "n_units_pilot")),
        ]
        for s in shown_flow(finding.flow.steps, limits)
    ]
    grid = Grid(
        [
            words.label("step"),
            words.label("rows"),
            words.label("rows_dropped"),
            words.label("households"),
            words.label("pilot_units"),
        ],
        rows,
    )
    return (
        Grid(grid.head, rows, note=words.label("null_reason", reason=words.label("flow_dash")))
        if grid.has_dash
        else grid
    )


def step_name(code: str, words: Words) -> str:
    """Return the words for a step of the sample flow; one without wording keeps its code."""
    return words.flow.get(code, code.replace("_", " "))


def attrition(finding: Finding) -> Block:
    """Return who was there at the start and not at the end, by arm, with the interval of the difference."""
    title = heading(lambda lang: say(finding, lang, "attrition"))
    if finding.attrition is None:
        return Block(title + paragraph(lambda lang: say(finding, lang, "no_attrition")))
    grids = both(lambda lang: _attrition(finding, lang).html())
    return Block(title + grids + paragraph(lambda lang: say(finding, lang, "attrition_note")))


def _attrition(finding: Finding, lang: Language) -> Grid:
    words, limits = words_of(finding, lang), finding.programme.disclosure
    body = [
        _difference(row, words, lang)
        if row["arm"] == "difference"
        else _arm(
            arm_name(finding, row["arm"], lang), row, held_text(row["held"], limits, words) if row["held"] else "", lang
        )
        for row in shown_losses(finding)
    ]
    head = [
        "",
        *(words.label(k) for k in ("villages", "n_start", "n_observed", "share_missing", "interval", "p_value")),
    ]
    return Grid(head, body)


def _arm(name: str, row: dict[str, Any], hidden: str, lang: Language) -> list[str]:
    if hidden:
        return [name, *[hidden] * 4, "", ""]
    counts = [whole(row[c], lang) for c in ("n_villages", "n_start", "n_observed")]
    return [name, *counts, percent(row["share_missing"], lang), "", ""]


def _difference(row: dict[str, Any], words: Words, lang: Language) -> list[str]:
    shown = [
        difference(row["share_missing"], SHARE, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], SHARE, lang),
        p_text(row["p_value"]),
    ]
    return [words.rows["difference"], "", "", "", *shown]


def limits(finding: Finding) -> Block:
    """Return why no more may be claimed, and what not to conclude."""

    def items(lang: Language) -> str:
        stop = "。" if lang == "zh" else "."
        more = "".join(f"<p>{text(t)}</p>" for t in (lost_text(finding, lang), stability_text(finding, lang)) if t)
        return (
            f"<p>{text(reasons_text(finding, lang, exact=True))}{stop}</p><p>{text(caution(finding, lang))}</p>{more}"
        )

    return Block(heading(lambda lang: say(finding, lang, "limits")) + both(items))


def stability_text(finding: Finding, lang: Language) -> str:
    """Say whether the answer hangs on one village; how far it moves without one is for internal pages."""
    found = finding.stability
    if found is None or not case_for(finding).shows_numbers:
        return ""
    said = say(finding, lang, f"stability_{found.verdict}")
    if finding.programme.disclosure.audience != "internal" or found.verdict == "undetermined":
        return said
    ends = interval(found.lowest, found.highest, effect_unit(finding.indicator.unit, finding.indicator.estimator), lang)
    return f"{said}{'' if lang == 'zh' else ' '}{say(finding, lang, 'stability_range', range=ends)}"


def lost_text(finding: Finding, lang: Language) -> str:
    """Say within which bounds the effect lies whoever the lost households are.

    Empty where that was not computed, or where the main estimator is after another effect than that of assignment.
    """
    of_assignment = finding.main.estimate.estimator in ("itt", "ancova")
    bounds = shown_bounds(finding)
    if bounds is None or not of_assignment or not case_for(finding).shows_numbers:
        return ""
    low, high = (bounds.row(by_predicate=pl.col("term") == end, named=True) for end in ("lower", "upper"))
    unit = unit_of(finding.indicator.unit)
    return say(
        finding,
        lang,
        "lee_bounds",
        share=percent(low["share_missing"], lang),
        low=difference(low["estimate"], unit, lang, signed=True),
        high=difference(high["estimate"], unit, lang, signed=True),
        wide=interval(low["conf_low"], high["conf_high"], unit, lang),
    )
