"""A field check: a named rule as a polars expression; and what its failures look like, a row a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.intake.checks.advice import ADVICE
from evalkit.intake.records import QUALITY_SCHEMA

PROBLEM_SCHEMA = {
    "rule": pl.String,
    "severity": pl.String,
    "column": pl.String,
    "file": pl.String,
    "row": pl.Int64,
    "key": pl.String,
    "village": pl.String,
    "enumerator": pl.String,
    "round": pl.Int64,
    "value": pl.String,
    "todo_zh": pl.String,
    "todo_en": pl.String,
}
PLACES = ("file", "row", "key", "village", "enumerator", "round")
"""Columns of a level's frame that say where a problem is; null where a level does not have them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule on one variable.

    ``checked`` says which rows of the level can be judged, ``failed`` which break the rule (null = not judged),
    ``value`` what was found there, as text. Field checks never change or leave out a row.
    """

    rule: str
    column: str
    checked: pl.Expr
    failed: pl.Expr
    value: pl.Expr

    @property
    def fails(self) -> pl.Expr:
        """Rows that can be judged and break the rule."""
        return (self.checked & self.failed).fill_null(False)


@dataclass(frozen=True, slots=True)
class Level:
    """A frame whose rows are judged (interviews, or groups of them) with the columns `PLACES`, and its checks."""

    frame: pl.DataFrame
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What field checks found: ``quality`` has one line a rule and variable, ``problems`` one row a problem.

    ``backchecks`` has error rates of second visits by type, question and enumerator, or is None.
    """

    quality: pl.DataFrame
    problems: pl.DataFrame
    backchecks: pl.DataFrame | None = None


def judge(level: Level) -> Found:
    """Evaluate all checks of a level at once."""
    if not level.checks:
        return Found(pl.DataFrame(schema=QUALITY_SCHEMA), pl.DataFrame(schema=PROBLEM_SCHEMA))
    totals = level.frame.select(
        *(c.checked.fill_null(False).sum().cast(pl.Int64).alias(f"n{i}") for i, c in enumerate(level.checks)),
        *(c.fails.sum().cast(pl.Int64).alias(f"f{i}") for i, c in enumerate(level.checks)),
    ).row(0, named=True)
    lines = [
        (c.rule, c.column, "warning", totals[f"n{i}"] or 0, totals[f"f{i}"] or 0, *ADVICE[c.rule])
        for i, c in enumerate(level.checks)
    ]
    broken = [_problems(level.frame, c) for i, c in enumerate(level.checks) if totals[f"f{i}"]]
    problems = pl.concat(broken) if broken else pl.DataFrame(schema=PROBLEM_SCHEMA)
    return Found(pl.DataFrame(lines, schema=QUALITY_SCHEMA, orient="row"), problems)


def together(found: Sequence[Found]) -> Found:
    """Return what several levels found."""
    return Found(pl.concat([f.quality for f in found]), pl.concat([f.problems for f in found]))


def shown(columns: Sequence[str]) -> pl.Expr:
    """Return the values of columns as text, ``name = value`` parted by semicolons."""
    parts = [pl.format("{} = {}", pl.lit(c), pl.col(c).cast(pl.String).fill_null("–")) for c in columns]
    return pl.concat_str(parts, separator="; ")


def _problems(frame: pl.DataFrame, check: Check) -> pl.DataFrame:
    zh, en = ADVICE[check.rule]
    rows = frame.with_columns(check.value.alias("_value")).filter(check.fails)
    given = {"rule": check.rule, "severity": "warning", "column": check.column, "todo_zh": zh, "todo_en": en}
    values = {name: pl.lit(text) for name, text in given.items()} | {"value": pl.col("_value")}
    values |= {place: pl.col(f"_{place}") for place in PLACES if f"_{place}" in frame.columns}
    return rows.select(values.get(n, pl.lit(None)).cast(t).alias(n) for n, t in PROBLEM_SCHEMA.items())
