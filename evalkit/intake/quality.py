"""Data quality of a programme: what `evalkit check` prints and the quality notebook shows."""

from __future__ import annotations

from evalkit.intake.read import read_programme
from evalkit.intake.records import QualityReport
from evalkit.programme import Programme


def quality_report(programme: Programme) -> QualityReport:
    """Read a programme and return what its rules found."""
    intake = read_programme(programme)
    return QualityReport(intake.quality, intake.rejected, intake.missing, intake.flow, intake.files)
