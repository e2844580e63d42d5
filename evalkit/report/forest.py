"""The forest figure: all indicators of a programme on one scale, percent of the comparison mean.

Each has its own interval, and a longer one that holds together with those of the other indicators of its family.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.figures import LINE, PILOT, Axes, Drawn, Series, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import percent
from evalkit.report.overview import kind_of, relative_in_family, relative_to_comparison
from evalkit.report.shown_digits import shown_digits
from evalkit.report.wording import Language, say, words_of

KINDS = ("up", "down", "unclear", "small")
FAR = 6.0
"""An interval that reaches so many times as far as the next one would squeeze all others: the axis ends before it."""
ROOM = 1.15
"""The axis goes beyond the farthest interval that it holds by this factor."""
EDGE = 1.05
"""Room beyond the arrows, which stand where the axis would end."""
THICK = 4.0
"""Width of an indicator's own interval, in pixels; the one within its family is a hairline with caps behind it."""
Interval = tuple[float, float, float]
"""Estimate, lower and upper end, as shares of the comparison mean."""


def forest(findings: Sequence[Finding]) -> Block | FigureBlock:
    """Return all indicators on one scale; an interval that would squeeze the others ends in an arrow at the edge."""
    shown = [f for f in findings if kind_of(f) in KINDS and relative_to_comparison(f) is not None]
    if len(shown) < 2:
        return Block("")
    return figure_block(lambda lang: _forest(findings, shown, lang))


def reach_of(values: Sequence[Interval]) -> float | None:
    """Return how far from zero the axis goes; None where all intervals fit on it.

    From the middle of the intervals' reaches on, the first that is `FAR` times the one before is beyond the axis:
    10, 12, 20 and 240 % end at 23 %.
    """
    reaches = sorted(max(map(abs, v)) for v in values)
    start = max(1, len(reaches) // 2)
    for near, far in zip(reaches[start - 1 :], reaches[start:], strict=False):
        if near > 0 and far > FAR * near and len(reaches) > 2:
            return near * ROOM
    return None


def _forest(findings: Sequence[Finding], shown: Sequence[Finding], lang: Language) -> Drawn:
    words, joint = words_of(findings[0].programme, lang), "、" if lang == "zh" else ", "
    values: list[Interval] = [shown_digits(v, f) for f in shown if (v := relative_to_comparison(f)) is not None]
    families: list[Interval | None] = [shown_digits(relative_in_family(f), f) for f in shown]
    names = [getattr(f.indicator.label, lang) for f in shown]
    left = [getattr(f.indicator.label, lang) for f in findings if f not in shown]
    note = words.label("forest_left_out", names=joint.join(left)) if left else ""
    widest = _widest(values, families)
    reach = reach_of(widest)
    far = [] if reach is None else [n for n, v in zip(names, widest, strict=True) if max(map(abs, v)) > reach]
    subtitle = [words.label("forest_subtitle")]
    subtitle += [words.label("forest_family")] if any(families) else []
    subtitle += [words.label("forest_beyond", names=joint.join(far))] if far else []
    title = _title(shown, lang)
    alt = f"{title}. " + "; ".join(f"{n} {percent(v[0], lang)}" for n, v in zip(names, values, strict=True))
    axes = _axes(names, widest, reach, words.label("relative_axis"), lang)
    figure = plot(_series(values, families, reach, (words.label("estimate"), words.label("forest_in_family"))), axes)
    table = Grid(*_table(shown, values, families, lang), note=note, compact=True)
    return Drawn(title, ("；" if lang == "zh" else "; ").join(subtitle), alt, figure, table)


def _widest(values: Sequence[Interval], families: Sequence[Interval | None]) -> list[Interval]:
    """Return the longer of an indicator's intervals: the one within its family where it has one."""
    return [own if joint is None else joint for own, joint in zip(values, families, strict=True)]


def _ends(interval: Interval, lang: Language) -> str:
    to = "至" if lang == "zh" else " to "
    return f"{percent(interval[1], lang)}{to}{percent(interval[2], lang)}"


def _table(
    shown: Sequence[Finding], values: Sequence[Interval], families: Sequence[Interval | None], lang: Language
) -> tuple[list[str], list[list[str]]]:
    """Return head and rows: each estimate with its interval, and where any has one, the interval within its family."""
    words = words_of(shown[0].programme, lang)
    head, rows = [words.label(k) for k in ("indicator", "relative", "interval")], []
    for finding, own, joint in zip(shown, values, families, strict=True):
        wide = words.label("forest_alone" if finding.in_family is None else "forest_unbounded")
        wide = wide if joint is None else _ends(joint, lang)
        rows.append([getattr(finding.indicator.label, lang), percent(own[0], lang), _ends(own, lang), wide])
    if all(f.in_family is None for f in shown):
        return head, [row[:3] for row in rows]
    return [*head, words.label("forest_in_family")], rows


def _axes(names: Sequence[str], values: Sequence[Interval], reach: float | None, title: str, lang: Language) -> Axes:
    ticks = tuple((float(len(names) - i), wrapped(n, lang)) for i, n in enumerate(names))
    height = 110 + len(names) * (LINE * max(label.count("<br>") + 1 for _, label in ticks) + 10)
    ends = [x for v in values for x in v]
    span = None if reach is None else (max(min(*ends, 0), -reach) * EDGE, min(max(*ends, 0), reach) * EDGE)
    return Axes(title, "", zero_across=True, percent_x=True, legend=False, height=height, ticks_y=ticks, range_x=span)


def _series(
    values: Sequence[Interval], families: Sequence[Interval | None], reach: float | None, names: tuple[str, str]
) -> list[Series]:
    """Return the intervals from the top down, wider ones behind, and arrows at the edge for ends that lie beyond it."""
    places = list(range(len(values), 0, -1))
    series = []
    behind = [(y, w) for y, w in zip(places, families, strict=True) if w is not None]
    if behind:
        middles, lows, highs = zip(*(w for _, w in behind), strict=True)
        at = [y for y, _ in behind]
        series += [Series(names[1], middles, at, size=1, mode="markers", low=lows, high=highs, across=True)]
    middles, lows, highs = zip(*values, strict=True)
    series += [Series(names[0], middles, places, mode="markers", low=lows, high=highs, across=True, thick=THICK)]
    for end, symbol in ((reach, "triangle-right"), (None if reach is None else -reach, "triangle-left")):
        if end is not None:
            widest = zip(_widest(values, families), places, strict=True)
            far = [y for v, y in widest if max(x / end for x in v) > 1]
            series += [Series(names[0], [end] * len(far), far, PILOT, symbol, mode="markers")] if far else []
    return series


def _title(shown: Sequence[Finding], lang: Language) -> str:
    """Return how many intervals lie on which side of zero."""
    programme, kinds = shown[0].programme, [kind_of(f) for f in shown]
    parts = [say(programme, lang, f"count_{k}", n=kinds.count(k)) for k in KINDS if k in kinds]
    return say(programme, lang, "forest_title", n=len(shown), parts=("，" if lang == "zh" else "; ").join(parts))
