"""By group: what changed for demonstration, linked and other households, each beside villages that had not started."""

from __future__ import annotations

from typing import Any

from evalkit.finding import Finding
from evalkit.report.answer import GROUPS
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import axis_title
from evalkit.report.disclosure import held_text
from evalkit.report.figures import COMPARISON, PILOT, Drawn, Series, across_zero, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, Unit, alike_in, difference, interval, p_text, unit_of, whole
from evalkit.report.shown import CONTRASTS, shown_by_term
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, words_of

NAIVE = next(iter(CONTRASTS))


def spillover(finding: Finding) -> Block | FigureBlock:
    """Return each group's estimate with its interval, the total, and the naive comparison; empty for other estimators.

    Also empty where no result is reported, or where no group may be shown.
    """
    if finding.main.estimate.estimator != "spillover" or not case_for(finding).shows_numbers:
        return Block("")
    rows = shown_by_term(finding)
    return figure_block(lambda lang: _figure(finding, rows, lang)) if rows.keys() & set(GROUPS) else Block("")


def _figure(finding: Finding, rows: dict[str, dict[str, Any]], lang: Language) -> Drawn:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    terms = [t for t in (*GROUPS, "total") if t in rows]
    places = list(range(len(terms), 0, -1))
    spots = dict(zip(terms, places, strict=True))
    series = [
        _series(words.label("groups"), rows, spots, GROUPS, PILOT, "circle"),
        _series(words.rows["total"], rows, spots, ("total",), COMPARISON, "diamond"),
    ]
    ticks = tuple((float(p), words.label(f"tick_{t}")) for p, t in zip(places, terms, strict=True))
    height = 90 + 52 * len(terms)
    axes = across_zero(axis_title("group_x", finding, lang), ticks, height, percent=unit.kind == "share")
    title = _title(finding, rows, lang)
    points = [f"{words.rows[t]} {_amount(finding, rows[t], lang)}" for t in terms]
    alt = f"{title}. {words.label('group_axis')}: " + "; ".join(points)
    return Drawn(title, words.label("group_subtitle"), alt, plot(series, axes), _table(finding, rows, lang))


def _series(
    name: str, rows: dict[str, dict[str, Any]], places: dict[str, int], terms: tuple[str, ...], color: str, symbol: str
) -> Series:
    own = [t for t in terms if t in places]
    x, low, high = ([rows[t][k] for t in own] for k in ("estimate", "conf_low", "conf_high"))
    return Series(name, x, [places[t] for t in own], color, symbol, mode="markers", low=low, high=high, across=True)


def _amount(finding: Finding, row: dict[str, Any], lang: Language) -> str:
    unit = unit_of(finding.indicator.unit)
    ends = interval(row["conf_low"], row["conf_high"], unit, lang)
    return f"{difference(row['estimate'], unit, lang, signed=True)} ({ends})"


def _title(finding: Finding, rows: dict[str, dict[str, Any]], lang: Language) -> str:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    space = "" if lang == "zh" else " "
    parts = [
        words.label(f"group_{t}") + space + difference(rows[t]["estimate"], unit, lang, signed=True)
        for t in GROUPS
        if t in rows
    ]
    joined = ("，" if lang == "zh" else ", ").join(parts)
    return words.label("group_title", label=getattr(finding.indicator.label, lang), groups=joined)


def _table(finding: Finding, rows: dict[str, dict[str, Any]], lang: Language) -> Grid:
    words, simulated = words_of(finding, lang), finding.truth is not None
    terms = [t for t in (*GROUPS, "total", NAIVE) if t in finding.main.estimate.terms]
    unit = alike_in(unit_of(finding.indicator.unit), rows.values())
    body = [_line(finding, rows.get(t), t, unit, lang) for t in terms]
    keys = ("treated_units", "estimate", "interval", "p_value", *(("truth_value",) if simulated else ()))
    note = words.label("group_note") + (words.label("group_naive_truth") if simulated and NAIVE in rows else "")
    return Grid(["", *(words.label(k) for k in keys)], body, note=note)


def _line(finding: Finding, row: dict[str, Any] | None, term: str, unit: Unit, lang: Language) -> list[str]:
    """Return a row of the table; the naive comparison stands beside the truth of what it is taken for."""
    known = finding.truth or {}
    name = words_of(finding, lang).rows[term]
    of = {"total": "att", NAIVE: "direct"}.get(term, term)
    truth = [difference(known.get(of), unit, lang, signed=True)] if finding.truth is not None else []
    if row is None:
        held = held_text("households", finding.programme.disclosure, words_of(finding, lang))
        return [name, *[held] * 4, *truth]
    size = DASH if term == NAIVE else whole(row["n_treated_units"], lang)
    return [
        name,
        size,
        difference(row["estimate"], unit, lang, signed=True),
        interval(row["conf_low"], row["conf_high"], unit, lang),
        p_text(row["p_value"]),
        *truth,
    ]
