"""The frozen values of intake: what was read, what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from evalkit.flow import SampleFlow

REJECTED_SCHEMA = {
    "source": pl.String,
    "file": pl.String,
    "row": pl.Int64,
    "rule": pl.String,
    "severity": pl.String,
    "column": pl.String,
    "key": pl.String,
    "reason_zh": pl.String,
    "reason_en": pl.String,
}
QUALITY_SCHEMA = {
    "rule": pl.String,
    "column": pl.String,
    "severity": pl.String,
    "n_checked": pl.Int64,
    "n_failed": pl.Int64,
    "todo_zh": pl.String,
    "todo_en": pl.String,
}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One raw file as it was read."""

    path: str
    sha256: str
    kind: str
    encoding: str | None
    n_rows: int


@dataclass(frozen=True, slots=True)
class Intake:
    """Canonical rows of a programme, and everything that happened on the way.

    ``frame`` has one row a unit (and round), with the canonical columns of survey and roster. ``rejected`` has one
    row for each row left out; ``quality`` one for each rule and column, with its counts, also where nothing failed;
    ``passage`` counts the records left after each step by arm and round (see `intake.passage.passage`),
    ``missing`` the missing values by column and round, don't-know and refused apart where the codebook tells them.
    ``ledgers`` has, by ledger, the steps from raw entries to those that count. ``prices`` is the price index (region,
    time, index) or None. ``origin`` says for each row of ``frame`` file and row; ``unknown`` how many of its answers
    are don't-know or refused, of how many asked (None: no such codes). ``labels`` are the codebook's labels (Chinese,
    English) by canonical name. ``requests`` has the usable rows of the request log, ``backchecks``
    those of second visits, or is None. Where links are
    recorded, ``frame`` has the column ``exposure``.
    """

    frame: pl.DataFrame
    rejected: pl.DataFrame
    quality: pl.DataFrame
    missing: pl.DataFrame
    flow: SampleFlow
    passage: pl.DataFrame
    files: tuple[FileRecord, ...]
    prices: pl.DataFrame | None
    origin: pl.DataFrame
    unknown: pl.DataFrame | None = None
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ledgers: tuple[tuple[str, SampleFlow], ...] = ()
    requests: pl.DataFrame | None = None
    backchecks: pl.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What `evalkit check` shows and writes into a workbook; ``problems`` has one row a finding of the field checks.

    ``backchecks`` has error rates of second visits by type, question and enumerator, or is None; ``labels`` are those
    of the codebook (Chinese, English) by canonical name.
    """

    quality: pl.DataFrame
    rejected: pl.DataFrame
    missing: pl.DataFrame
    flow: SampleFlow
    files: tuple[FileRecord, ...]
    problems: pl.DataFrame
    backchecks: pl.DataFrame | None = None
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        """Whether rows were left out for errors."""
        return bool((self.rejected["severity"] == "error").any())

    def _repr_html_(self) -> str:
        return self.quality._repr_html_()
