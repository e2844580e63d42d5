"""How large a drift after the start the answer bears: intervals by its size, and where they begin to hold 0."""

from __future__ import annotations

import math
from typing import Any

from evalkit.diagnostics.honest_did import MOST, HonestDid
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import axis_title
from evalkit.report.drift import LEAST, borne, fastest_before
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import alike_in, difference, interval, plain, unit_of
from evalkit.report.shown import shown_honest, shown_study
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for
from evalkit.report.wording import Language, Words, words_of

BESIDE = 0.3
"""How far the axis goes on beyond the last interval, in times of the largest drift before the start."""


def sensitivity(finding: Finding) -> Block | FigureBlock:
    """Return the intervals by how large drifts may be (Rambachan & Roth 2023); empty where a finding has none.

    Also empty where no result is reported, or a gap before the start is withheld.
    """
    honest = shown_honest(finding)
    if honest is None or not case_for(finding).shows_numbers:
        return Block("")
    rows = shown_drifts(finding, honest)
    return figure_block(lambda lang: _figure(finding, honest, rows, lang))


def shown_drifts(finding: Finding, honest: HonestDid) -> list[dict[str, Any]]:
    """Return an interval for each size of drift: 0, by the event study itself, then those of the finding."""
    study = shown_study(finding)
    whole = [] if study is None else study.filter(term="att").to_dicts()
    names = ("estimate", "conf_low", "conf_high")
    rows = [{"largest": 0.0, **{k: r[k] for k in names}} for r in whole if None not in (r[k] for k in names)]
    rows += [{"largest": b.largest, "conf_low": b.conf_low, "conf_high": b.conf_high} for b in honest.bounds]
    shown: list[dict[str, Any]] = shown_digits(rows, finding)
    return shown


def _figure(finding: Finding, honest: HonestDid, rows: list[dict[str, Any]], lang: Language) -> Drawn:
    words, marked = words_of(finding, lang), _marked(honest)
    title, table = _title(finding, honest, lang), _table(finding, honest, rows, lang)
    subtitle = words.label("drift_subtitle", one=_one(finding, honest, lang))
    subtitle += "" if marked is None else words.label("drift_mark", times=_times(marked))
    axes = Axes(
        words.label("drift_axis"),
        axis_title("gap", finding, lang),
        zero=True,
        marks=() if marked is None else (marked,),
        percent_y=unit_of(finding.indicator.unit).kind == "share",
        range_x=(-BESIDE, max([r["largest"] for r in rows] + ([] if marked is None else [marked])) + BESIDE),
    )
    stop, joint = ("。", "；") if lang == "zh" else (". ", "; ")
    alt = title + stop + joint.join(f"{row[0]}: {row[1]}" for row in table.rows)
    return Drawn(title, subtitle, alt, plot(_series(rows, words), axes), table)


def _series(rows: list[dict[str, Any]], words: Words) -> list[Series]:
    """Return the event study's own interval, and the others as bars from end to end: they have no estimate inside."""
    same = [r for r in rows if "estimate" in r]
    drifted = [r for r in rows if "estimate" not in r]
    places = [x for r in drifted for x in (r["largest"], r["largest"], None)]
    ends = [y for r in drifted for y in (r["conf_low"], r["conf_high"], None)]
    own = {name: [r[name] for r in same] for name in ("largest", "estimate", "conf_low", "conf_high")}
    return [
        Series(
            words.label("drift_same"),
            own["largest"],
            own["estimate"],
            COMPARISON,
            "diamond",
            mode="markers",
            low=own["conf_low"],
            high=own["conf_high"],
        ),
        Series(words.label("drift_bounds"), places, ends, PILOT, "line-ew-open", size=14),
    ]


def _title(finding: Finding, honest: HonestDid, lang: Language) -> str:
    label, most, bears = getattr(finding.indicator.label, lang), plain(MOST, 0), honest.breakdown
    words, amount, size = words_of(finding, lang), "", borne(finding)
    if size is not None:
        shown = difference(size, unit_of(finding.indicator.unit), lang)
        amount = words.label("drift_amount", amount=shown)
    key = "none" if bears is None else "most" if bears >= MOST else "hardly" if bears < LEAST else "until"
    return words.label(f"drift_title_{key}", label=label, most=most, times=_times(bears or 0.0), amount=amount)


def _one(finding: Finding, honest: HonestDid, lang: Language) -> str:
    """Say how large the fastest move before the start was; empty where a round of it is withheld."""
    moved = fastest_before(finding, honest.n_leads)
    if moved is None:
        return ""
    return words_of(finding, lang).label("drift_one", amount=difference(moved, unit_of(finding.indicator.unit), lang))


def _times(breakdown: float) -> str:
    """Write a breakdown value to one decimal, never rounded up: the interval would hold 0 there."""
    return plain(math.floor(breakdown * 10) / 10, 1)


def _marked(honest: HonestDid) -> float | None:
    """Return where the intervals begin to hold 0; None where they do so everywhere, or not as far as was looked."""
    breakdown = honest.breakdown
    return None if breakdown is None or breakdown >= MOST or breakdown < LEAST else breakdown


def _table(finding: Finding, honest: HonestDid, rows: list[dict[str, Any]], lang: Language) -> Grid:
    words = words_of(finding, lang)
    straight = dict(zip(("conf_low", "conf_high"), honest.straight, strict=True))
    last: list[dict[str, Any]] = shown_digits([{"largest": None, **straight}], finding)
    unit = alike_in(unit_of(finding.indicator.unit), [*rows, *last], ("conf_low", "conf_high"))
    body = [
        [
            words.label("drift_straight") if r["largest"] is None else f"{r['largest']:g}",
            interval(r["conf_low"], r["conf_high"], unit, lang),
        ]
        for r in [*rows, *last]
    ]
    head = [words.label(k) for k in ("drift_x", "interval")]
    return Grid(head, body, note=words.label("drift_note", n=honest.n_leads), compact=True)
