"""Intake: raw files to typed canonical rows; encodings, codebook, units, data rules. It never writes to raw folders."""

from evalkit.intake.checks import Found, field_checks
from evalkit.intake.files import checksums
from evalkit.intake.places import Outline, Places, read_places
from evalkit.intake.quality import quality_report as check
from evalkit.intake.read import read_programme
from evalkit.intake.records import FileRecord, Intake, QualityReport
from evalkit.intake.truth import read_truth

__all__ = [
    "FileRecord",
    "Found",
    "Intake",
    "Outline",
    "Places",
    "QualityReport",
    "check",
    "checksums",
    "field_checks",
    "read_places",
    "read_programme",
    "read_truth",
]
