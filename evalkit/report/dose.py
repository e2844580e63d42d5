"""The figure of the dose: what changed in villages that started early and late, with the warning that they chose to."""

from __future__ import annotations

from typing import Any

from evalkit.diagnostics.dose import Dose
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.charts import axis_title
from evalkit.report.disclosure import Held, Size, coarse, held_text, protect_groups, rounded, share_of, too_small
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import Unit, alike_in, difference, level, unit_of, whole
from evalkit.report.rounds import round_in_words, round_label, time_word
from evalkit.report.shown import is_share, n_with
from evalkit.report.statement import case_for
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of

Row = dict[str, Any]


def dose(finding: Finding, found: Dose | None) -> Block | FigureBlock:
    """Return the change of each group of villages by rounds of exposure; empty where all have the same, or no result.

    Groups with too few households or villages are withheld, and with them a group that would give them away.
    """
    if found is None or not case_for(finding).shows_numbers:
        return Block("")
    shown = shown_dose(finding, found)
    if all(r["held"] for r in shown):
        return Block("")
    return figure_block(lambda lang: _figure(finding, found, shown, lang))


def shown_dose(finding: Finding, found: Dose) -> list[Row]:
    """Return the groups with `held`; those that started add to the pilot arm, whose means the page shows."""
    rows, limits = found.rows.to_dicts(), finding.programme.disclosure
    lines = [
        [Size(r["n_units"], r["n_villages"], n_with(r[k], r["n_units"], finding)) for r in rows]
        for k in ("before", "after")
    ]
    before, after = ([too_small(size, limits) for size in line] for line in lines)
    arms = [None if r["first_treated"] is None else 0 for r in rows]
    held = protect_groups(lines[0], [b or a for b, a in zip(before, after, strict=True)], arms, limits)
    return [{**r, **_means(finding, r), "held": h} for r, h in zip(rows, held, strict=True)]


def _means(finding: Finding, row: Row) -> dict[str, float | None]:
    """Return means and change of a group: shares are those of rounded counts, and so is their change."""
    if not is_share(finding):
        return {k: coarse(row[k]) for k in ("before", "after", "change")}
    before, after = (share_of(row[k], row["n_units"], finding.programme.disclosure) for k in ("before", "after"))
    return {"before": before, "after": after, "change": after - before}


def _figure(finding: Finding, found: Dose, rows: list[Row], lang: Language) -> Drawn:
    words = words_of(finding, lang)
    open_rows = [r for r in rows if not r["held"]]
    pilot, other = ([r for r in open_rows if (r["first_treated"] is None) == never] for never in (False, True))
    series = [
        Series(words.label(name), [r["n_rounds"] for r in own], [r["change"] for r in own], color, symbol, mode=m)
        for name, own, color, symbol, m in (
            ("dose_started", pilot, PILOT, "circle", "lines+markers"),
            ("rollout_never", other, COMPARISON, "square", "markers"),
        )
        if own
    ]
    percent = unit_of(finding.indicator.unit).kind == "share"
    axes = Axes(
        words.label("dose_axis"), axis_title("dose_y", finding, lang), zero=True, percent_y=percent, whole_x=True
    )
    subtitle = words.label("dose_subtitle", **_ends(finding, found, lang))
    alt = _title(finding, open_rows, lang) + ("。" if lang == "zh" else ". ") + subtitle
    first_last = [*pilot[:1], *pilot[1:][-1:], *other]
    title = _title(finding, first_last, lang)
    return Drawn(title, subtitle, alt, plot(series, axes), _table(finding, found, rows, lang))


def _ends(finding: Finding, found: Dose, lang: Language) -> dict[str, str]:
    return {
        k: round_in_words(v, finding.programme, lang) for k, v in (("before", found.before), ("after", found.after))
    }


def _title(finding: Finding, rows: list[Row], lang: Language) -> str:
    words, label = words_of(finding, lang), getattr(finding.indicator.label, lang)
    parts = [_start(finding, r, lang) + ("" if lang == "zh" else " ") + _change(finding, r, lang) for r in rows]
    return words.label("dose_title", label=label, groups=("，" if lang == "zh" else ", ").join(parts))


def _start(finding: Finding, row: Row, lang: Language) -> str:
    if row["first_treated"] is None:
        return say(finding, lang, "dose_never")
    return say(
        finding,
        lang,
        f"dose_start_{time_word(finding)}",
        start=round_in_words(row["first_treated"], finding.programme, lang),
    )


def _change(finding: Finding, row: Row, lang: Language) -> str:
    return difference(row["change"], unit_of(finding.indicator.unit), lang, signed=True)


def _table(finding: Finding, found: Dose, rows: list[Row], lang: Language) -> Grid:
    words, programme = words_of(finding, lang), finding.programme
    ends = _ends(finding, found, lang)
    head = [words.label(k) for k in ("rollout_start", "dose_rounds", "villages", "households")]
    head += [ends["before"], ends["after"], words.rows["change"]]
    drawn = programme.design.assignment == "randomised"
    note = words.label("dose_drawn" if drawn else "dose_chosen")
    unit = alike_in(unit_of(finding.indicator.unit), rows, ("before", "after", "change"))
    body = [_line(finding, r, unit, lang) for r in rows]
    return Grid(head, body, note=" ".join((note, rounded_note(programme, lang))))


def _line(finding: Finding, row: Row, unit: Unit, lang: Language) -> list[str]:
    limits, why = finding.programme.disclosure, row["held"]
    never = row["first_treated"] is None
    start = say(finding, lang, "rollout_never") if never else round_label(row["first_treated"], finding.programme)
    size = [start, whole(row["n_rounds"], lang), whole(row["n_villages"], lang)]
    if why is not None:
        return [*size, *[_text(why, finding, lang)] * 4]
    means = [level(row[k], unit, lang) for k in ("before", "after")]
    change = difference(row["change"], unit, lang, signed=True)
    return [*size, whole(rounded(row["n_units"], limits), lang), *means, change]


def _text(why: Held, finding: Finding, lang: Language) -> str:
    return held_text(why, finding.programme.disclosure, words_of(finding, lang))
