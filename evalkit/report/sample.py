"""Tables about the sample: how it came about, who was lost, and the limits of what may be said."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.finding import Finding
from evalkit.report.block import Block, both, heading, paragraph, text
from evalkit.report.disclosure import Held, Size, held_text, withheld
from evalkit.report.html_table import Grid
from evalkit.report.numbers import difference, interval, level, p_text, percent, unit_of, whole
from evalkit.report.statement import case_for, caution, reasons_text
from evalkit.report.wording import WORDS, Language

SHARE = unit_of("share")


def flow(finding: Finding) -> Block:
    """Return every step between raw records and the sample, and what was done to extreme values."""
    grids = both(lambda lang: _flow(finding, lang).html())
    return Block(
        heading(lambda lang: WORDS[lang].label("flow")) + grids + paragraph(lambda lang: extremes(finding, lang))
    )


def extremes(finding: Finding, lang: Language) -> str:
    """Say how many values were winsorised, and where."""
    capped = finding.winsorised
    if capped is None:
        return WORDS[lang].label("no_winsorise")
    cut = level(capped.cut, unit_of(finding.indicator.unit), lang)
    return WORDS[lang].label(
        "winsorised", percent=percent(capped.quantile, lang), n=whole(capped.n_changed, lang), cut=cut
    )


def _flow(finding: Finding, lang: Language) -> Grid:
    words = WORDS[lang]
    counts = ("n_rows", "n_rows_dropped", "n_units", "n_units_pilot")
    rows = [[step_name(s.code, lang), *(whole(getattr(s, c), lang) for c in counts)] for s in finding.flow.steps]
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


def step_name(code: str, lang: Language) -> str:
    """Return the words for a step of the sample flow; one without wording keeps its code."""
    return WORDS[lang].flow.get(code, code.replace("_", " "))


def attrition(finding: Finding) -> Block:
    """Return who was there at the start and not at the end, by arm, with the interval of the difference."""
    title = heading(lambda lang: WORDS[lang].label("attrition"))
    if finding.attrition is None:
        return Block(title + paragraph(lambda lang: WORDS[lang].label("no_attrition")))
    grids = both(lambda lang: _attrition(finding, lang).html())
    return Block(title + grids + paragraph(lambda lang: WORDS[lang].label("attrition_note")))


def _attrition(finding: Finding, lang: Language) -> Grid:
    words, limits = WORDS[lang], finding.programme.disclosure
    rows = {} if finding.attrition is None else {r["arm"]: r for r in finding.attrition.to_dicts()}
    arms = [rows[a] for a in ("pilot", "comparison") if a in rows]
    held = _held_losses(arms, finding)
    body = [_arm(row, held_text(h, limits, lang) if h else "", lang) for row, h in zip(arms, held, strict=True)]
    if "difference" in rows and not any(held):
        body.append(_difference(rows["difference"], lang))
    head = [
        "",
        *(words.label(k) for k in ("villages", "n_start", "n_observed", "share_missing", "interval", "p_value")),
    ]
    return Grid(head, body)


def losses_withheld(finding: Finding) -> bool:
    """Whether some arm's losses are too few to be shown."""
    rows = [] if finding.attrition is None else finding.attrition.filter(pl.col("arm") != "difference").to_dicts()
    return any(_held_losses(rows, finding))


def _held_losses(arms: list[dict[str, Any]], finding: Finding) -> list[Held | None]:
    """Withhold an arm where the households, or those lost, are fewer than may be shown."""
    limits = finding.programme.disclosure
    whole_arms = withheld([Size(r["n_start"], r["n_villages"]) for r in arms], limits)
    losses = withheld([Size(r["n_start"] - r["n_observed"], None) for r in arms], limits)
    return [a or b for a, b in zip(whole_arms, losses, strict=True)]


def _arm(row: dict[str, Any], hidden: str, lang: Language) -> list[str]:
    name = WORDS[lang].rows[row["arm"]]
    if hidden:
        return [name, *[hidden] * 4, "", ""]
    counts = [whole(row[c], lang) for c in ("n_villages", "n_start", "n_observed")]
    return [name, *counts, percent(row["share_missing"], lang), "", ""]


def _difference(row: dict[str, Any], lang: Language) -> list[str]:
    shown = [
        difference(row["share_missing"], SHARE, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], SHARE, lang),
        p_text(row["p_value"]),
    ]
    return [WORDS[lang].rows["difference"], "", "", "", *shown]


def limits(finding: Finding) -> Block:
    """Return why no more may be claimed, and what not to conclude."""

    def items(lang: Language) -> str:
        stop = "。" if lang == "zh" else "."
        lost = lost_text(finding, lang)
        more = f"<p>{text(lost)}</p>" if lost else ""
        return f"<p>{text(reasons_text(finding, lang))}{stop}</p><p>{text(caution(finding, lang))}</p>{more}"

    return Block(heading(lambda lang: WORDS[lang].label("limits")) + both(items))


def lost_text(finding: Finding, lang: Language) -> str:
    """Say within which bounds the effect lies whoever the lost households are.

    Empty where that was not computed, or where the main estimator is after another effect than that of assignment.
    """
    of_assignment = finding.main.estimate.estimator in ("itt", "ancova")
    if finding.bounds is None or not of_assignment or not case_for(finding).shows_numbers:
        return ""
    low, high = finding.bounds.row("lower"), finding.bounds.row("upper")
    unit, counts = unit_of(finding.indicator.unit), finding.bounds.estimate.columns["share_missing"]
    return WORDS[lang].label(
        "lee_bounds",
        share=percent(counts[0], lang),
        low=difference(low["estimate"], unit, lang, signed=True),
        high=difference(high["estimate"], unit, lang, signed=True),
        wide=interval(low["conf_low"], high["conf_high"], unit, lang),
    )
