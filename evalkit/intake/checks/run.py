"""field_checks: all checks that the codebook, canonical names and [quality] ask for, on the rows of intake."""

from __future__ import annotations

from dataclasses import replace

from evalkit.intake.checks.backchecks import backcheck_levels, compared, error_rates
from evalkit.intake.checks.copies import duplicate_ids, identical_answers
from evalkit.intake.checks.enumerators import enumerator_level, row_patterns
from evalkit.intake.checks.logic import negative_parts, parts_above_whole, zero_level
from evalkit.intake.checks.outliers import outlier_level
from evalkit.intake.checks.rounds import size_jumps
from evalkit.intake.checks.rule import Found, Level, judge, together
from evalkit.intake.checks.survey import Survey, survey_of
from evalkit.intake.checks.units import group_levels, row_slips
from evalkit.intake.read import main_source, survey_entries
from evalkit.intake.records import Intake
from evalkit.programme import Programme

ROW_RULES = (
    negative_parts,
    parts_above_whole,
    size_jumps,
    row_slips,
    duplicate_ids,
    identical_answers,
    row_patterns,
)


def field_checks(programme: Programme, intake: Intake) -> Found:
    """Judge the rows that intake kept; nothing is changed or left out.

    Raises
    ------
    PlanError
        [quality] names a column that no codebook gives.
    """
    key = main_source(programme).key
    survey = survey_of(programme, intake.frame, intake.origin, survey_entries(programme), key)
    rows = Level(survey.frame, tuple(c for rule in ROW_RULES for c in rule(survey)))
    levels = [
        rows,
        outlier_level(survey),
        zero_level(survey),
        *group_levels(survey),
        *enumerator_level(survey, intake.unknown),
    ]
    levels += backcheck_levels(survey, intake.backchecks, key)
    found = together([judge(_without_skipped(level, survey)) for level in levels])
    again, plan = intake.backchecks, survey.plan.backcheck
    if again is None or plan is None:
        return found
    return replace(found, backchecks=error_rates(compared(survey, again, key, plan)))


def _without_skipped(level: Level, survey: Survey) -> Level:
    return Level(level.frame, tuple(c for c in level.checks if c.rule not in survey.plan.skip))
