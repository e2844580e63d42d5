"""The queue of requests on the programme page: how long villages waited, and how those that asked first differed."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.diagnostics.queue import Queue
from evalkit.diagnostics.timing import KINDS
from evalkit.diagnostics.waiting_times import DAYS, STAGES
from evalkit.programme import Programme
from evalkit.report.block import Block, FigureBlock, both, heading, paragraph
from evalkit.report.disclosure import Size, coarse, held_text, rounded, withheld
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, difference, interval, is_number, level, p_text, percent, plain, unit_of, whole
from evalkit.report.wording import Language, Words, say, words_of

STYLE = {"acceptance": (PILOT, "circle", "solid"), "closing": (COMPARISON, "square", "dash")}


def waiting(programme: Programme, queue: Queue | None) -> Block | FigureBlock:
    """Return the share of requests that still wait, by days, for both stages; empty without a log or with too few."""
    if queue is None or not _summary(programme, queue):
        return Block("")
    return figure_block(lambda lang: _waiting(programme, queue, lang))


def waiting_groups(programme: Programme, queue: Queue | None) -> Block:
    """Return the median waiting time of each stage and group; empty without a log."""
    if queue is None or not _summary(programme, queue):
        return Block("")
    return Block(both(lambda lang: _groups(programme, queue, lang).html()))


def first_askers(programme: Programme, queue: Queue | None) -> Block:
    """Return how villages that asked first differed from the others before anything began; empty without a log."""
    if queue is None or queue.timing.height == 0:
        return Block("")
    title = heading(lambda lang: say(programme, lang, "timing_title"))
    said = paragraph(lambda lang: _timing_text(queue, words_of(programme, lang)), "")
    return Block(title + said + both(lambda lang: _timing(programme, queue, lang).html()))


def _summary(programme: Programme, queue: Queue) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Return the rows of the summary that may be shown, by stage and group; none where a whole stage is too small."""
    kept: dict[tuple[str, str | None], dict[str, Any]] = {}
    for stage in STAGES:
        rows = queue.waiting.summary.filter(pl.col("stage") == stage).to_dicts()
        whole_stage = [r for r in rows if r["group"] is None]
        parts = [r for r in rows if r["group"] is not None]
        for line in (whole_stage, parts):
            held = withheld([Size(r["n_requests"], r["n_villages"]) for r in line], programme.disclosure)
            kept |= {(stage, r["group"]): r for r, why in zip(line, held, strict=True) if why is None}
        if (stage, None) not in kept:
            return {}
    return kept


def _points(programme: Programme, queue: Queue, stage: str) -> dict[int, dict[str, Any]]:
    """Return the points of a stage that rest on enough requests, by day; shares to whole percents.

    Those at risk must be as many as the threshold, and so must those whose wait has ended, where it has for any.
    """
    rows = queue.waiting.curve.filter((pl.col("stage") == stage) & pl.col("group").is_null()).to_dicts()
    least = programme.disclosure.min_households
    start = max((r["n_at_risk"] for r in rows), default=0)
    kept = [r for r in rows if r["n_at_risk"] >= least and not 0 < round((1 - r["share"]) * start) < least]
    return {r["day"]: {**r, "share": round(r["share"], 2)} for r in kept}


def _waiting(programme: Programme, queue: Queue, lang: Language) -> Drawn:
    words = words_of(programme, lang)
    points = {stage: _points(programme, queue, stage) for stage in STAGES}
    series = [
        Series(words.label(f"stage_{s}"), list(p), [r["share"] for r in p.values()], *STYLE[s])
        for s, p in points.items()
    ]
    axes = Axes(words.label("waiting_days"), words.label("waiting_share"), percent_y=True)
    title = words.label("waiting_title", **_medians(programme, queue, lang))
    parts = [
        f"{words.label(f'stage_{s}')}: " + ", ".join(f"{d} {percent(r['share'], lang, 0)}" for d, r in p.items())
        for s, p in points.items()
    ]
    alt = f"{title}. {words.label('waiting_share')}: {'; '.join(parts)}"
    return Drawn(
        title, words.label("waiting_subtitle"), alt, plot(series, axes), _curve(programme, queue, points, lang)
    )


