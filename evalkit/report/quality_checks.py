"""Field checks and missing values on the quality page: counts by rule and variable, and what a supervisor does next."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.intake import Found, Intake
from evalkit.programme import Programme
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import Size, rounded, withheld
from evalkit.report.html_table import Grid
from evalkit.report.numbers import DASH, percent, whole
from evalkit.report.quality import Labels, count_text, variable_name
from evalkit.report.rounds import round_label
from evalkit.report.tables import rounded_note
from evalkit.report.wording import Language, say, words_of

GROUPS = {"unit_slip_round": "n_rounds_found", "unit_slip_village": "n_villages_found"}


def quality_checks(programme: Programme, intake: Intake, found: Found) -> Block:
    """Return what field checks found, most first, with what to do; never a record."""
    broken = found.quality.filter(pl.col("n_failed") > 0).sort("rule", "column")
    clean = found.quality.height - broken.height
    title = heading(lambda lang: say(programme, lang, "checks"))
    if broken.height == 0:
        return Block(title + paragraph(lambda lang: say(programme, lang, "checks_clean", n=clean)))
    lead = paragraph(lambda lang: say(programme, lang, "checks_lead"))
    tables = both(lambda lang: _table(broken, programme, lang, intake.labels).html())
    notes = paragraph(
        lambda lang: " ".join((say(programme, lang, "checks_passed", n=clean), rounded_note(programme, lang)))
    )
    where = paragraph(lambda lang: say(programme, lang, "checks_workbook", programme=programme.id))
    return Block(title + lead + tables + notes + where)


def _table(broken: pl.DataFrame, programme: Programme, lang: Language, labels: Labels) -> Grid:
    words, colon = words_of(programme, lang), "：" if lang == "zh" else ": "
    rows = [
        [
            f"{words.rules[r['rule']]}{colon}{variable_name(r['column'], programme, lang, labels)}",
            _found(r, programme, lang),
            r[f"todo_{lang}"],
        ]
        for r in broken.to_dicts()
    ]
    return Grid([words.label(k) for k in ("problem", "to_verify", "todo")], rows, words=(2,))


def _found(row: dict[str, Any], programme: Programme, lang: Language) -> str:
    """Return how many records, or villages, enumerators and rounds, a check found."""
    rule, n = row["rule"], row["n_failed"]
    if rule in GROUPS or "enumerator" in rule:
        return say(programme, lang, GROUPS.get(rule, "n_enumerators_found"), n=n)
    return count_text(n, programme, lang)


def quality_missing(programme: Programme, intake: Intake) -> Block:
    """Return how many values are missing by variable, don't-know and refused apart, and the round with most."""
    title = heading(lambda lang: say(programme, lang, "missing"))
    gaps = intake.missing.filter((pl.col("n_missing").sum() > 0).over("column")).sort("column", "time")
    if gaps.height == 0:
        return Block(title + paragraph(lambda lang: say(programme, lang, "no_missing")))
    return Block(title + both(lambda lang: _missing(gaps, programme, lang, intake.labels).html()))


def _missing(gaps: pl.DataFrame, programme: Programme, lang: Language, labels: Labels) -> Grid:
    words, n = words_of(programme, lang), programme.disclosure.min_households
    tells = gaps["n_dont_know"].null_count() < gaps.height
    by_column = gaps.group_by("column", maintain_order=True)
    rows = [
        [variable_name(str(c), programme, lang, labels), *_cells(g, programme, lang, tells=tells)]
        for (c,), g in by_column
    ]
    heads = ["column", "missing_total", *(("dont_know", "refused") if tells else ()), "missing_most"]
    grid = Grid([words.label(k) for k in heads], rows)
    less = words.label("less_than", n=n)
    notes = [words.label("less_than_note", n=n)] if any(less in row for row in rows) else []
    notes += [words.label("missing_dash")] if grid.has_dash else []
    return Grid(grid.head, rows, note=" ".join(notes))


def _cells(group: pl.DataFrame, programme: Programme, lang: Language, *, tells: bool) -> list[str]:
    """Return one variable's missing total and share, don't-know, refused, and its worst round."""
    n, total = int(group["n_missing"].sum()), int(group["n_rows"].sum())
    first = _amount(n, total, programme, lang)
    middle = []
    if tells:
        middle = [DASH, DASH]
        if group["n_dont_know"].null_count() == 0:
            unknown, refused = int(group["n_dont_know"].sum()), int(group["n_refused"].sum())
            sizes = [Size(unknown, None), Size(refused, None), Size(n - unknown - refused, None)]
            held = withheld(sizes, programme.disclosure)
            middle = [
                _less(programme, lang) if h else whole(rounded(s.n_units, programme.disclosure), lang)
                for s, h in zip(sizes[:2], held[:2], strict=True)
            ]
    return [first, *middle, _worst(group, n, programme, lang)]


def _amount(n: int, total: int, programme: Programme, lang: Language) -> str:
    limits = programme.disclosure
    if 0 < n < limits.min_households or 0 < total - n < limits.min_households:
        return _less(programme, lang)
    shown, base = rounded(n, limits), rounded(total, limits)
    return f"{whole(shown, lang)} ({percent(shown / base if base else 0.0, lang)})"


def _worst(group: pl.DataFrame, n: int, programme: Programme, lang: Language) -> str:
    """Return the round with the largest share missing, where neither it nor the rest is a small count."""
    limits = programme.disclosure
    if group.height < 2:
        return DASH
    row = group.sort(pl.col("n_missing") / pl.col("n_rows"), descending=True).row(0, named=True)
    sizes = [
        Size(row["n_missing"], None),
        Size(n - row["n_missing"], None),
        Size(row["n_rows"] - row["n_missing"], None),
    ]
    if row["time"] is None or any(0 < s.n_units < limits.min_households for s in sizes):
        return DASH
    share = rounded(row["n_missing"], limits) / rounded(row["n_rows"], limits)
    return say(programme, lang, "missing_round", round=round_label(row["time"], programme), share=percent(share, lang))


def _less(programme: Programme, lang: Language) -> str:
    return say(programme, lang, "less_than", n=programme.disclosure.min_households)
