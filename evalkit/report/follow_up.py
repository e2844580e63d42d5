"""Who was interviewed again: losses by arm and round, households that came back or are new, losses by first value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.programme import Disclosure, Programme
from evalkit.report.block import Block, FigureBlock, both, heading, paragraph
from evalkit.report.disclosure import Held, Size, held_text, rounded, withheld
from evalkit.report.figures import COMPARISON, PILOT, Axes, Drawn, Series, figure_block, plot
from evalkit.report.html_table import Grid
from evalkit.report.numbers import percent, whole
from evalkit.report.rounds import is_monthly, round_label, round_name, round_places
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of

ARMS = {"pilot": (PILOT, "circle", "solid"), "comparison": (COMPARISON, "diamond", "dash")}


@dataclass(frozen=True, slots=True)
class Loss:
    """Households of the start and those still there, as they may be shown; with the share lost, or why it is not."""

    n_start: int
    n_seen: int
    share: float | None
    held: Held | None


def quality_follow_up(programme: Programme, counts: pl.DataFrame | None) -> Block | FigureBlock:
    """Return the figure of the share lost since the first round by arm, with returning and new households beside."""
    title = heading(lambda lang: say(programme, lang, "attrition"))
    if counts is None:
        return Block(title + paragraph(lambda lang: say(programme, lang, "follow_none")))
    losses = shown_losses_by_round(counts, programme.disclosure)
    drawn = figure_block(lambda lang: _figure(programme, counts, losses, lang))
    return FigureBlock(Block(title) + drawn.block, drawn.figure)


def quality_losses(programme: Programme, counts: pl.DataFrame | None) -> Block:
    """Return the share lost by thirds of the first round's value, for each primary indicator; empty where none is."""
    if counts is None:
        return Block("")
    title = heading(lambda lang: say(programme, lang, "losses_title"), 3)
    tables = both(
        lambda lang: "".join(
            _thirds(programme, str(name), rows, lang).html()
            for (name,), rows in counts.group_by("indicator", maintain_order=True)
        )
    )
    return Block(title + tables + paragraph(lambda lang: say(programme, lang, "losses_note")))


def shown_losses_by_round(counts: pl.DataFrame, limits: Disclosure) -> dict[tuple[int, str], Loss]:
    """Return by round and arm what may be shown of losses since the first round."""
    found: dict[tuple[int, str], Loss] = {}
    for (time,), rows in counts.group_by("time", maintain_order=True):
        arms = [r for r in rows.to_dicts() if r["arm"] in ARMS]
        lines = [(r["n_start"], r["n_start_seen"], r["n_villages"]) for r in arms]
        found |= {(int(str(time)), r["arm"]): s for r, s in zip(arms, shown_lost(lines, limits), strict=True)}
    return found


def shown_lost(lines: Sequence[tuple[int, int, int]], limits: Disclosure) -> list[Loss]:
    """Return losses of cells that stand side by side, from households at the start, those still there, and villages.

    Withheld is a cell in which those who stayed or those who were lost are few, and then a second one beside it. Shares
    are computed from the rounded counts.
    """
    cells = withheld([Size(start, villages, seen) for start, seen, villages in lines], limits)
    losses = []
    for (start, seen, _), held in zip(lines, cells, strict=True):
        base, there = rounded(start, limits), rounded(seen, limits)
        losses.append(Loss(base, there, None if held or not base else (base - there) / base, held))
    return losses


def _figure(programme: Programme, counts: pl.DataFrame, losses: dict[tuple[int, str], Loss], lang: Language) -> Drawn:
    words = words_of(programme, lang)
    times = sorted({time for time, _ in losses})
    series = []
    for arm, (color, symbol, dash) in ARMS.items():
        points = [(t, losses[t, arm].share) for t in times if (t, arm) in losses and losses[t, arm].share is not None]
        places = round_places([t for t, _ in points], programme)
        shares = [s for _, s in points]
        series += [Series(words.rows[arm], places, shares, color, symbol, dash)] if points else []
    title = _title(programme, times[-1], losses, lang)
    months = is_monthly(programme)
    axes = Axes("", "", zero=True, percent_y=True, whole_x=not months and len(times) < 20, months=months)
    table = _table(programme, counts, losses, lang)
    return Drawn(title, words.label("follow_subtitle"), title, plot(series, axes), table)


