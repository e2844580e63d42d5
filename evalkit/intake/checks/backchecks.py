"""Back-checks: what a second visit found beside what the first wrote down, by type of question and by enumerator."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.errors import PlanError, nearest
from evalkit.intake.checks.rule import PLACES, Check, Level
from evalkit.intake.checks.survey import Survey
from evalkit.quality_plan import BackCheck

AGAIN = "_again_"
SAME = 1e-9
"""Two numbers that differ by less than this share of the larger are one number, written in two units."""


def backcheck_levels(survey: Survey, again: pl.DataFrame | None, key: Sequence[str]) -> list[Level]:
    """Return the checks on second visits: each answer, each enumerator, and visits that fit no interview."""
    plan = survey.plan.backcheck
    if again is None or plan is None:
        return []
    pairs = compared(survey, again, key, plan)
    answers = [
        Check("backcheck", q, pl.col("question") == q, pl.col("differs"), pl.col("shown"))
        for _, names in plan.types()
        for q in names
    ]
    there = survey.frame.select(*key, pl.lit(value=True).alias("_there"))
    keys = pl.concat_str([pl.col(k).cast(pl.String) for k in key], separator="/").alias("_key")
    visits = again.join(there, on=list(key), how="left", maintain_order="left").with_columns(keys)
    stray = Check("backcheck_unmatched", "+".join(key), pl.lit(value=True), pl.col("_there").is_null(), pl.lit(""))
    people = _people(pairs)
    return [Level(pairs, tuple(answers)), Level(visits, (stray,)), Level(people, (_too_often(plan, survey),))]


def compared(survey: Survey, again: pl.DataFrame, key: Sequence[str], plan: BackCheck) -> pl.DataFrame:
    """Return a row for each question that both visits have an answer to.

    Returns
    -------
    DataFrame
        ``type`` (type1, type2, type3), ``question``, ``differs``, ``shown`` (first → second answer), and the places of
        the first interview. A missing answer, don't-know and refused are compared with nothing.

    Raises
    ------
    PlanError
        A question is no column of both files.
    """
    questions = [q for _, names in plan.types() for q in names]
    who = plan.enumerator if survey.plan.enumerator is None else None
    _require(questions, survey.frame, "the survey")
    _require([*questions, *([who] if who else [])], again, "the file of second visits")
    second = again.select(*key, *[pl.col(q).alias(AGAIN + q) for q in (*questions, *([who] if who else []))])
    met = survey.frame.join(second, on=list(key), how="inner", maintain_order="left")
    met = met.with_columns(pl.col(AGAIN + who).cast(pl.String).alias("_enumerator")) if who else met
    parts = [_answers(met, kind, q, plan.within.get(q, 0.0)) for kind, names in plan.types() for q in names]
    return pl.concat(parts)


def _answers(met: pl.DataFrame, kind: str, question: str, within: float) -> pl.DataFrame:
    first, second = pl.col(question), pl.col(AGAIN + question)
    if met.schema[question].is_numeric():
        apart = (first - second).abs()
        differs = apart > pl.max_horizontal(pl.lit(within), SAME * first.abs(), SAME * second.abs())
    else:
        differs = first != second
    rows = met.filter(first.is_not_null() & second.is_not_null())
    return rows.select(
        pl.lit(kind).alias("type"),
        pl.lit(question).alias("question"),
        differs.alias("differs"),
        pl.format("{} → {}", first.cast(pl.String), second.cast(pl.String)).alias("shown"),
        *[f"_{p}" for p in PLACES],
    )


def error_rates(pairs: pl.DataFrame) -> pl.DataFrame:
    """Count answers compared and answers that differ: ``type, question, enumerator, n_compared, n_differ``."""
    counts = (pl.len().cast(pl.Int64).alias("n_compared"), pl.col("differs").sum().cast(pl.Int64).alias("n_differ"))
    keys = ("type", "question", pl.col("_enumerator").alias("enumerator"))
    return pairs.group_by(keys).agg(counts).sort("type", "question", "enumerator", nulls_last=True)


def _people(pairs: pl.DataFrame) -> pl.DataFrame:
    """Count each enumerator's answers to questions of type 1, which do not change between two visits."""
    fixed = pairs.filter((pl.col("type") == "type1") & pl.col("_enumerator").is_not_null())
    return (
        fixed.group_by("_enumerator").agg(pl.len().alias("n"), pl.col("differs").sum().alias("k")).sort("_enumerator")
    )


def _too_often(plan: BackCheck, survey: Survey) -> Check:
    share = pl.col("k") / pl.col("n")
    value = pl.format("{} / {} ({}%)", "k", "n", (100 * share).round(1).cast(pl.String))
    name = survey.plan.enumerator or plan.enumerator or ""
    return Check("enumerator_backcheck", name, pl.col("n") >= plan.min_answers, share > plan.max_error, value)


def _require(names: Sequence[str], frame: pl.DataFrame, what: str) -> None:
    absent = [q for q in names if q not in frame.columns]
    if absent:
        raise PlanError(
            "[quality.backcheck]",
            f"{absent[0]!r} is no column of {what} ({nearest(absent[0], frame.columns)})",
            "questions that both visits asked, by their canonical names",
            "correct the name, or enter the column in the codebook",
        )
