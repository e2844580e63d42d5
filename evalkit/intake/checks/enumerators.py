"""Patterns of enumerators: round numbers, straight lines, short interviews, don't-know; each beside the others."""

from __future__ import annotations

import polars as pl

from evalkit.intake.checks.rule import Check, Level, shown
from evalkit.intake.checks.survey import Survey

ODDS = 3.3
"""Standard errors by which an enumerator's share must exceed the others' (one in 2,000 by chance)."""
EXCESS = 0.15
"""And the least difference of shares that a supervisor would act on."""
SHORT = 0.5
"""An enumerator's median duration below this share of the others' median is short."""
FLAGS = {"heaping": "_heaped", "straight_line": "_straight", "unknown": "_unknown"}


def row_patterns(survey: Survey) -> list[Check]:
    """Interviews too short or too long, and blocks of questions answered alike throughout."""
    checks = []
    for battery in survey.plan.batteries:
        known = pl.all_horizontal(pl.col(c).is_not_null() for c in battery)
        checks.append(Check("straight_line", "+".join(battery), known, straight(battery), shown(battery[:1])))
    duration = survey.plan.duration
    if duration:
        low, high = survey.plan.duration_minutes
        minutes = pl.col(duration)
        checks.append(
            Check("duration", duration, minutes.is_not_null(), (minutes < low) | (minutes > high), shown([duration]))
        )
    return checks


def straight(battery: tuple[str, ...]) -> pl.Expr:
    """Whether all questions of a block have the same answer."""
    first, *rest = (pl.col(c).cast(pl.String) for c in battery)
    return pl.all_horizontal(first == other for other in rest)


def heaped(value: pl.Expr) -> pl.Expr:
    """Whether a number is round: nothing but 0 or 5 in the second digit and 0 after it, whatever the unit.

    Example: 2,000, 1.5 and 350 are round; 2,100, 1.52 and 353 are not.
    """
    scale = pl.lit(10.0).pow(value.log10().floor() - 1) * 5
    steps = value / scale
    return pl.when(value > 0).then((steps - steps.round(0)).abs() < 1e-6)


def enumerator_level(survey: Survey, unknown: pl.DataFrame | None) -> list[Level]:
    """Judge each enumerator with enough interviews: shares beside the others' by a score test, duration by medians.

    ``unknown`` has for each interview the number of answers that are don't-know or refused and of answers asked.
    """
    if survey.plan.enumerator is None:
        return []
    frame = survey.frame if unknown is None else pl.concat([survey.frame, unknown], how="horizontal")
    sums = [pl.len().alias("_interviews"), *_sums(survey, unknown)]
    people = frame.filter(pl.col("_enumerator").is_not_null()).group_by("_enumerator").agg(sums).sort("_enumerator")
    names = [n for n in FLAGS if f"_n_{n}" in people.columns]
    people = people.with_columns(_score(n).alias(f"_z_{n}") for n in names)
    checks = [_share_check(survey, n) for n in names] + _duration(survey, people)
    return [Level(people, tuple(checks))]


def _sums(survey: Survey, unknown: pl.DataFrame | None) -> list[pl.Expr]:
    out = []
    round_flags = [heaped(pl.col(n).cast(pl.Float64)) for n in survey.numbers if survey.quantity(n) != "persons"]
    if round_flags:
        out += [pl.sum_horizontal(f.sum() for f in round_flags).alias("_k_heaping")]
        out += [pl.sum_horizontal(f.count() for f in round_flags).alias("_n_heaping")]
    blocks = [straight(b) for b in survey.plan.batteries]
    if blocks:
        out += [pl.sum_horizontal(b.sum() for b in blocks).alias("_k_straight_line")]
        out += [pl.sum_horizontal(b.count() for b in blocks).alias("_n_straight_line")]
    if unknown is not None:
        out += [pl.col("_n_unknown").sum().alias("_k_unknown"), pl.col("_n_asked").sum().alias("_n_unknown")]
    if survey.plan.duration:
        out.append(pl.col(survey.plan.duration).median().alias("_minutes"))
    return out


def _score(name: str) -> pl.Expr:
    """Return the score test of two shares: an enumerator's p of n beside q, that of all others together (m).

    (p − q) / sqrt(r(1 − r)(1/n + 1/m)) with r the share of all. Example: 20 of 40 beside 40 of 160: r = .3 and
    .25 / sqrt(.3 · .7 · (1/40 + 1/160)) = 3.086.
    """
    k, n = pl.col(f"_k_{name}"), pl.col(f"_n_{name}")
    rest, pooled = n.sum() - n, k.sum() / n.sum()
    spread = (pooled * (1 - pooled) * (1 / n + 1 / rest)).sqrt()
    return pl.when((n > 0) & (rest > 0) & (spread > 0)).then((k / n - (k.sum() - k) / rest) / spread)


def _share_check(survey: Survey, name: str) -> Check:
    k, n = pl.col(f"_k_{name}"), pl.col(f"_n_{name}")
    others = (k.sum() - k) / (n.sum() - n)
    judged = (pl.col("_interviews") >= survey.plan.min_interviews) & pl.col(f"_z_{name}").is_not_null()
    value = pl.format("{}% : {}%", (100 * k / n).round(1).cast(pl.String), (100 * others).round(1).cast(pl.String))
    high = (pl.col(f"_z_{name}") > ODDS) & (k / n - others > EXCESS)
    return Check(f"enumerator_{name}", survey.plan.enumerator or "", judged, high, value)


def _duration(survey: Survey, people: pl.DataFrame) -> list[Check]:
    if "_minutes" not in people.columns:
        return []
    usual = pl.col("_minutes").median()
    judged = (pl.col("_interviews") >= survey.plan.min_interviews) & pl.col("_minutes").is_not_null()
    value = pl.format("{} : {}", pl.col("_minutes").round(1).cast(pl.String), usual.round(1).cast(pl.String))
    return [Check("enumerator_duration", survey.plan.duration or "", judged, pl.col("_minutes") < SHORT * usual, value)]
