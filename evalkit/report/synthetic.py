"""The figures of a synthetic finding: the gap by round, and which comparison villages make up the synthetic village."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.diagnostics import donor_weights
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import axis_title
from evalkit.report.figures import GRAY, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, alike_in, difference, interval, p_text, percent, unit_of
from evalkit.report.rounds import MANY, event_word
from evalkit.report.shown_synthetic import shown_gaps
from evalkit.report.statement import case_for, position
from evalkit.report.wording import Language, say, words_of
from evalkit.results import Donors

LEAST_SHOWN = 0.01
"""Donors with less weight than this, in size, are summed up in one row."""


def gap(finding: Finding) -> Block | FigureBlock:
    """Return the gap to the synthetic village by round with zero line; empty for other estimates or without result."""
    if not _is_synthetic(finding) or not shown_gaps(finding):
        return Block("")
    return figure_block(lambda lang: _gap(finding, lang))


def donors(finding: Finding) -> Block | FigureBlock:
    """Return the donor weights as bars; villages are named on internal pages, else numbered by weight."""
    if not _is_synthetic(finding):
        return Block("")
    return figure_block(lambda lang: _donors(finding, lang))


def _is_synthetic(finding: Finding) -> bool:
    return isinstance(finding.main.estimate.basis, Donors) and case_for(finding).shows_numbers


def _gap(finding: Finding, lang: Language) -> Drawn:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    rows = shown_gaps(finding)
    late = [{**r, "conf_low": None, "conf_high": None} if r["event_time"] < 0 else r for r in rows]
    columns = {c: [r[c] for r in late] for c in ("event_time", "estimate", "conf_low", "conf_high")}
    series = Series(
        words.label("gap_synthetic"),
        columns["event_time"],
        columns["estimate"],
        low=columns["conf_low"],
        high=columns["conf_high"],
    )
    chance = _chance(finding, rows, lang)
    axes = Axes(
        words.label(event_word(finding.programme)),
        axis_title("gap_synthetic", finding, lang),
        zero=True,
        marks=(-0.5 - finding.programme.design.anticipation,),
        percent_y=unit.kind == "share",
        whole_x=len(rows) <= MANY,
        legend=bool(chance),
    )
    title = _gap_title(finding, lang)
    points = [f"{r['event_time']}: {difference(r['estimate'], unit, lang, signed=True)}" for r in rows]
    alt = f"{title}. {words.label(event_word(finding.programme))}: " + "; ".join(points)
    subtitle = words.label("gap_subtitle") + (words.label("gap_chance_subtitle") if chance else "")
    return Drawn(title, subtitle, alt, plot([*chance, series], axes), _gap_table(finding, late, lang))


def _chance(finding: Finding, rows: list[dict[str, Any]], lang: Language) -> list[Series]:
    """Return the middle 95 % of placebo gaps as an area and, on internal pages, the line of each placebo."""
    m = finding.match
    if m is None:
        return []
    shown = [r["event_time"] for r in rows]
    place = [_times(finding).index(t) for t in shown]
    if finding.programme.disclosure.audience == "internal" and m.lines:
        lines = [[x for line in m.lines for x in [*(line[i] for i in place), None]]]
        times = [*shown, None] * len(m.lines)
        return [Series(say(finding, lang, "placebo_lines"), times, y, GRAY, mode="lines", width=0.8) for y in lines]
    around = [*(m.low[i] for i in place), *(m.high[i] for i in reversed(place))]
    name = say(finding, lang, "placebo_range")
    return [Series(name, [*shown, *reversed(shown)], around, mode="lines", filled=True)]


def _times(finding: Finding) -> list[int]:
    """Return the event times of the estimate, in the order of its rounds."""
    times = finding.main.tidy()["event_time"].drop_nulls()
    return [int(t) for t in times]


def _gap_title(finding: Finding, lang: Language) -> str:
    place = position(finding)
    key = place if place in ("up", "down", "small") else "unclear"
    amount = difference(abs(finding.main.row("att")["estimate"]), unit_of(finding.indicator.unit), lang)
    return say(finding, lang, f"gap_title_{key}", label=getattr(finding.indicator.label, lang), amount=amount)


def _gap_table(finding: Finding, rows: list[dict[str, Any]], lang: Language) -> Grid:
    words, unit = words_of(finding, lang), alike_in(unit_of(finding.indicator.unit), rows)
    heads = [event_word(finding.programme), "gap_synthetic", "interval", "p_value"]
    timed, m = any(r["time_weight"] for r in rows), finding.match
    ends = {} if m is None else dict(zip(_times(finding), zip(m.low, m.high, strict=True), strict=True))
    body = [
        [
            str(r["event_time"]),
            difference(r["estimate"], unit, lang, signed=True),
            interval(r["conf_low"], r["conf_high"], unit, lang),
            p_text(r["p_value"] if r["event_time"] >= 0 else None),
            *([interval(*ends[r["event_time"]], unit, lang)] if ends else []),
            *([DASH if r["time_weight"] is None else percent(r["time_weight"], lang)] if timed else []),
        ]
        for r in rows
    ]
    rmse = difference(finding.main.row("att")["pre_rmse"], unit, lang)
    note = words.label("gap_note", rmse=rmse)
    more = [*(["placebo_range"] if ends else []), *(["time_weight"] if timed else [])]
    return Grid([words.label(k) for k in (*heads, *more)], body, note=note)


def _donors(finding: Finding, lang: Language) -> Drawn:
    words = words_of(finding, lang)
    weights = donor_weights(finding.main.estimate)
    large = pl.col("weight").abs() >= LEAST_SHOWN
    shown, rest = weights.filter(large), weights.filter(~large)
    named = finding.programme.disclosure.audience == "internal"
    names = [
        r["village"] if named else words.label("donor_number", n=i)
        for i, r in enumerate(shown.iter_rows(named=True), 1)
    ]
    values = shown["weight"].to_list()
    if rest.height:
        names.append(words.label("donor_rest", n=rest.height))
        values.append(float(rest["weight"].sum()))
    axes = Axes(
        words.label("donor_weight"), "", zero_across=True, percent_x=True, legend=False, height=90 + 28 * len(names)
    )
    title = words.label(
        "donors_title", n=weights.filter(pl.col("weight") != 0).height, largest=percent(weights["weight"][0], lang)
    )
    bars = Series(words.label("donor_weight"), values[::-1], names[::-1], mode="bars")
    pairs = [[n, percent(v, lang)] for n, v in zip(names, values, strict=True)]
    alt = f"{title}. " + "; ".join(f"{n}: {v}" for n, v in pairs)
    table = Grid([words.label("donor"), words.label("donor_weight")], pairs)
    subtitle = words.label("donors_subtitle" if weights["weight"].min() >= 0 else "donors_subtitle_negative")  # type: ignore[operator]
    return Drawn(title, subtitle, alt, plot([bars], axes), table)