def _title(programme: Programme, last: int, losses: dict[tuple[int, str], Loss], lang: Language) -> str:
    """Return the message: the shares lost by the last round; no numbers where an arm's are withheld."""
    words, when = words_of(programme, lang), round_name(last, programme, lang)
    arms = {a: losses[last, a].share for a in ARMS if (last, a) in losses}
    told = {a: percent(s, lang) for a, s in arms.items() if s is not None}
    if len(told) < len(arms):
        return words.label("follow_title_none", round=when)
    if len(told) == len(ARMS):
        return words.label("follow_title", round=when, **told)
    return words.label(
        "follow_title_one", round=when, arm=words.rows[next(iter(told))], share=next(iter(told.values()))
    )


def _table(programme: Programme, counts: pl.DataFrame, losses: dict[tuple[int, str], Loss], lang: Language) -> Grid:
    words, first = words_of(programme, lang), counts["time"].min()
    body = []
    for r in counts.filter(pl.col("arm").is_in(list(ARMS))).to_dicts():
        loss = None if r["time"] == first else losses[r["time"], r["arm"]]
        cells = _cells(r, loss, programme, lang)
        body.append([round_label(r["time"], programme), words.rows[r["arm"]], *cells])
    keys = ("round_name", "arm", "follow_units", "follow_again", "follow_returned", "follow_new", "follow_lost")
    note = words.label("follow_note", round=round_name(first, programme, lang))
    joint = " " if lang == "en" else ""
    return Grid(
        [words.label(k) for k in keys], body, note=joint.join((note, rounded_note(programme, lang))), words=(1,)
    )


def _cells(row: dict[str, int], loss: Loss | None, programme: Programme, lang: Language) -> list[str]:
    """Return a round's cells; in the first round (no loss) there is only the number interviewed."""
    limits = programme.disclosure
    few = say(programme, lang, "less_than", n=limits.min_households)
    counts = [
        few if 0 < row[k] < limits.min_households else whole(rounded(row[k], limits), lang)
        for k in ("n_units", "n_again", "n_returned", "n_new")
    ]
    if loss is None:
        return [counts[0], "", "", "", ""]
    if loss.held == "villages":
        return [held_text("villages", limits, words_of(programme, lang))] * 5
    return [
        *counts,
        held_text(loss.held, limits, words_of(programme, lang)) if loss.held else percent(loss.share or 0.0, lang),
    ]


def _thirds(programme: Programme, name: str, rows: pl.DataFrame, lang: Language) -> Grid:
    words, limits = words_of(programme, lang), programme.disclosure
    arms = [a for a in ARMS if rows.filter(pl.col("arm") == a).height]
    body = []
    for (third,), part in rows.group_by("third", maintain_order=True):
        by_arm = {r["arm"]: (r["n_start"], r["n_observed"], r["n_villages"]) for r in part.to_dicts()}
        there = [a for a in arms if a in by_arm]
        losses = dict(zip(there, shown_lost([by_arm[a] for a in there], limits), strict=True))
        body.append([words.label(f"third_{third}"), *(t for a in arms for t in _pair(losses.get(a), programme, lang))])
    colon = "：" if lang == "zh" else ": "
    head = [f"{words.rows[a]}{colon}{words.label(k)}" for a in arms for k in ("follow_start", "share_missing")]
    return Grid([words.label("losses_first"), *head], body, caption=getattr(programme.indicator(name).label, lang))


def _pair(loss: Loss | None, programme: Programme, lang: Language) -> list[str]:
    if loss is None:
        return [whole(0, lang), ""]
    if loss.held:
        return [held_text(loss.held, programme.disclosure, words_of(programme, lang))] * 2
    return [whole(loss.n_start, lang), "" if loss.share is None else percent(loss.share, lang)]
