"""The figure of hundreds of ways to compute one effect, and in words what their joint test says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from evalkit.diagnostics import CHOICES, SpecificationCurve
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock, heading, paragraph
from evalkit.report.charts import axis_title
from evalkit.report.disclosure import Size, coarse, too_small
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import difference, interval, p_text, unit_of, whole
from evalkit.report.shown_digits import is_rough
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, say, words_of


def specification_curve(finding: Finding, found: SpecificationCurve | None) -> Block | FigureBlock:
    """Return the curve with its joint test; empty where there is none, or where the page gives no result.

    Where the households of one start are too few, single ways could be set against one another until they tell what is
    withheld of it: then only the words are shown.
    """
    if found is None or not case_for(finding).shows_numbers:
        return Block("")
    words = paragraph(lambda lang: _words(finding, found, lang), "prose")
    if is_rough(finding) or any(too_small(Size(*s), finding.programme.disclosure) for s in found.sizes):
        return Block(heading(lambda lang: _title(finding, found, lang), 3) + words)
    figure = figure_block(lambda lang: _figure(finding, found, lang))
    return FigureBlock(figure.block + Block(words), figure.figure)


def _title(finding: Finding, found: SpecificationCurve, lang: Language) -> str:
    counts = {"n": found.rows.height, "above": found.n_above, "below": found.n_below}
    median = difference(found.median, unit_of(finding.indicator.unit), lang, signed=True)
    return say(finding, lang, "ways_title", median=median, **{k: whole(v, lang) for k, v in counts.items()})


def _words(finding: Finding, found: SpecificationCurve, lang: Language) -> str:
    """Say how often other assignments give such a curve, and what that does and does not tell."""
    p = {k: p_text(getattr(found, f"p_{k}")) for k in ("median", "mean", "beyond")}
    drawn = finding.programme.design.assignment == "randomised"
    counted = "ways_all" if found.is_exact else "ways_drawn"
    parts = (
        say(finding, lang, "ways_joint", times=say(finding, lang, counted, n=whole(found.n_assignments, lang)), **p),
        say(finding, lang, "ways_by_lot" if drawn else "ways_chosen"),
    )
    return ("" if lang == "zh" else " ").join(parts)


def _figure(finding: Finding, found: SpecificationCurve, lang: Language) -> Drawn:
    words = words_of(finding, lang)
    places = list(range(1, found.rows.height + 1))
    low, high = ([coarse(v) for v in found.band[k]] for k in ("low", "high"))
    band = Series(
        words.label("ways_band"), [*places, *reversed(places)], [*low, *reversed(high)], filled=True, mode="lines"
    )
    series = [band]
    planned = _is_planned(finding, found)
    for main, color, symbol in ((False, COMPARISON, "circle"), (True, PILOT, "diamond")):
        own = [(i, e) for i, e, is_main in zip(places, found.rows["estimate"], planned, strict=True) if is_main is main]
        name = words.rows["main"] if main else words.label("ways_each")
        if own:
            series.append(Series(name, [i for i, _ in own], [coarse(e) for _, e in own], color, symbol, mode="markers"))
    percent = unit_of(finding.indicator.unit).kind == "share"
    axes = Axes(words.label("ways_axis"), axis_title("estimate", finding, lang), zero=True, percent_y=percent)
    title, subtitle = _title(finding, found, lang), words.label("ways_subtitle")
    return Drawn(
        title,
        subtitle,
        title + ("。" if lang == "zh" else ". ") + subtitle,
        plot(series, axes),
        _table(finding, found, lang),
    )


def _is_planned(finding: Finding, found: SpecificationCurve) -> list[bool]:
    """Say which row is the plan's own way, where it is among them."""
    kind = finding.programme.design_for(finding.indicator).comparison
    method = {"group_time": f"group_time_{kind}_rows"}.get(
        finding.main.estimate.estimator, finding.main.estimate.estimator
    )
    households = "both_rounds" if finding.main.estimate.estimator == "group_time" else "all"
    own = {"extremes": "planned", "weights": "planned", "rounds": "all", "households": households, "method": method}
    return found.rows.select(pl.all_horizontal(pl.col(k) == v for k, v in own.items())).to_series().to_list()


def _table(finding: Finding, found: SpecificationCurve, lang: Language) -> Grid:
    """Return for each value of each choice how many ways have it, and their median, least and greatest estimate."""
    words = words_of(finding, lang)
    head = [words.label(k) for k in ("ways_choice", "ways_number", "ways_median", "ways_range")]
    return Grid(head, list(_lines(finding, found, lang)), note=words.label("ways_note"))


def _lines(finding: Finding, found: SpecificationCurve, lang: Language) -> Iterator[list[str]]:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    for choice in (c for c in CHOICES if found.rows[c].n_unique() > 1):
        for value in found.rows[choice].unique().sort():
            own = found.rows.filter(pl.col(choice) == value)["estimate"].to_numpy()
            name = (
                words.label(f"ways_{choice}") + ("：" if lang == "zh" else ": ") + words.label(f"ways_{choice}_{value}")
            )
            ends = interval(float(own.min()), float(own.max()), unit, lang)
            yield [name, whole(len(own), lang), difference(float(np.median(own)), unit, lang, signed=True), ends]
