"""Figures: one theme; the message as title, alternative text from the numbers, a table beside each.

They are written as plotly.js reads them; the tests let plotly's Python library check every one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from evalkit.errors import visible
from evalkit.report.block import Block, FigureBlock, both, text
from evalkit.report.html_table import Grid
from evalkit.report.wording import LANGUAGES, WORDS, Language

INK, MUTED, GRID = "#1c2733", "#5b6875", "#d9dee4"
PILOT, COMPARISON = "#0b5f8a", "#b35c00"
GRAY = "#9aa5b1"
SHADE = "rgba(11,95,138,0.15)"
CLEAR = "rgba(0,0,0,0)"
FAMILY = "Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
BARE = {"data": {"scatter": [{"type": "scatter"}]}}
"""plotly's template ``none``: no colours or grid of its own."""
LONG = 24
"""A table with more rows than this is folded up."""
WHOLE_PART = re.compile(r"[0-9A-Za-z.,%]+|/.|.", re.S)
"""What of a label stays on one line."""
WIDE = 0x2E80
"""Characters from here on are about twice as wide as Latin letters."""
LINE = 19
"""Height of a line of a label, in pixels."""
TRACE_TYPES = frozenset({"scatter", "bar"})
"""All kinds of traces that figures here use; a test holds that the vendored bundle draws them."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in one language: title, subtitle, alternative text, plotly JSON and the table beside it."""

    title: str
    subtitle: str
    alt: str
    figure: dict[str, Any]
    table: Grid


def figure_block(draw: Callable[[Language], Drawn]) -> FigureBlock:
    """Return the figure in both languages, each drawn once."""
    drawn = {lang: draw(lang) for lang in LANGUAGES}
    return FigureBlock(Block(both(lambda lang: _figure_html(drawn[lang], lang))), drawn["zh"].figure)


