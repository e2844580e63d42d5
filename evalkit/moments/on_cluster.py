"""Moments of partitioned parquet files on a Dask cluster: cut where they are read, summed where they fit.

Each worker must be able to read the files at the paths that are given (a shared disk). What comes back is the moments
of each part, which add in one order: the bytes are those of one machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.cluster import connected
from evalkit.design import Design
from evalkit.moments.partition import (
    HOUSEHOLDS,
    ROWS_AT_ONCE,
    VILLAGES,
    Cut,
    moved,
    planned,
    refuse_movers,
    summed,
    together,
)
from evalkit.moments.partition import cut as cut_piece
from evalkit.moments.value import Moments


def moments_on_cluster(
    address: str,
    files: Sequence[Path],
    *,
    design: Design,
    outcomes: Sequence[str],
    rows_at_once: int = ROWS_AT_ONCE,
) -> Moments:
    """Sum parquet files on the workers of a scheduler; what a lost worker held is made again by another.

    Raises
    ------
    UsageError, PlanError
        As `evalkit.cluster.connected`.
    DataError, DesignError
        As `evalkit.moments.partition.moments_of_files`.
    """
    absolute = [file.resolve() for file in files]
    partition, pieces = planned(absolute, design=design, outcomes=outcomes, rows_at_once=rows_at_once)
    with connected(address) as client:
        cuts = [client.submit(cut_piece, piece, partition, pure=False) for piece in pieces]

        def of(kind: str, part: int) -> list[Any]:
            return [client.submit(taken, cut, kind, part, pure=False) for cut in cuts]

        numbers = range(partition.n_parts)
        households = [client.submit(moved_among, of(HOUSEHOLDS, part), pure=False) for part in numbers]
        parts = [client.submit(summed_among, of(VILLAGES, part), partition, pure=False) for part in numbers]
        refuse_movers(client.gather(households))
        return together(client.gather(parts))


def taken(cut: Cut, kind: str, part: int) -> pl.DataFrame | None:
    """Return what a piece holds for a part."""
    return cut.get((kind, part))


def moved_among(pairs: Sequence[pl.DataFrame | None]) -> list[str]:
    """Return the households of a part that stand in several villages."""
    return moved([p for p in pairs if p is not None])


def summed_among(pieces: Sequence[pl.DataFrame | None], partition: Any) -> Moments | None:
    """Return the moments of a part."""
    return summed([p for p in pieces if p is not None], partition)
