"""What the sources of a programme must have before they are joined: their number, keys, and rows that are left."""

from __future__ import annotations

import polars as pl

from evalkit.errors import DataError, PlanError, listed, nearest
from evalkit.programme import Programme, Source


def require_sources(programme: Programme, n_surveys: int, n_rosters: int, n_ledgers: int) -> None:
    """Refuse anything but one survey with at most one roster, or a roster of units with ledgers."""
    if n_rosters <= 1 and (n_surveys == 1 or (n_surveys == 0 and n_rosters == 1 and n_ledgers > 0)):
        return
    raise PlanError(
        f"{programme.id}, [[sources]]",
        f"{n_surveys} surveys, {n_rosters} rosters and {n_ledgers} ledgers",
        "one survey and at most one roster, or a roster of units with ledgers",
        "put the rounds of a survey under one pattern",
    )


def require_key(programme: Programme, source: Source, frame: pl.DataFrame) -> None:
    """Refuse a key that the codebook gives no column for."""
    absent = [k for k in source.key if k not in frame.columns]
    if absent:
        raise PlanError(
            f"{programme.id}, [[sources]] {source.place}",
            f"the key {listed(absent)} is no canonical column ({nearest(absent[0], frame.columns)})",
            "names that the codebook gives",
            "correct key or codebook",
        )


def require_rows(programme: Programme, frame: pl.DataFrame) -> None:
    """Refuse a programme of which no row is left."""
    if frame.height == 0:
        raise DataError(
            programme.id,
            "no row is left after the checks",
            "usable rows",
            f"evalkit check {programme.folder} lists why rows were left out",
        )
