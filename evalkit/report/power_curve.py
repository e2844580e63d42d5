"""The power curve: how likely a next round finds a difference, by its size and the number of villages."""

from __future__ import annotations

from evalkit.diagnostics.next_round import NextRound
from evalkit.diagnostics.power import DetectableEffect, probability_of_finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.figures import COMPARISON, GRAY, INK, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.next_round import amount, arms_text, is_shown
from evalkit.report.numbers import percent, unit_of, whole
from evalkit.report.wording import Language, words_of

LOOKS = ((COMPARISON, "dot"), (PILOT, "solid"), (INK, "dash"))
EACH = 4
"""Every fourth effect of the curve stands in the table."""


def power_curve(plan: NextRound) -> Block | FigureBlock:
    """Return the curves of half, all and twice the villages; empty where no number may be shown."""
    found = plan.found
    if found is None or not is_shown(plan):
        return Block("")
    return figure_block(lambda lang: _figure(plan, found, lang))


def _figure(plan: NextRound, found: DetectableEffect, lang: Language) -> Drawn:
    words, unit = words_of(plan.programme, lang), unit_of(plan.indicator.unit)
    wanted = found.study.power
    looks = LOOKS if len(plan.curves) == len(LOOKS) else LOOKS[1:]
    lines = [
        Series(
            arms_text(plan, c.pilot, c.comparison, lang), c.effects, c.power, color, dash=dash, mode="lines", width=2.5
        )
        for c, (color, dash) in zip(plan.curves, looks, strict=True)
    ]
    ends = plan.curves[0].effects[:: len(plan.curves[0].effects) - 1]
    lines.append(Series(words.label("power_wanted"), ends, [wanted] * 2, GRAY, dash="dashdot", mode="lines"))
    axes = Axes(
        words.label("power_curve_x") + _unit_text(plan, lang),
        words.label("power_curve_y"),
        zero=True,
        marks=(found.mde,),
        percent_y=True,
        percent_x=unit.kind == "share",
    )
    title = words.label(
        "power_curve_title",
        label=getattr(plan.indicator.label, lang),
        mde=amount(plan, found.mde, lang),
        power=percent(wanted, lang, 0),
        half=percent(probability_of_finding(found.study, found.mde / 2), lang, 0),
    )
    table = _table(plan, lang)
    return Drawn(title, words.label("power_curve_subtitle"), _alt(title, table, lang), plot(lines, axes), table)


def _unit_text(plan: NextRound, lang: Language) -> str:
    """Return the unit in brackets, as an amount of the indicator is written; empty for shares, whose ticks say it."""
    if unit_of(plan.indicator.unit).kind == "share":
        return ""
    name = amount(plan, 1.0, lang).lstrip("0123456789.").strip()
    return (f"（{name}）" if lang == "zh" else f" ({name})") if name else ""


def _table(plan: NextRound, lang: Language) -> Grid:
    words = words_of(plan.programme, lang)
    places = range(0, len(plan.curves[0].effects), EACH)
    rows = [
        [amount(plan, plan.curves[0].effects[i], lang), *(percent(c.power[i], lang, 0) for c in plan.curves)]
        for i in places
    ]
    head = [words.label("power_effect"), *(arms_text(plan, c.pilot, c.comparison, lang) for c in plan.curves)]
    return Grid(head, rows, note=_note(plan, lang), compact=True)


def _note(plan: NextRound, lang: Language) -> str:
    """Say what the columns are, and what simulation says beside the formula."""
    words, done = words_of(plan.programme, lang), plan.simulated
    note = words.label("power_curve_note")
    if done is None:
        return note
    checked = words.label(
        "power_simulated",
        draws=whole(done.draws, lang),
        mde=amount(plan, done.effect, lang),
        share=percent(done.power, lang, 0),
        error=percent(done.monte_carlo_error, lang, 0),
        power=percent(done.study.power, lang, 0),
    )
    joint = "" if lang == "zh" else " "
    return joint.join((note, checked, words.label("power_simulated_note")))


def _alt(title: str, table: Grid, lang: Language) -> str:
    stop, joint, comma = ("。", "；", "，") if lang == "zh" else (". ", "; ", ", ")
    heads = list(table.head)[1:]
    parts = [f"{row[0]}: " + comma.join(f"{h} {v}" for h, v in zip(heads, row[1:], strict=True)) for row in table.rows]
    return title + stop + joint.join(parts)
