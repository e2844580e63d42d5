"""The rollout grid: which villages start when, and in which rounds they were seen before and after."""

from __future__ import annotations

from evalkit.diagnostics import Rollout
from evalkit.programme import Programme
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Size, held_text, protect_groups, rounded, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import whole
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of

BEFORE, AFTER = "○", "●"


def rollout(programme: Programme, found: Rollout) -> Block:
    """Return one row a start, one column a round; nothing where all pilot villages start in one round.

    Households of a start with too few of them, or too few villages, are withheld, and with them those of another start:
    other pages show how many pilot households there are in all.
    """
    if found.starts["first_treated"].drop_nulls().len() < 2:
        return Block("")
    title = heading(lambda lang: say(programme, lang, "rollout_title"))

    def note(lang: Language) -> str:
        return " ".join((say(programme, lang, "rollout_note"), rounded_note(programme, lang)))

    return Block(title + both(lambda lang: _grid(programme, found, lang).html()) + paragraph(note))


def _grid(programme: Programme, found: Rollout, lang: Language) -> Grid:
    words, limits, starts = words_of(programme, lang), programme.disclosure, found.starts.to_dicts()
    sizes = [Size(r["n_units"], r["n_villages"]) for r in starts]
    pilots = [None if r["first_treated"] is None else 0 for r in starts]
    held = protect_groups(sizes, [too_small(s, limits) for s in sizes], pilots, limits)
    rows = []
    for row, why in zip(starts, held, strict=True):
        start = row["first_treated"]
        name = words.label("rollout_never") if start is None else str(start)
        households = held_text(why, limits, words) if why else whole(rounded(row["n_units"], limits), lang)
        marks = [AFTER if start is not None and r >= start else BEFORE for r in found.rounds]
        rows.append([name, whole(row["n_villages"], lang), households, *marks])
    head = [words.label("rollout_start"), words.label("villages"), words.label("households"), *map(str, found.rounds)]
    return Grid(head, rows)
