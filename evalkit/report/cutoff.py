"""The figure of an estimate at a cut-off (binned means, a line on either side) and its checks (density, bandwidths)."""

from __future__ import annotations

from typing import Any

from evalkit.finding import Finding
from evalkit.gate import p_said
from evalkit.inference.basis import local_fit
from evalkit.report.block import Block, FigureBlock, both, heading, paragraph
from evalkit.report.charts import ARM_STYLE, axis_title
from evalkit.report.cutoff_words import cutoff_text, is_fuzzy
from evalkit.report.disclosure import few_text, held_text
from evalkit.report.figures import Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, alike, alike_in, difference, interval, level, p_text, plain, unit_of, whole
from evalkit.report.shown_cutoff import shown_cutoff
from evalkit.report.statement import case_for, position
from evalkit.report.wording import Language, say, words_of

SIDES = (("below", "comparison", -1.0), ("above", "pilot", 1.0))
"""The two sides, the arm that each is, and where its line runs from the cut-off."""


def cutoff(finding: Finding) -> Block | FigureBlock:
    """Return binned means and fitted lines with their table; empty for other designs or without result."""
    if finding.cutoff is None or not case_for(finding).shows_numbers:
        return Block("")
    return figure_block(lambda lang: _figure(finding, lang))


def cutoff_checks(finding: Finding) -> Block:
    """Return what the density test says, and the estimate by other bandwidths; empty for other designs."""
    shown = shown_cutoff(finding)
    if shown is None or not case_for(finding).shows_numbers:
        return Block("")
    rows: list[dict[str, Any]] = shown["bandwidths"]
    table = both(lambda lang: _checks(rows, finding, lang).html())
    note = paragraph(lambda lang: _density(shown["density_p"], finding, lang))
    more = paragraph(lambda lang: say(finding, lang, "checks_note"))
    return Block(heading(lambda lang: say(finding, lang, "cutoff_checks")) + note + table + more)


def _figure(finding: Finding, lang: Language) -> Drawn:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    bins = (shown_cutoff(finding) or {})["bins"]
    fit = local_fit(finding.main.estimate, "figure")
    series = []
    for (side, arm, way), line in zip(SIDES, fit.lines.tolist(), strict=True):
        color, symbol, dash = ARM_STYLE[arm]
        own = [b for b in bins if b["side"] == side and not b["held"]]
        name = words.rows[f"{arm}_cutoff"]
        points = [b["score"] for b in own], [b["mean"] for b in own]
        series.append(Series(name, *points, color=color, symbol=symbol, mode="markers"))
        ends = [fit.cutoff, fit.cutoff + way * fit.bandwidth[0]]
        heights = [line[0], line[0] + line[1] * (ends[1] - ends[0])]
        series.append(Series(words.label("cutoff_fit", arm=name), ends, heights, color=color, dash=dash, mode="lines"))
    axes = Axes(
        words.label("score"),
        axis_title("mean", finding, lang),
        marks=(fit.cutoff,),
        percent_y=unit.kind == "share",
        height=380,
    )
    title = _title(finding, lang)
    points_text = "; ".join(f"{b['score']:g}: {level(b['mean'], unit, lang)}" for b in bins if not b["held"])
    alt = f"{title}. {words.label('cutoff_alt', points=points_text)}"
    below = words.label("cutoff_subtitle_fuzzy" if is_fuzzy(finding) else "cutoff_subtitle")
    return Drawn(title, below, alt, plot(series, axes), _bins(bins, finding, lang))


def _title(finding: Finding, lang: Language) -> str:
    """Return the message: what the outcome does at the cut-off, which for a fuzzy design is not the effect itself."""
    fit, unit = local_fit(finding.main.estimate, "title"), unit_of(finding.indicator.unit)
    jump = float(fit.lines[1, 0] - fit.lines[0, 0])
    place = position(finding)
    key = place if place in ("up", "down", "small") else "unclear"
    amount = difference(abs(jump if is_fuzzy(finding) else finding.main.row("att")["estimate"]), unit, lang)
    label = getattr(finding.indicator.label, lang)
    return say(finding, lang, f"cutoff_title_{key}", label=label, amount=amount, cutoff=cutoff_text(finding))


def _bins(bins: list[dict[str, Any]], finding: Finding, lang: Language) -> Grid:
    words, unit, limits = words_of(finding, lang), unit_of(finding.indicator.unit), finding.programme.disclosure
    arms = {side: words.rows[f"{arm}_cutoff"] for side, arm, _ in SIDES}
    unit = alike(unit, [b["mean"] for b in bins])
    body = []
    for b in bins:
        hidden = held_text(b["held"], limits, words) if b["held"] else ""
        numbers = [hidden] * 2 if hidden else [level(b["mean"], unit, lang), whole(b["n_units"], lang)]
        body.append([arms[b["side"]], plain(b["score"], 1), *numbers])
    return Grid(["", words.label("score_mean"), words.label("mean"), words.label("households")], body)


def _density(p: float | None, finding: Finding, lang: Language) -> str:
    codes = [r.code for r in finding.gate.reasons]
    key = next(c for c in ("density_rejected", "density_passed", "density_untested") if c in codes)
    return say(finding, lang, key, p=p_said(p))


def _near(n: int | None, finding: Finding, lang: Language) -> str:
    """Return how many lie near the cut-off on one side; a rounded count of 0 means few, where anything is estimated."""
    if n is None:
        return DASH
    return whole(n, lang) if n else few_text(finding.programme.disclosure, words_of(finding, lang))


def _checks(rows: list[dict[str, Any]], finding: Finding, lang: Language) -> Grid:
    words, unit = words_of(finding, lang), alike_in(unit_of(finding.indicator.unit), rows)
    body = [
        [
            words.label(f"check_{r['check']}"),
            plain(r["bandwidth"], 1),
            difference(r["estimate"], unit, lang, signed=True),
            interval(r["conf_low"], r["conf_high"], unit, lang),
            p_text(r["p_value"]),
            *(_near(r[side], finding, lang) for side in ("n_left", "n_right")),
        ]
        for r in rows
    ]
    head = [words.label(k) for k in ("check", "bandwidth", "estimate", "interval", "p_value", "n_left", "n_right")]
    grid = Grid(head, body)
    note = words.label("null_reason", reason=words.label("cutoff_dash"))
    return Grid(head, body, note=note) if grid.has_dash else grid
