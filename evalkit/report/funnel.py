"""The figure of the take-up funnel: from the first visit to what the programme brings, by arm."""

from __future__ import annotations

import polars as pl

from evalkit.programme import Disclosure, Programme
from evalkit.report.block import Block, FigureBlock
from evalkit.report.disclosure import Held, Size, held_text, rounded, too_small
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot, wrapped
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, percent, whole
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of

COLORS = {"pilot": PILOT, "comparison": COMPARISON}
Row = dict[str, float | int | str | None]


def funnel(programme: Programme, counts: pl.DataFrame | None) -> Block | FigureBlock:
    """Return the shares of each arm that reach each stage, with counts beside; empty where the plan names no stages."""
    if counts is None:
        return Block("")
    rows = shown_funnel(programme, counts)
    return figure_block(lambda lang: _funnel(programme, rows, lang))


def shown_funnel(programme: Programme, counts: pl.DataFrame) -> list[Row]:
    """Return the stages as they may be shown: counts rounded, shares those of rounded counts, small cells without any.

    Both those who reached a stage and those who did not must be as many as the threshold. No total of the arms is
    shown anywhere, so a withheld cell does not need another.
    """
    limits, out = programme.disclosure, []
    for r in counts.to_dicts():
        n, before = r["n_units"], r["n_before"]
        held: Held | None = too_small(Size(n, r["n_villages"], r["n_reached"]), limits)
        passed = held or too_small(Size(before, None, r["n_passed"]), limits)
        out.append(
            {
                "stage": r["stage"],
                "arm": r["arm"],
                "held": held,
                "n_units": None if held == "villages" else rounded(n, limits),
                "n_reached": None if held else rounded(r["n_reached"], limits),
                "share": None if held else _share(r["n_reached"], n, limits),
                "passed": None if passed else _share(r["n_passed"], before, limits),
            }
        )
    return out


def _share(part: int, whole_: int, limits: Disclosure) -> float | None:
    """Return a share of rounded counts: from exact ones, two stages would tell how few lie between them."""
    base = rounded(whole_, limits)
    return rounded(part, limits) / base if base else None


def _funnel(programme: Programme, rows: list[Row], lang: Language) -> Drawn:
    words, names = words_of(programme, lang), _names(programme, lang)
    height = {stage: float(len(names) - i) for i, stage in enumerate(names)}
    series = []
    for arm in ("comparison", "pilot"):
        own = [r for r in rows if r["arm"] == arm and r["share"] is not None]
        places = [height[str(r["stage"])] for r in own]
        bars = Series(words.rows[arm], [r["share"] for r in own], places, COLORS[arm], mode="bars")
        series += [bars] if own else []
    ticks = tuple((height[stage], wrapped(name, lang)) for stage, name in names.items())
    axes = Axes(words.label("funnel_axis"), "", percent_x=True, height=110 + 58 * len(names), ticks_y=ticks)
    title = _title(programme, rows, lang)
    return Drawn(
        title,
        words.label("funnel_subtitle"),
        _alt(programme, title, rows, names, lang),
        plot(series, axes),
        _table(programme, rows, names, lang),
    )


def _names(programme: Programme, lang: Language) -> dict[str, str]:
    return {step.column: getattr(step.label, lang) for step in programme.funnel}


def _title(programme: Programme, rows: list[Row], lang: Language) -> str:
    """Return the message: how many of each arm took part, at the stage that the design calls take-up, else the last."""
    words, names = words_of(programme, lang), _names(programme, lang)
    taken = programme.design.take_up if programme.design.take_up in names else list(names)[-1]
    shares = {str(r["arm"]): r["share"] for r in rows if r["stage"] == taken}
    if None in shares.values():
        return words.label("funnel_only")
    shown = {arm: percent(float(str(share)), lang) for arm, share in shares.items()}
    return words.label("funnel_title", stage=names[str(taken)], **shown)


def _alt(programme: Programme, title: str, rows: list[Row], names: dict[str, str], lang: Language) -> str:
    words, stop = words_of(programme, lang), "。" if lang == "zh" else ". "
    arms = []
    for arm in COLORS:
        own = [r for r in rows if r["arm"] == arm and r["share"] is not None]
        parts = [f"{names[str(r['stage'])]} {percent(float(str(r['share'])), lang)}" for r in own]
        joint, colon = ("，", "：") if lang == "zh" else (", ", ": ")
        arms += [words.rows[arm] + colon + joint.join(parts)] if parts else []
    return stop.join([title, *arms])


def _table(programme: Programme, rows: list[Row], names: dict[str, str], lang: Language) -> Grid:
    words = words_of(programme, lang)
    colon = "：" if lang == "zh" else ": "
    head = [words.label("funnel_stage")]
    for arm in COLORS:
        head += [words.rows[arm] + colon + words.label(k).lower() for k in ("households", "share", "funnel_passed")]
    body = []
    for stage, name in names.items():
        own = {str(r["arm"]): r for r in rows if r["stage"] == stage}
        body.append(
            [
                _after(programme, stage, name, names, lang),
                *(t for arm in COLORS for t in _cells(programme, own[arm], lang)),
            ]
        )
    sizes = [
        f"{words.rows[str(r['arm'])]}{colon}{whole(int(str(r['n_units'])), lang)}"
        for r in rows[:2]
        if r["n_units"] is not None
    ]
    note = words.label("funnel_note", sizes=("；" if lang == "zh" else "; ").join(sizes))
    dash = any(DASH in row for row in body)
    few = words.label("null_reason", reason=held_text("households", programme.disclosure, words)) if dash else ""
    notes = (note, few + ("。" if lang == "zh" else ".") if few else "", rounded_note(programme, lang))
    return Grid(head, body, note=" ".join(t for t in notes if t))


def _after(programme: Programme, stage: str, name: str, names: dict[str, str], lang: Language) -> str:
    """Return a stage's name; with the stage that it follows, where that is not the one before it."""
    step = next(s for s in programme.funnel if s.column == stage)
    position = list(names).index(stage)
    skips = step.after is not None and step.after != list(names)[position - 1]
    return say(programme, lang, "funnel_after", stage=name, after=names[str(step.after)]) if skips else name


def _cells(programme: Programme, row: Row, lang: Language) -> list[str]:
    limits = programme.disclosure
    few = held_text("households", limits, words_of(programme, lang))
    if row["held"] is not None:
        return [held_text("villages", limits, words_of(programme, lang)) if row["held"] == "villages" else few] * 3
    first = row["stage"] == programme.funnel[0].column
    passed = DASH if row["passed"] is None else percent(float(str(row["passed"])), lang)
    return [
        whole(int(str(row["n_reached"])), lang),
        percent(float(str(row["share"])), lang),
        "" if first else passed,
    ]
