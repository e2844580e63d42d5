"""The figure of level effects by dose, and why the groups may not be set against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evalkit.doses import DoseEffects
from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock, both, paragraph
from evalkit.report.charts import axis_title
from evalkit.report.disclosure import Held, Size, held_text, rounded, too_small
from evalkit.report.figures import COMPARISON, PILOT, Drawn, Series, across_zero, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import Unit, alike_in, difference, interval, is_number, p_text, plain, unit_of, whole
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for
from evalkit.report.subgroups import held_cells
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of

Row = dict[str, Any]
ALL = "att"
APART = 0.05
"""Level of the look at groups before the start, over all of them (Bonferroni)."""
ATTRIBUTED = ("effect", "assumed")
"""Forms of the page's own sentence under which a level effect may be called one, given its assumption."""


def dose_effects(finding: Finding, found: DoseEffects | None) -> Block | FigureBlock:
    """Return what each dose group gained beside villages without the programme; empty without a dose, or no result.

    Groups with too few households or villages are withheld, and with them one that would give them away. Of a group
    with too few villages for an interval it is said that the data cannot tell.
    """
    if found is None or not case_for(finding).shows_numbers:
        return Block("")
    rows = shown_dose_effects(finding, found)
    if not any(r["held"] is None and r["has_interval"] for r in rows if r["term"] != ALL):
        return Block("")
    drawn = figure_block(lambda lang: _figure(finding, found, rows, lang))
    said = paragraph(lambda lang: _said(finding, found, rows, lang), "prose")
    return FigureBlock(Block(drawn.block.html + said + _earlier(finding, found)), drawn.figure)


def shown_dose_effects(finding: Finding, found: DoseEffects) -> list[Row]:
    """Return a row for each group, then all, then slopes, with `held`, `has_interval` and `truth`."""
    held = held_cells(finding, found.cells)
    why: dict[str, Held | None] = {f"dose={j + 1}": h for j, h in enumerate(held)}
    tidy = {r["term"]: shown_digits(r, finding) for r in found.effects.tidy().to_dicts()}
    truth = dict(zip((ALL, *why), found.truth or (), strict=False))
    slopes = [t for t in tidy if t.startswith("slope=")]
    why |= {ALL: None} | {t: _of_both(why, int(t.partition("=")[2])) for t in slopes}
    return [
        {**tidy[t], "held": h, "has_interval": is_number(tidy[t]["conf_low"]), "truth": truth.get(t)}
        for t, h in why.items()
    ]


def shown_before(finding: Finding, found: DoseEffects) -> list[Row]:
    """Return a row for each group before its start, with `held` and `has_interval`; none where nothing was compared.

    There is no row of all groups, which with the others would give away one that is withheld.
    """
    if found.before is None:
        return []
    held, limits = held_cells(finding, found.cells), finding.programme.disclosure
    rows = []
    for j, why in enumerate(held):
        row: Row = shown_digits(found.before.row(f"dose={j + 1}"), finding)
        own = too_small(Size(row["n_treated_units"], row["n_treated_villages"]), limits)
        rows.append({**row, "held": why or own, "has_interval": is_number(row["conf_low"])})
    return rows


def _of_both(why: dict[str, Held | None], upper: int) -> Held | None:
    return why[f"dose={upper - 1}"] or why[f"dose={upper}"]


def _levels(rows: Sequence[Row]) -> list[Row]:
    return [r for r in rows if not r["term"].startswith("slope=")]


def _figure(finding: Finding, found: DoseEffects, rows: list[Row], lang: Language) -> Drawn:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    open_rows = [r for r in _levels(rows) if r["held"] is None]
    drawn = [r for r in open_rows if r["has_interval"]]
    places = list(range(len(drawn), 0, -1))
    series = [
        Series(
            _name(finding, found, r, lang),
            [r["estimate"]],
            [place],
            COMPARISON if r["term"] == ALL else PILOT,
            "diamond" if r["term"] == ALL else "circle",
            mode="markers",
            low=[r["conf_low"]],
            high=[r["conf_high"]],
            across=True,
        )
        for r, place in zip(drawn, places, strict=True)
    ]
    ticks = tuple((float(p), wrapped(_name(finding, found, r, lang), lang)) for p, r in zip(places, drawn, strict=True))
    height = 90 + 56 * len(drawn)
    axes = across_zero(axis_title("group_x", finding, lang), ticks, height, percent=unit.kind == "share")
    title = _title(finding, found, drawn, lang)
    points = [f"{_name(finding, found, r, lang)} {_amount(finding, r, lang)}" for r in open_rows]
    alt = title + ("。" if lang == "zh" else ". ") + "; ".join(points)
    subtitle = words.label("dose_level_subtitle", others=_others(finding, lang))
    return Drawn(title, subtitle, alt, plot(series, axes), _table(finding, found, rows, lang))


