"""The specification curve: the main result and the other ways to compute it, sorted, with their intervals."""

from __future__ import annotations

from typing import Any

from evalkit.estimators.late import LATE
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import axis_title
from evalkit.report.figures import COMPARISON, LINE, PILOT, Axes, Drawn, Series, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import ENDS, alike_in, difference, effect_unit, interval, unit_of
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for
from evalkit.report.tables import estimator_name
from evalkit.report.wording import Language, words_of

FEWEST = 3


def specifications(finding: Finding) -> Block | FigureBlock:
    """Return the curve of results that answer the plan's question in its unit; empty with fewer than three.

    Effects on those who took part and proportional effects answer other questions; an estimate without an interval
    has no place on the curve.
    """
    rows = shown_specifications(finding)
    return figure_block(lambda lang: _figure(finding, rows, lang)) if len(rows) >= FEWEST else Block("")


def shown_specifications(finding: Finding) -> list[dict[str, Any]]:
    """Return estimator, whether it is the plan's, estimate and ends of each comparable result, the smallest first."""
    if not case_for(finding).shows_numbers or finding.main.estimate.estimator in LATE:
        return []
    unit = effect_unit(finding.indicator.unit, finding.main.estimate.estimator)
    results = [(finding.main.estimate.estimator, True, finding.main)]
    results += [(n, False, r) for n, r in finding.robustness if n not in LATE]
    rows = [
        {"estimator": name, "is_main": main, **{k: result.row("att")[k] for k in ENDS}}
        for name, main, result in results
        if effect_unit(finding.indicator.unit, result.estimate.estimator) == unit
    ]
    known = [row for row in rows if all(row[k] is not None for k in ENDS)]
    shown: list[dict[str, Any]] = shown_digits(sorted(known, key=lambda row: row["estimate"]), finding)
    return shown


def _figure(finding: Finding, rows: list[dict[str, Any]], lang: Language) -> Drawn:
    words, unit = words_of(finding, lang), effect_unit(finding.indicator.unit, finding.main.estimate.estimator)
    names = [estimator_name(r["estimator"], words) for r in rows]
    series = []
    for main, color, symbol in ((True, PILOT, "diamond"), (False, COMPARISON, "circle")):
        own = [(place, r) for place, r in enumerate(rows) if r["is_main"] is main]
        series.append(
            Series(
                words.rows["main"] if main else words.label("robustness"),
                [r["estimate"] for _, r in own],
                [place for place, _ in own],
                color,
                symbol,
                mode="markers",
                low=[r["conf_low"] for _, r in own],
                high=[r["conf_high"] for _, r in own],
                across=True,
            )
        )
    ticks = tuple((float(place), wrapped(name, lang)) for place, name in enumerate(names))
    axes = Axes(
        axis_title("estimate", finding, lang),
        "",
        zero_across=True,
        percent_x=unit_of(finding.indicator.unit).kind == "share" or unit.kind == "relative",
        height=130 + len(rows) * (LINE * max(label.count("<br>") + 1 for _, label in ticks) + 10),
        ticks_y=ticks,
    )
    unit = alike_in(unit, rows)
    body = [
        [name, difference(r["estimate"], unit, lang, signed=True), interval(r["conf_low"], r["conf_high"], unit, lang)]
        for name, r in zip(reversed(names), reversed(rows), strict=True)
    ]
    parts = [words.label(f"spec_{side}", n=n) for side, n in _sides(rows).items() if n]
    title = words.label("spec_title", n=len(rows), parts=("，" if lang == "zh" else "; ").join(parts))
    table = Grid([words.label("method"), words.label("estimate"), words.label("interval")], body)
    stop, joint = ("。", "；") if lang == "zh" else (". ", "; ")
    alt = title + stop + joint.join(map(" ".join, body))
    return Drawn(title, words.label("spec_subtitle"), alt, plot(series, axes), table)


def _sides(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many intervals lie above zero, below it, and on both sides."""
    above = sum(r["conf_low"] > 0 for r in rows)
    below = sum(r["conf_high"] < 0 for r in rows)
    return {"above": above, "below": below, "both": len(rows) - above - below}