def _medians(programme: Programme, queue: Queue, lang: Language) -> dict[str, str]:
    summary = _summary(programme, queue)
    return {stage: plain(summary[stage, None]["median"], 0) for stage in STAGES}


def _curve(programme: Programme, queue: Queue, points: dict[str, dict[int, dict[str, Any]]], lang: Language) -> Grid:
    words, limits = words_of(programme, lang), programme.disclosure
    few = words.label("withheld_requests", n=limits.min_households)
    body = []
    for day in DAYS:
        row = [whole(day, lang)]
        for stage in STAGES:
            r = points[stage].get(day)
            row += (
                [few, few]
                if r is None
                else [percent(r["share"], lang, 0), whole(rounded(r["n_at_risk"], limits), lang)]
            )
        body.append(row)
    head = [words.label("waiting_days")]
    for stage in STAGES:
        name = words.label(f"stage_{stage}")
        head += [name, words.label("at_risk")]
    counts = {k: whole(rounded(n, limits), lang) for k, n in _counts(queue).items()}
    note = words.label("waiting_note", until=queue.waiting.until.isoformat(), **counts)
    return Grid(head, body, note=note)


def _counts(queue: Queue) -> dict[str, int]:
    return {"filed": queue.n_filed, "accepted": queue.n_accepted, "closed": queue.n_closed}


def _groups(programme: Programme, queue: Queue, lang: Language) -> Grid:
    words, limits = words_of(programme, lang), programme.disclosure
    body = []
    for (stage, group), r in _summary(programme, queue).items():
        low, high = (plain(r[k], 0) for k in ("conf_low", "conf_high"))
        ends = DASH if DASH in (low, high) else words.directions["range"].format(a=low, b=high)
        counts = [whole(rounded(r[k], limits), lang) for k in ("n_requests", "n_ended")]
        body.append([words.label(f"stage_{stage}"), group or words.label("all"), *counts, plain(r["median"], 0), ends])
    keys = ("stage", "request_group", "n_requests", "n_ended", "median_days", "interval")
    grid = Grid([words.label(k) for k in keys], body, note=words.label("groups_note"), words=(1,))
    return grid


def _timing_text(queue: Queue, words: Words) -> str:
    """Say how many indicators differed before anything began; none found is no proof."""
    apart = queue.timing.filter((pl.col("conf_low") > 0) | (pl.col("conf_high") < 0))
    counts = {k: apart.filter(pl.col("what") == k).height for k in KINDS}
    n = queue.timing["indicator"].n_unique()
    key = "timing_some" if apart.height else "timing_none"
    return words.label(key, n=n, first=queue.n_first, **counts)


def _timing(programme: Programme, queue: Queue, lang: Language) -> Grid:
    words = words_of(programme, lang)
    rows = [_timing_row(programme, r, lang) for r in queue.timing.to_dicts()]
    keys = ("indicator", "timing_what", "timing_first", "timing_others", "estimate", "interval", "p_value")
    return Grid([words.label(k) for k in keys], rows, note=words.label("timing_note"), words=(1,))


def _timing_row(programme: Programme, r: dict[str, Any], lang: Language) -> list[str]:
    plan, words = programme.indicator(r["indicator"]), words_of(programme, lang)
    unit = unit_of(plan.unit)
    name = [getattr(plan.label, lang), words.label(f"timing_{r['what']}")]
    sizes = [Size(r[f"n_units_{a}"], r[f"n_villages_{a}"]) for a in ("first", "others")]
    held = next((h for h in withheld(sizes, programme.disclosure) if h), None)
    if held:
        return [*name, *[held_text(held, programme.disclosure, words)] * 5]
    write = level if r["what"] == "level" else difference
    means = [write(coarse(r[a]), unit, lang) for a in ("first", "others")]
    gap = difference(r["difference"], unit, lang, signed=True) if is_number(r["difference"]) else DASH
    return [*name, *means, gap, interval(r["conf_low"], r["conf_high"], unit, lang), p_text(r["p_value"])]
