"""The frozen values of ledgers: what one came to, and every row that does not count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.flow import SampleFlow
from evalkit.intake.crosswalk import Change
from evalkit.intake.ledgers.calendar import Calendar
from evalkit.intake.records import FileRecord
from evalkit.programme import Source

WHO, PERIOD, WHEN, WHY, HEADER, KEY = "_who", "_period", "_when", "_why", "_header", "_key"
"""Columns of an entry beside its canonical ones: whose it is, its period and date, the first rule it breaks."""
KEYLESS, TOKEN = "_keyless", "_token"
"""Whether an entry lacks its key, and what stands for the key where entries with one key are looked for."""
CODED = "_coded_"
"""Before the name of a column of words: the code that each word means."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside a ledger: the programme's folder, its periods, the lines of its crosswalk about the units."""

    folder: Path
    calendar: Calendar
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class LedgerRead:
    """One ledger as sums.

    ``sums`` has one row a unit and period with rows, the columns ``_who``, ``_period`` and those of its kind of ledger
    (docs/programme.md lists them); ``names`` are these columns. ``flow`` goes from raw rows to rows that count.
    """

    source: Source
    sums: pl.DataFrame
    names: tuple[str, ...]
    rejected: pl.DataFrame
    quality: pl.DataFrame
    flow: SampleFlow
    files: tuple[FileRecord, ...]
