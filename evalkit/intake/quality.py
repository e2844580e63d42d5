"""Data quality of a programme: what `evalkit check` prints and the quality notebook shows."""

from __future__ import annotations

import polars as pl

from evalkit.intake.checks import field_checks
from evalkit.intake.read import read_programme
from evalkit.intake.records import Intake, QualityReport
from evalkit.programme import Programme


def quality_report(programme: Programme, intake: Intake | None = None) -> QualityReport:
    """Read a programme, where it has not been read yet, and return what its rules and field checks found."""
    intake = read_programme(programme) if intake is None else intake
    found = field_checks(programme, intake)
    quality = pl.concat([intake.quality, found.quality])
    told = (intake.rejected, intake.missing, intake.flow, intake.files, found.problems, found.backchecks, intake.labels)
    return QualityReport(quality, *told)
