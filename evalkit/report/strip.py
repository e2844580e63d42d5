"""The strip of villages: what changed in each, pilot and comparison apart, and the estimate without each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import ARM_STYLE, axis_title
from evalkit.report.figures import INK, Axes, Drawn, Series, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import alike_in, difference, interval, level, unit_of, whole
from evalkit.report.rounds import round_in_words
from evalkit.report.shown_villages import shown_villages
from evalkit.report.statement import case_for
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, words_of

Row = dict[str, Any]
FEWEST = 4
"""With fewer marks in the pilot arm there is nothing to see that the four cells do not say."""
STEPS = (0.0, 0.22, -0.22, 0.11, -0.11)
"""Marks of one row are drawn apart by these steps, in turn, so that equal values do not hide each other."""
SIZE = 7


def village_strip(finding: Finding) -> Block | FigureBlock:
    """Return one mark a village at its own change, and one at the estimate without it; empty where it may not be shown.

    On public pages each village stands at the mean of a small group (see `shown_villages`).
    """
    rows = shown_villages(finding)
    n_pilot = sum(r["n_villages"] for r in rows if r["arm"] == "pilot")
    if n_pilot < FEWEST or not case_for(finding).shows_numbers:
        return Block("")
    return figure_block(lambda lang: _figure(finding, rows, lang))


def _marks(rows: Sequence[Row], key: str) -> list[float]:
    """Return one value a village: that of its group."""
    return [r[key] for r in rows for _ in range(r["n_villages"]) if r[key] is not None]


def _figure(finding: Finding, rows: Sequence[Row], lang: Language) -> Drawn:
    words, by_arm = words_of(finding, lang), {a: [r for r in rows if r["arm"] == a] for a in ARM_STYLE}
    lines = [a for a in ARM_STYLE if by_arm[a]]
    left_out = bool(_marks(rows, "without"))
    names = [words.label(f"strip_{a}") for a in lines]
    names += [words.label("strip_without"), words.label("strip_estimate")] if left_out else []
    places = dict(zip([*lines, *(["without", "estimate"] if left_out else [])], range(len(names), 0, -1), strict=True))
    series = [_swarm(words.rows[a], _marks(by_arm[a], "change"), places[a], a) for a in lines]
    if left_out:
        series += [
            _swarm(words.rows[a], _marks(by_arm[a], "without"), places["without"], a, legend=False) for a in lines
        ]
        series.append(_estimate(finding, places["estimate"], words.label("strip_estimate")))
    unit = unit_of(finding.indicator.unit)
    axes = Axes(
        axis_title("strip_axis", finding, lang),
        "",
        zero_across=True,
        percent_x=unit.kind == "share",
        legend=len(lines) > 1,
        height=130 + 62 * len(names),
        ticks_y=tuple((float(len(names) - i), wrapped(n, lang)) for i, n in enumerate(names)),
    )
    title = _title(finding, by_arm, lang, left_out=left_out)
    return Drawn(title, _subtitle(finding, lang), title, plot(series, axes), _table(finding, rows, lang))


def _swarm(name: str, values: Sequence[float], place: int, arm: str, *, legend: bool = True) -> Series:
    color, symbol, _ = ARM_STYLE[arm]
    heights = [place + STEPS[i % len(STEPS)] for i in range(len(values))]
    return Series(name, values, heights, color, symbol, mode="markers", size=SIZE, legend=legend)


def _estimate(finding: Finding, place: int, name: str) -> Series:
    row = finding.main.row("att")
    return Series(
        name,
        [row["estimate"]],
        [place],
        INK,
        "diamond",
        mode="markers",
        low=[row["conf_low"]],
        high=[row["conf_high"]],
        across=True,
        legend=False,
    )


def _title(finding: Finding, by_arm: dict[str, list[Row]], lang: Language, *, left_out: bool) -> str:
    """Say between which changes the middle half of each arm's villages lies, and what leaving one out does."""
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    parts = []
    for arm, rows in by_arm.items():
        if rows:
            low, high = np.quantile(_marks(rows, "change"), (0.25, 0.75)).tolist()
            between = interval(low, high, unit, lang) if low < high else difference(low, unit, lang)
            parts.append(words.label(f"strip_half_{arm}", range=between))
    firm = finding.stability
    parts += [words.label(f"strip_{firm.verdict}")] if firm is not None and left_out else []
    label, joint = getattr(finding.indicator.label, lang), "；" if lang == "zh" else "; "
    return words.label("strip_title", label=label, parts=joint.join(parts))


def _subtitle(finding: Finding, lang: Language) -> str:
    words, limits, cells = words_of(finding, lang), finding.programme.disclosure, finding.cells
    ends = {"before": cells.before_label, "after": cells.after_label}
    said = words.label("strip_subtitle", **{k: round_in_words(v, finding.programme, lang) for k, v in ends.items()})
    key = "strip_single" if limits.audience == "internal" else "strip_grouped"
    gap = "" if lang == "zh" else " "
    return said + gap + words.label(key, n=limits.min_villages, households=limits.min_households)


def _table(finding: Finding, rows: Sequence[Row], lang: Language) -> Grid:
    words = words_of(finding, lang)
    unit = alike_in(unit_of(finding.indicator.unit), rows, ("before", "after", "change", "without"))
    named = finding.programme.disclosure.audience == "internal"
    keys = ("villages", "households")
    head = [
        words.label("arm"),
        *(words.label(k) for k in keys),
        *(words.rows[k] for k in ("before", "after", "change")),
    ]
    body = [
        [
            f"{words.rows[r['arm']]} {r['cluster']}" if named else words.rows[r["arm"]],
            *(whole(r[k], lang) for k in ("n_villages", "n_units")),
            *(level(r[k], unit, lang) for k in ("before", "after")),
            *(difference(r[k], unit, lang, signed=True) for k in ("change", "without")),
        ]
        for r in rows
    ]
    note = " ".join(filter(None, (words.label("strip_note"), rounded_note(finding.programme, lang))))
    return Grid([*head, words.label("strip_without")], body, note=note, folded=True)