def _dose(found: DoseEffects, lang: Language) -> str:
    """Return what the dose is called within a sentence."""
    label: str = getattr(found.plan.label, lang)
    return label[:1].lower() + label[1:] if lang == "en" else label


def _others(finding: Finding, lang: Language) -> str:
    return say(finding, lang, f"dose_level_{finding.programme.design.comparison}")


def _name(finding: Finding, found: DoseEffects, row: Row, lang: Language) -> str:
    """Return what a group is called, by the ends of its doses."""
    if row["term"] == ALL:
        return say(finding, lang, "dose_level_all")
    low, high = row["dose_low"], row["dose_high"]
    key = "dose_level_below" if low == 0 else "dose_level_from" if high is None else "dose_level_between"
    ends = {k: "" if v is None else f"{v:g}" for k, v in (("low", low), ("high", high))}
    return say(finding, lang, key, unit=getattr(found.plan.unit, lang), **ends)


def _amount(finding: Finding, row: Row, lang: Language) -> str:
    unit = unit_of(finding.indicator.unit)
    if not row["has_interval"]:
        return say(finding, lang, "dose_level_few")
    ends = interval(row["conf_low"], row["conf_high"], unit, lang)
    return f"{difference(row['estimate'], unit, lang, signed=True)} ({ends})"


def _title(finding: Finding, found: DoseEffects, rows: list[Row], lang: Language) -> str:
    unit, space = unit_of(finding.indicator.unit), "" if lang == "zh" else " "
    groups = [
        _name(finding, found, r, lang) + space + difference(r["estimate"], unit, lang, signed=True)
        for r in rows
        if r["term"] != ALL
    ]
    label, dose = getattr(finding.indicator.label, lang), _dose(found, lang)
    joined = ("，" if lang == "zh" else ", ").join(groups)
    return say(finding, lang, "dose_level_title", label=label, dose=dose, others=_others(finding, lang), groups=joined)


def _table(finding: Finding, found: DoseEffects, rows: list[Row], lang: Language) -> Grid:
    words, levels = words_of(finding, lang), _levels(rows)
    unit = alike_in(unit_of(finding.indicator.unit), [r for r in levels if r["held"] is None])
    head = [getattr(found.plan.label, lang), words.label("dose_level_mean")]
    head += [words.label(k) for k in ("villages", "treated_units", "estimate", "interval", "p_value")]
    head += [words.label("truth_value")] if found.truth else []
    body = [_line(finding, found, r, unit, lang) for r in levels]
    return Grid(head, body, note=rounded_note(finding.programme, lang))


def _line(finding: Finding, found: DoseEffects, row: Row, unit: Unit, lang: Language) -> list[str]:
    limits, words = finding.programme.disclosure, words_of(finding, lang)
    name = _name(finding, found, row, lang)
    truth = [difference(row["truth"], unit, lang, signed=True)] if found.truth else []
    if row["held"] is not None:
        return [name, *[held_text(row["held"], limits, words)] * 6, *truth]
    size = [whole(row["n_treated_villages"], lang), whole(rounded(row["n_treated_units"], limits), lang)]
    mean = plain(row["dose_mean"], 1)
    if not row["has_interval"]:
        return [name, mean, *size, *[say(finding, lang, "dose_level_few")] * 3, *truth]
    ends = interval(row["conf_low"], row["conf_high"], unit, lang)
    return [
        name,
        mean,
        *size,
        difference(row["estimate"], unit, lang, signed=True),
        ends,
        p_text(row["p_value"]),
        *truth,
    ]


