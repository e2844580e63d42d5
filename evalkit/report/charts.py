"""The figures of a finding: event study, means over time, arms of a cross-section."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.finding import Finding
from evalkit.report.block import Block, FigureBlock
from evalkit.report.disclosure import Held, held_text
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import (
    DASH,
    ENDS,
    Unit,
    alike,
    alike_in,
    difference,
    interval,
    level,
    p_text,
    unit_of,
    whole,
)
from evalkit.report.pre_trend import pre_trend_text
from evalkit.report.rounds import (
    MANY,
    by_path,
    is_monthly,
    path_word,
    round_in_words,
    round_label,
    round_places,
    time_word,
)
from evalkit.report.shown import shown_cells, shown_events, shown_means
from evalkit.report.shown_digits import shown_digits
from evalkit.report.statement import case_for, position
from evalkit.report.tables import cells_grid, means_table
from evalkit.report.wording import WORDS, Language, say, words_of
from evalkit.results import Donors

ARM_STYLE = {"pilot": (PILOT, "circle", "solid"), "comparison": (COMPARISON, "square", "dash")}


def event_study(finding: Finding) -> Block | FigureBlock:
    """Return the gap by rounds since the start with intervals and zero line; empty without rounds or result.

    Also empty for a synthetic estimate, whose gaps `synthetic.gap` shows.
    """
    synthetic = isinstance(finding.main.estimate.basis, Donors)
    if finding.event_study is None or synthetic or not case_for(finding).shows_numbers:
        return Block("")
    return figure_block(lambda lang: _event_study(finding, lang))


def _event_study(finding: Finding, lang: Language) -> Drawn:
    words, unit = words_of(finding, lang), unit_of(finding.indicator.unit)
    rows = shown_digits(shown_events(finding).to_dicts(), finding)
    gaps = _gaps(rows, lang)
    band = _band(rows, lang)
    axes = Axes(
        words.label(path_word(finding.programme)),
        axis_title("gap", finding, lang),
        zero=True,
        marks=(-0.5 - finding.programme.design.steps_ahead,),
        percent_y=unit.kind == "share",
        whole_x=len(rows) <= MANY,
        legend=bool(band),
    )
    subtitle = [
        words.label(by_path("event_subtitle", finding.programme)),
        *([words.label("event_band")] if band else []),
    ]
    return Drawn(
        _event_title(finding, lang),
        ("；" if lang == "zh" else "; ").join(subtitle),
        _event_alt(finding, rows, lang),
        plot([*band, gaps], axes),
        _event_table(finding, rows, lang),
    )


def _gaps(rows: list[dict[str, Any]], lang: Language) -> Series:
    """Return the gap of each round with its interval."""
    c = {n: [r[n] for r in rows] for n in ("event_time", "estimate", "conf_low", "conf_high")}
    name = WORDS[lang].label("gap_interval")
    return Series(name, c["event_time"], c["estimate"], low=c["conf_low"], high=c["conf_high"])


def _has_band(rows: list[dict[str, Any]]) -> bool:
    return any(r.get("band_low") is not None for r in rows)


def _band(rows: list[dict[str, Any]], lang: Language) -> list[Series]:
    """Return the uniform band as an area, which is a point at the base; nothing where there is no band."""
    if not _has_band(rows):
        return []
    ends = [[r["estimate"] if r[k] is None else r[k] for r in rows] for k in ("band_low", "band_high")]
    times = [r["event_time"] for r in rows]
    around = [*ends[0], *reversed(ends[1])]
    return [Series(WORDS[lang].label("band"), [*times, *reversed(times)], around, mode="lines", filled=True)]


def _event_title(finding: Finding, lang: Language) -> str:
    place = position(finding)
    key = place if place in ("up", "down", "small") else "unclear"
    return say(finding, lang, f"event_title_{key}", label=getattr(finding.indicator.label, lang))


def _event_alt(finding: Finding, rows: list[dict[str, Any]], lang: Language) -> str:
    unit = unit_of(finding.indicator.unit)
    points = [f"{r['event_time']}: {difference(r['estimate'], unit, lang, signed=True)}" for r in rows]
    return f"{_event_title(finding, lang)}. {say(finding, lang, path_word(finding.programme))}: " + "; ".join(points)


def _event_table(finding: Finding, rows: list[dict[str, Any]], lang: Language) -> Grid:
    words, banded = words_of(finding, lang), _has_band(rows)
    unit = alike_in(unit_of(finding.indicator.unit), rows, (*ENDS, "band_low", "band_high"))
    body = [
        [
            str(r["event_time"]),
            difference(r["estimate"], unit, lang, signed=True),
            interval(r["conf_low"], r["conf_high"], unit, lang),
            *([interval(r["band_low"], r["band_high"], unit, lang)] if banded else []),
            p_text(r["p_value"]),
            whole(r["n_treated_units"], lang),
        ]
        for r in rows
    ]
    note = " ".join(
        (
            words.label("null_reason", reason=words.label("fixed_base")) + ("。" if lang == "zh" else "."),
            pre_trend_text(finding, lang),
        )
    )
    head = (
        path_word(finding.programme),
        "estimate",
        "interval",
        *(("band",) if banded else ()),
        "p_value",
        "treated_units",
    )
    return Grid([words.label(k) for k in head], body, note=note)


def means(finding: Finding) -> Block | FigureBlock:
    """Return means by arm: over time, or side by side in a cross-section."""
    return figure_block(lambda lang: _means(finding, lang)) if has_rounds(finding) else arms(finding)


def _means(finding: Finding, lang: Language) -> Drawn:
    words, unit, programme = words_of(finding, lang), unit_of(finding.indicator.unit), finding.programme
    shown = shown_means(finding)
    series = []
    for arm, (color, symbol, dash) in ARM_STYLE.items():
        rows = shown.filter((pl.col("arm") == arm) & pl.col("held").is_null()).sort("time")
        series += (
            [
                Series(
                    words.rows[arm], round_places(rows["time"], programme), rows["mean"].to_list(), color, symbol, dash
                )
            ]
            if rows.height
            else []
        )
    axes = Axes(
        words.label(time_word(finding)),
        axis_title("mean", finding, lang),
        percent_y=unit.kind == "share",
        whole_x=not is_monthly(programme),
        months=is_monthly(programme),
    )
    title = _means_title(finding, lang)
    return Drawn(title, words.label("means_subtitle"), title, plot(series, axes), _means_table(finding, shown, lang))


def _means_title(finding: Finding, lang: Language) -> str:
    words, unit, cells = words_of(finding, lang), unit_of(finding.indicator.unit), finding.cells
    label = getattr(finding.indicator.label, lang)
    changes = {arm: shown_cells(finding)[arm].row.change for arm in ARM_STYLE}
    if None in changes.values():
        return words.label("means_only", label=label)
    key = {"time": "means_title", "month": "means_title_month"}.get(time_word(finding), "means_title_rounds")
    return words.label(
        key,
        label=label,
        before=round_in_words(cells.before_label, finding.programme, lang),
        after=round_in_words(cells.after_label, finding.programme, lang),
        **{a: difference(v, unit, lang, signed=True) for a, v in changes.items()},
    )


def _means_table(finding: Finding, shown: pl.DataFrame, lang: Language) -> Grid:
    words = words_of(finding, lang)
    head = [words.label(time_word(finding))]
    arms = [arm for arm in ARM_STYLE if arm in shown["arm"]]
    for arm in arms:
        head += [
            words.rows[arm],
            f"{words.rows[arm]}{'：' if lang == 'zh' else ': '}{words.label('households').lower()}",
        ]
    body, unit = [], alike(unit_of(finding.indicator.unit), shown["mean"])
    for (time,), rows in shown.sort("time").group_by("time", maintain_order=True):
        by_arm = {r["arm"]: r for r in rows.to_dicts()}
        cells = [_mean_cells(by_arm.get(arm), unit, finding, lang) for arm in arms]
        body.append([round_label(time, finding.programme), *(c for pair in cells for c in pair)])
    return Grid(head, body)


def _mean_cells(row: dict[str, Any] | None, unit: Unit, finding: Finding, lang: Language) -> tuple[str, str]:
    if row is None:
        return DASH, DASH
    if row["held"]:
        why: Held = row["held"]
        held = held_text(why, finding.programme.disclosure, words_of(finding, lang))
        return held, held
    return level(row["mean"], unit, lang), whole(row["n_units"], lang)


def arms(finding: Finding) -> Block | FigureBlock:
    """Return the two arms' means side by side, with the interval of their difference; only the table where withheld.

    Only the table, too, at a cut-off: the difference of all above and all below is not what is estimated.
    """
    held = any(cell.held for cell in shown_cells(finding).values())
    if held or finding.cutoff is not None or not case_for(finding).shows_numbers:
        return means_table(finding)
    return figure_block(lambda lang: _arms(finding, lang))


def _arms(finding: Finding, lang: Language) -> Drawn:
    words, unit, row = words_of(finding, lang), unit_of(finding.indicator.unit), finding.main.row("att")
    values = {arm: shown_cells(finding)[arm].row.after for arm in ARM_STYLE}
    base = values["comparison"] or 0.0
    ends = [None if row[k] is None else base + row[k] for k in ("conf_low", "conf_high")]
    points = [
        Series(words.rows[arm], [values[arm]], [place], color, symbol, mode="markers")
        for place, (arm, (color, symbol, _)) in zip((1, 0), ARM_STYLE.items(), strict=True)
    ]
    points.append(
        Series(
            words.label("interval"),
            [base + row["estimate"]],
            [0.5],
            PILOT,
            "diamond-open",
            mode="markers",
            low=ends[:1],
            high=ends[1:],
            across=True,
        )
    )
    names = words.rows["pilot"], words.label("base_plus"), words.rows["comparison"]
    ticks = tuple((1 - i / 2, wrapped(name, lang)) for i, name in enumerate(names))
    axes = Axes(
        axis_title("mean", finding, lang), "", percent_x=unit.kind == "share", legend=False, height=250, ticks_y=ticks
    )
    shown = {arm: level(v, unit, lang) for arm, v in values.items()}
    title = words.label("arms_title", label=getattr(finding.indicator.label, lang), **shown)
    table = cells_grid(finding, lang)
    by_strata = finding.main.estimate.estimator == "itt" and finding.programme.design.strata is not None
    subtitle = words.label("arms_subtitle") + (words.label("arms_strata") if by_strata else "")
    return Drawn(title, subtitle, title, plot(points, axes), table)


def axis_title(key: str, finding: Finding, lang: Language) -> str:
    """Return an axis title with the unit."""
    unit, words = unit_of(finding.indicator.unit), words_of(finding, lang)
    if unit.kind in ("share", "percent"):
        return words.label(key)
    name = words.units.get(unit.code, unit.code) + "".join(
        (" " if lang == "en" else "") + words.units.get(p, p) for p in unit.per
    )
    return f"{words.label(key)}（{name}）" if lang == "zh" else f"{words.label(key)} ({name})"


def has_rounds(finding: Finding) -> bool:
    """Whether the programme was surveyed in several rounds."""
    return finding.means["time"].null_count() < finding.means.height
