"""Published beside computed: equal where both estimate and standard error agree to the printed digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.errors import DataError
from evalkit.intake.sound import soundly
from evalkit.programme import Programme
from evalkit.report.block import Block, both, heading, paragraph
from evalkit.report.disclosure import rounded_counts
from evalkit.report.html_table import Grid
from evalkit.report.numbers import plain
from evalkit.report.origin import summarise
from evalkit.report.tables import estimator_name
from evalkit.report.wording import LANGUAGES, Language, say, words_of

SCHEMA = {
    "indicator": pl.String,
    "variant": pl.String,
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "digits": pl.Int64,
    "table": pl.String,
}
ROUNDING = 1e-9


def published_numbers(programme: Programme) -> list[dict[str, Any]]:
    """Read published.csv of a programme: indicator, variant, estimate, std_error, digits, table.

    Raises
    ------
    DataError
        The programme has no such file, or it lacks columns.
    """
    file = Path(programme.folder) / "published.csv"
    if not file.is_file():
        raise DataError(
            f"{programme.id}/published.csv",
            "there is no such file",
            "the published numbers",
            "add the file, or leave the replication notebook out",
        )
    with soundly(file, "published numbers", "correct it"):
        frame = pl.read_csv(file, infer_schema=False)
    missing = [c for c in SCHEMA if c not in frame.columns]
    if missing:
        raise DataError(
            f"{programme.id}/published.csv",
            f"columns missing: {', '.join(missing)}",
            ", ".join(SCHEMA),
            "add the columns",
        )
    with soundly(file, "published numbers", "correct it"):
        return frame.select(pl.col(c).cast(t) for c, t in SCHEMA.items()).to_dicts()


def agrees(published: float, computed: float | None, digits: int) -> bool:
    """Whether a computed number rounds to the published one."""
    return computed is not None and abs(computed - published) <= 0.5 * 10.0**-digits + ROUNDING


def replication(
    programme: Programme, published: Sequence[Mapping[str, Any]], computed: Sequence[Mapping[str, Any]]
) -> Block:
    """Return the table of published beside computed; `computed` are tidy rows in the order of `published`."""
    pairs = list(zip(published, computed, strict=True))
    same = sum(_both_agree(p, c) for p, c in pairs)
    limits = programme.disclosure
    numbers = [
        {"published": dict(p), "computed": rounded_counts(c, limits), "agrees": _both_agree(p, c)} for p, c in pairs
    ]
    stop = {"zh": "。", "en": "."}
    first = summarise(
        {
            lang: say(programme, lang, "replication_title", same=same, total=len(pairs)) + stop[lang]
            for lang in LANGUAGES
        },
        {"schema_version": 1, "programme": programme.id, "rows": numbers},
    )
    tables = both(lambda lang: _grid(programme, pairs, lang).html())
    rest = (
        heading(lambda lang: words_of(programme, lang).notebooks["replication"])
        + tables
        + paragraph(lambda lang: say(programme, lang, "replication_note"))
    )
    return first + Block(rest)


def _both_agree(published: Mapping[str, Any], computed: Mapping[str, Any]) -> bool:
    digits = published["digits"]
    return agrees(published["estimate"], computed["estimate"], digits) and agrees(
        published["std_error"], computed["std_error"], digits
    )


def _grid(programme: Programme, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], lang: Language) -> Grid:
    words = words_of(programme, lang)
    rows = []
    for p, c in pairs:
        label, digits = getattr(programme.indicator(p["indicator"]).label, lang), p["digits"]
        shown = [
            f"{plain(e, digits)} ({plain(s, digits)})"
            for e, s in ((p["estimate"], p["std_error"]), (c["estimate"], c["std_error"]))
        ]
        rows.append(
            [
                label,
                estimator_name(p["variant"], words),
                *shown,
                words.label("yes" if _both_agree(p, c) else "no"),
                p["table"],
            ]
        )
    return Grid(
        [words.label(k) for k in ("indicator", "variant", "published", "computed", "agrees", "source_table")],
        rows,
        words=(1, 4, 5),
    )