def _said(finding: Finding, found: DoseEffects, rows: list[Row], lang: Language) -> str:
    """Say under which assumption a group's number is its effect, and what it takes to compare groups."""
    kind = "assumed" if case_for(finding).form in ATTRIBUTED else "compared"
    dose, others = _dose(found, lang), _others(finding, lang)
    said = [say(finding, lang, f"dose_level_{kind}", others=others)]
    slopes = [r for r in rows if r["term"].startswith("slope=") and r["held"] is None and r["has_interval"]]
    if found.plan.slope is None or not slopes or kind == "compared":
        said.append(say(finding, lang, "dose_level_caution", dose=dose))
    else:
        reason = getattr(found.plan.slope, lang)
        said.append(say(finding, lang, "dose_level_strong", reason=reason))
        said += [_slope(finding, found, rows, r, lang) for r in slopes]
    return ("" if lang == "zh" else " ").join(said)


def _earlier(finding: Finding, found: DoseEffects) -> str:
    """Return the groups' paths before the start, or say that they were not compared."""
    rows = shown_before(finding, found)
    if not any(r["held"] is None and r["has_interval"] for r in rows):
        return paragraph(lambda lang: say(finding, lang, "dose_before_none"), "prose")
    lead = paragraph(lambda lang: say(finding, lang, "dose_before_lead", later=_later(finding, lang)), "prose")
    table = both(lambda lang: _earlier_table(finding, found, rows, lang).html())
    return lead + table + paragraph(lambda lang: _earlier_said(finding, found, rows, lang), "prose")


def _later(finding: Finding, lang: Language) -> str:
    return say(finding, lang, f"dose_before_later_{finding.programme.design.comparison}")


def _earlier_table(finding: Finding, found: DoseEffects, rows: list[Row], lang: Language) -> Grid:
    words, limits = words_of(finding, lang), finding.programme.disclosure
    unit = alike_in(unit_of(finding.indicator.unit), [r for r in rows if r["held"] is None])
    keys = ("villages", "treated_units", "dose_before_change", "interval", "p_value")
    body = []
    for r in rows:
        name, n = _name(finding, found, r, lang), whole(r["n_treated_villages"], lang)
        if r["held"] is not None:
            body.append([name, *[held_text(r["held"], limits, words)] * 5])
            continue
        few = say(finding, lang, "dose_level_few")
        values = [
            difference(r["estimate"], unit, lang, signed=True),
            interval(r["conf_low"], r["conf_high"], unit, lang),
            p_text(r["p_value"]),
        ]
        shown = values if r["has_interval"] else [few] * 3
        body.append([name, n, whole(rounded(r["n_treated_units"], limits), lang), *shown])
    return Grid([getattr(found.plan.label, lang), *[say(finding, lang, k) for k in keys]], body)


def _earlier_said(finding: Finding, found: DoseEffects, rows: list[Row], lang: Language) -> str:
    """Warn of groups whose path differed, at 5 % over all groups; and say what paths that are alike do not prove."""
    told = [r for r in rows if r["held"] is None and r["has_interval"]]
    apart = [r for r in told if r["p_value"] * len(told) < APART]
    said = []
    if apart:
        names = ("、" if lang == "zh" else ", ").join(_name(finding, found, r, lang) for r in apart)
        bound = min(1.0, max(r["p_value"] for r in apart) * len(told))
        said.append(say(finding, lang, "dose_before_apart", groups=names, p=p_text(bound)))
    return ("" if lang == "zh" else " ").join([*said, say(finding, lang, "dose_before_note")])


def _slope(finding: Finding, found: DoseEffects, rows: list[Row], row: Row, lang: Language) -> str:
    names = {r["term"]: _name(finding, found, r, lang) for r in _levels(rows)}
    upper, unit = int(row["term"].partition("=")[2]), unit_of(finding.indicator.unit)
    return say(
        finding,
        lang,
        "dose_level_slope",
        lower=names[f"dose={upper - 1}"],
        upper=names[f"dose={upper}"],
        unit=getattr(found.plan.unit, lang),
        amount=difference(row["estimate"], unit, lang, signed=True),
        range=interval(row["conf_low"], row["conf_high"], unit, lang),
    )