def _figure_html(drawn: Drawn, lang: Language) -> str:
    payload = json.dumps(drawn.figure, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    height = drawn.figure["layout"].get("height", 340)
    return (
        f"<figure><figcaption><b>{text(drawn.title)}</b><span>{text(drawn.subtitle)}</span></figcaption>"
        f'<div class="plot" role="img" aria-label="{text(drawn.alt)}" style="height:{height}px">'
        f'<script type="application/json">{payload}</script></div>{_table_html(drawn.table, lang)}</figure>'
    )


def _table_html(table: Grid, lang: Language) -> str:
    """Return the table beside a figure; a long one, or one that asks for it, is folded up."""
    if len(table.rows) <= LONG and not table.folded:
        return table.html()
    summary = text(WORDS[lang].label("table_of", n=len(table.rows)))
    return f"<details><summary>{summary}</summary>{table.html()}</details>"


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one series; `low` and `high` are the ends of intervals, None where there is none.

    A `filled` series is an area: its points go round it. With mode ``bars`` points are ends of horizontal bars from 0.
    An interval `thick` pixels wide has no caps, so that a thin one with caps can be seen behind it.
    """

    name: str
    x: Sequence[Any]
    y: Sequence[Any]
    color: str = PILOT
    symbol: str = "circle"
    dash: str = "solid"
    mode: str = "lines+markers"
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    across: bool = False
    filled: bool = False
    width: float = 2.0
    size: int = 9
    legend: bool = True
    thick: float | None = None


def shown(words: str) -> str:
    """Return a text as plotly shows it: no markup, which plotly reads in its texts, and no control characters."""
    return escape(visible(words), quote=False)


def trace(series: Series) -> dict[str, Any]:
    """Return a plotly trace; intervals are error bars, along x where `across`."""
    name, x = shown(series.name), list(series.x)
    if series.mode == "bars":
        places = [shown(y) if isinstance(y, str) else y for y in series.y]
        return {"type": "bar", "name": name, "x": x, "y": places, "orientation": "h", "marker": {"color": series.color}}
    values: dict[str, Any] = {"type": "scatter", "name": name, "x": x, "y": list(series.y), "mode": series.mode}
    values |= {} if series.legend else {"showlegend": False}
    if series.filled:
        return {**values, "fill": "toself", "fillcolor": SHADE, "line": {"width": 0}, "hoverinfo": "skip"}
    values["marker"] = {"color": series.color, "symbol": series.symbol, "size": series.size}
    values["line"] = {"color": series.color, "dash": series.dash, "width": series.width}
    return values | ({f"error_{'x' if series.across else 'y'}": _bars(series)} if series.low else {})


def _bars(series: Series) -> dict[str, Any]:
    middle = series.x if series.across else series.y
    above = [None if h is None else h - m for h, m in zip(series.high, middle, strict=True)]
    below = [None if w is None else m - w for w, m in zip(series.low, middle, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": series.color,
        "thickness": series.thick or 1.6,
        "width": 0 if series.thick else 5,
    }


@dataclass(frozen=True, slots=True)
class Axes:
    """Titles and kinds of the two axes; `marks` are vertical dashed lines, `zero` draws the zero line.

    `map_ratio` makes a map without axes: how many times as long a degree of latitude is as one of longitude.

    With `months` x holds texts like 2016-03, which are placed as dates.
    """

    x: str
    y: str
    zero: bool = False
    zero_across: bool = False
    marks: tuple[float, ...] = ()
    percent_y: bool = False
    percent_x: bool = False
    whole_x: bool = False
    months: bool = False
    legend: bool = True
    height: int = 340
    ticks_y: tuple[tuple[float, str], ...] = ()
    range_x: tuple[float, float] | None = None
    map_ratio: float | None = None


def plot(series: Sequence[Series], axes: Axes) -> dict[str, Any]:
    """Return the JSON of a figure in the house theme, as plotly.js reads it."""
    layout: dict[str, Any] = {
        "template": BARE,
        "height": axes.height,
        "margin": {"l": 8, "r": 12, "t": 40 if axes.legend else 12, "b": 8},
        "font": {"family": FAMILY, "size": 14, "color": INK},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "showlegend": axes.legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": _axis(_below(axes.x), percent=axes.percent_x, whole=axes.whole_x, zero=axes.zero_across)
        | ({"type": "date", "tickformat": "%Y-%m", "nticks": 8} if axes.months else {})
        | ({"range": list(axes.range_x)} if axes.range_x else {}),
        "yaxis": _axis(shown(axes.y), percent=axes.percent_y, whole=False, zero=axes.zero) | _named_ticks(axes.ticks_y),
    }
    layout |= {"shapes": [_mark(x) for x in axes.marks]} if axes.marks else {}
    if axes.map_ratio is not None:
        layout["xaxis"] |= {"visible": False, "constrain": "domain"}
        layout["yaxis"] |= {"visible": False, "scaleanchor": "x", "scaleratio": axes.map_ratio, "constrain": "domain"}
    return {"data": [trace(s) for s in series], "layout": layout}


def across_zero(title: str, ticks: tuple[tuple[float, str], ...], height: int, *, percent: bool) -> Axes:
    """Return the axes of intervals that lie under one another, each with its name, about a line at zero."""
    return Axes(title, "", zero_across=True, percent_x=percent, legend=False, height=height, ticks_y=ticks)


def _mark(x: float) -> dict[str, Any]:
    """Return a dashed line from the bottom to the top."""
    line = {"color": MUTED, "dash": "dot", "width": 1.5}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def wrapped(name: str, lang: Language) -> str:
    """Break a label over lines so that a narrow screen keeps room for the figure."""
    from textwrap import wrap

    return "<br>".join(text(line) for line in (wrap(name, 18) if lang == "en" else _lines(name)))


def _below(title: str) -> str:
    """Break the title below a figure over lines that fit a phone; a Chinese character is two letters wide."""
    from textwrap import wrap

    is_chinese = any(ord(c) > WIDE for c in title)
    return "<br>".join(shown(line) for line in (_lines(title, 11) if is_chinese else wrap(title, 22)))


def _lines(name: str, most: int = 9) -> list[str]:
    """Cut a Chinese label into as few lines as fit, of about the same length, never within a number or a Latin word."""
    fewest = max(1, math.ceil(len(name) / most))
    even = _filled(name, math.ceil(len(name) / fewest))
    return even if len(even) <= fewest else _filled(name, most)


def _filled(name: str, width: int) -> list[str]:
    lines = [""]
    for part in WHOLE_PART.findall(name):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return lines


def _axis(title: str, *, percent: bool, whole: bool, zero: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "title": {"text": title, "standoff": 10, "font": {"size": 14}},
        "automargin": True,
        "gridcolor": GRID,
        "zeroline": zero,
        "zerolinecolor": INK,
        "zerolinewidth": 1.5,
        "showline": False,
        "fixedrange": True,
    }
    axis |= {"rangemode": "tozero"} if zero else {}
    axis |= {"tickformat": ".0%"} if percent else {"separatethousands": True, "exponentformat": "none"}
    return axis | ({"tickformat": "d", "dtick": 1} if whole else {})


def _named_ticks(ticks: Sequence[tuple[float, str]]) -> dict[str, Any]:
    if not ticks:
        return {}
    places, names = zip(*ticks, strict=True)
    return {
        "tickmode": "array",
        "tickvals": list(places),
        "ticktext": list(names),
        "range": [min(places) - 0.6, max(places) + 0.6],
        "showgrid": False,
    }
