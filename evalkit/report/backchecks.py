"""Back-checks on the quality page: how often a second visit's answers differ, by type of question and by enumerator."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.intake import Found, Intake
from evalkit.programme import Disclosure, Programme
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Size, rounded, too_small
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, percent, whole
from evalkit.report.quality import variable_name
from evalkit.report.tables import rounded_note
from evalkit.report.wording import WORDS, Language, say

TYPES = ("type1", "type2", "type3")
INDENT = "\u2003"
"""Before the questions of a type, which stand below it: a column of types would push the numbers off a telephone."""


def quality_backchecks(programme: Programme, intake: Intake, found: Found) -> Block:
    """Return how many answers of second visits differ, by type and question, and by enumerator; empty without any."""
    rates = found.backchecks
    if rates is None or rates.height == 0:
        return Block("")
    title = heading(lambda lang: WORDS[lang].label("backchecks"))
    first = paragraph(lambda lang: _first(rates, programme.disclosure, lang), "prose")
    lead = paragraph(lambda lang: WORDS[lang].label("backchecks_lead"))
    by_type = both(lambda lang: _by_type(rates, programme, intake, lang).html())
    people = rates.drop_nulls("enumerator")
    more = heading(lambda lang: WORDS[lang].label("backchecks_people"), 3) if people.height else ""
    more += both(lambda lang: _by_person(people, programme, lang).html()) if people.height else ""
    return Block(title + first + lead + by_type + more)


def _first(rates: pl.DataFrame, limits: Disclosure, lang: Language) -> str:
    n, k = int(rates["n_compared"].sum()), int(rates["n_differ"].sum())
    share, stop = shown_rate(n, k, limits), "。" if lang == "zh" else "."
    total = whole(rounded(n, limits), lang)
    if share is None:
        return WORDS[lang].label("backchecks_few", n=total, few=limits.min_households) + stop
    return WORDS[lang].label("backchecks_title", n=total, share=percent(share, lang)) + stop


def shown_rate(n: int, k: int, limits: Disclosure) -> float | None:
    """Return the share of answers that differ, from rounded counts; None where those that do, or do not, are few."""
    if n == 0 or too_small(Size(n, None, k), limits):
        return None
    return rounded(k, limits) / rounded(n, limits)


def _by_type(rates: pl.DataFrame, programme: Programme, intake: Intake, lang: Language) -> Grid:
    words, rows = WORDS[lang], []
    for kind in TYPES:
        own = rates.filter(pl.col("type") == kind)
        if own.height == 0:
            continue
        rows.append([words.label(kind), *_counts(own, programme.disclosure, lang)])
        for (question,), part in own.group_by("question", maintain_order=True):
            name = variable_name(str(question), programme, lang, intake.labels)
            rows.append([INDENT + name, *_counts(part, programme.disclosure, lang)])
    keys = ("backcheck_question", "backcheck_compared", "backcheck_differ", "backcheck_share")
    return _noted([words.label(k) for k in keys], rows, programme, lang)


def _counts(rates: pl.DataFrame, limits: Disclosure, lang: Language) -> list[str]:
    """Return answers compared, those that differ, and their share; what is few is withheld."""
    n, k = int(rates["n_compared"].sum()), int(rates["n_differ"].sum())
    few, share = WORDS[lang].label("less_than", n=limits.min_households), shown_rate(n, k, limits)
    shown = [few if 0 < c < limits.min_households else whole(rounded(c, limits), lang) for c in (n, k)]
    return [*shown, DASH if share is None else percent(share, lang)]


def _by_person(rates: pl.DataFrame, programme: Programme, lang: Language) -> Grid:
    words, limits = WORDS[lang], programme.disclosure
    sums = rates.group_by("enumerator", "type").agg(pl.col("n_compared", "n_differ").sum())
    worst = sums.filter(pl.col("type") == "type1").with_columns(share=pl.col("n_differ") / pl.col("n_compared"))
    order = worst.sort("share", "enumerator", descending=[True, False])["enumerator"].to_list()
    order += sorted(set(sums["enumerator"]) - set(order))
    told = {
        (person, kind): _counts(own, limits, lang)[2]
        for (person, kind), own in sums.group_by("enumerator", "type", maintain_order=True)
    }
    types = [t for t in TYPES if any(told.get((person, t), DASH) != DASH for person in order)]
    rows = []
    for n, person in enumerate(order, 1):
        own = sums.filter(pl.col("enumerator") == person)
        total = int(own["n_compared"].sum())
        counted = (
            words.label("less_than", n=limits.min_households)
            if total < limits.min_households
            else whole(rounded(total, limits), lang)
        )
        cells = [told.get((person, t), DASH) for t in types]
        rows.append([person if limits.audience == "internal" else f"#{n}", counted, *cells])
    head = [
        words.label("enumerator_name"),
        words.label("backcheck_compared"),
        *(words.label(f"{t}_short") for t in types),
    ]
    return _noted(head, rows, programme, lang, more=words.label("backchecks_people_note"))


def _noted(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    programme: Programme,
    lang: Language,
    *,
    more: str = "",
) -> Grid:
    """Return a table with the notes that it owes: what a dash means, that counts are rounded."""
    n = programme.disclosure.min_households
    few = WORDS[lang].label("less_than", n=n)
    said = [say(programme, lang, "less_than_note", n=n)] if any(few in r for r in rows) else []
    said += [say(programme, lang, "backcheck_dash", n=n)] if any(DASH in r for r in rows) else []
    notes = [t for t in (more, *said, rounded_note(programme, lang)) if t]
    return Grid(head, rows, note=(" " if lang == "en" else "").join(notes))
