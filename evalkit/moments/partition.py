"""Moments of rows that do not fit into memory, or lie on many machines: parquet files cut anew by village.

How the files are cut (by year, by county, by size) does not matter: the rows go by a hash of their village into parts
that fit, each part is summed alone, and the parts add. A household that stands in villages of two parts could not be
seen there, so the pairs of household and village go by a hash of the household as well, and are looked through.

The number of parts follows from the number of rows alone and parts are added in one order: the same rows give the
same bytes, however many processes sum them and however the files are cut.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from evalkit.columns import canonical_frame
from evalkit.design import Design
from evalkit.errors import DataError, listed
from evalkit.moments.blocks import demeaned
from evalkit.moments.cells import Blocks, Cells
from evalkit.moments.merge import merged
from evalkit.moments.source import part_of
from evalkit.moments.value import Moments, Part

ROWS_AT_ONCE = 1_000_000
"""Rows that are in memory at once: some hundred megabytes with the copies that summing makes."""
SEED = 7
VILLAGES, HOUSEHOLDS = "villages", "households"
PART = "_part"


@dataclass(frozen=True, slots=True)
class Partition:
    """Which columns of which rows are summed: the design, the outcomes, the number of parts, the rows of a piece."""

    design: Design
    outcomes: tuple[str, ...]
    n_parts: int
    rows_at_once: int

    @property
    def columns(self) -> list[str]:
        """The columns of the files that are read, in one order."""
        return list(dict.fromkeys([*self.design.columns(), *self.design.measured(self.outcomes)]))


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one file that are read at once."""

    file: Path
    first: int
    n: int


Cut = Mapping[tuple[str, int], pl.DataFrame]
"""The rows of a piece by part, and its pairs of household and village by another part."""


def moments_of_files(
    files: Sequence[Path], *, design: Design, outcomes: Sequence[str], rows_at_once: int = ROWS_AT_ONCE
) -> Moments:
    """Sum parquet files in bounded memory; what does not fit waits in a temporary folder on disk.

    Memory is that of `rows_at_once` rows and of the moments themselves, whatever the number of rows; time is linear.
    Moments are those of `Moments.from_frame` on all rows, up to the order of additions (1e-12 of the values).

    Raises
    ------
    DataError, DesignError
        As `Moments.from_frame`; also where files have different columns.
    """
    partition, pieces = planned(files, design=design, outcomes=outcomes, rows_at_once=rows_at_once)
    with tempfile.TemporaryDirectory(prefix="evalkit-rows-") as folder:
        for number, piece in enumerate(pieces):
            for (kind, part), rows in cut(piece, partition).items():
                place = Path(folder, kind, str(part))
                place.mkdir(parents=True, exist_ok=True)
                rows.write_parquet(place / f"{number:06d}.parquet", compression="lz4")

        def stored(kind: str, part: int) -> list[pl.DataFrame]:
            return [pl.read_parquet(file) for file in sorted(Path(folder, kind, str(part)).glob("*.parquet"))]

        refuse_movers([moved(stored(HOUSEHOLDS, part)) for part in range(partition.n_parts)])
        return together([summed(stored(VILLAGES, part), partition) for part in range(partition.n_parts)])


def planned(
    files: Sequence[Path], *, design: Design, outcomes: Sequence[str], rows_at_once: int = ROWS_AT_ONCE
) -> tuple[Partition, list[Piece]]:
    """Return the partition and the pieces of the files, in order of their names, after a look at their columns."""
    ordered = sorted(files)
    rows = [_n_rows(file) for file in ordered]
    n_parts = max(1, -(-sum(rows) // rows_at_once))
    partition = Partition(design, tuple(outcomes), n_parts, rows_at_once)
    _require_same_columns(ordered, partition)
    steps = [(f, i) for f, n in zip(ordered, rows, strict=True) for i in range(0, n, rows_at_once)]
    return partition, [Piece(file, first, rows_at_once) for file, first in steps]


def cut(piece: Piece, partition: Partition) -> Cut:
    """Read a piece and cut it by village; its households with their villages by household."""
    rows = pl.scan_parquet(piece.file).slice(piece.first, piece.n).select(partition.columns).collect()
    village = pl.col(partition.design.cluster).cast(pl.String)
    found = _by(rows, village, VILLAGES, partition.n_parts)
    if partition.design.unit is None or partition.n_parts == 1:
        return found
    pairs = rows.select(pl.col(partition.design.unit).cast(pl.String).alias("unit"), village.alias("village")).unique()
    return {**found, **_by(pairs, pl.col("unit"), HOUSEHOLDS, partition.n_parts)}


def _by(rows: pl.DataFrame, key: pl.Expr, kind: str, n: int) -> Cut:
    numbered = rows.with_columns((key.hash(SEED) % n).alias(PART))
    return {
        (kind, int(number)): part.drop(PART)
        for (number,), part in numbered.partition_by(PART, as_dict=True, maintain_order=True).items()
    }


def summed(pieces: Sequence[pl.DataFrame], partition: Partition) -> Moments | None:
    """Return the moments of one part, None where no village fell to it."""
    if not pieces:
        return None
    return Moments.from_frame(pl.concat(pieces), design=partition.design, outcomes=partition.outcomes)


def moved(pairs: Sequence[pl.DataFrame]) -> list[str]:
    """Return the households of some pairs that stand in several villages."""
    if not pairs:
        return []
    found = pl.concat(pairs).unique().group_by("unit").len().filter(pl.col("len") > 1)
    return list(found["unit"])


def refuse_movers(by_part: Sequence[Sequence[str]]) -> None:
    """Refuse households that stand in several villages, as a panel does."""
    households = sorted(household for part in by_part for household in part)
    if households:
        raise DataError(
            "village",
            f"it changes within {len(households)} units (units {listed(households)})",
            "one village a unit",
            "keep the first one, or give a household that moved a new id",
        )


def together(parts: Sequence[Moments | None]) -> Moments:
    """Add the parts, and let them be one: where only some have weights that change by round, all are kept that way."""
    found = [part for part in parts if part is not None]
    if not found:
        raise DataError("rows", "there are none", "at least one row", "check the files")
    if len(found) == 1:
        return found[0]
    by_round = {name for m in found for name, cells in m.cells.items() if cells.blocks is not None}
    added = merged([_with_blocks(m, by_round) for m in found])
    whole = Part(part_of(added.cells, added.clusters), sum(p.n_rows for p in added.parts), added.clusters)
    return replace(added, parts=(whole,))


def _with_blocks(moments: Moments, names: set[str]) -> Moments:
    cells = {n: _blocked(c) if n in names and c.blocks is None else c for n, c in moments.cells.items()}
    return replace(moments, cells=cells)


def _blocked(cells: Cells) -> Cells:
    blocks = demeaned(cells, weighted=True)
    return replace(cells, blocks=Blocks(blocks.cluster, blocks.cohort, blocks.a1, blocks.b1))


def _n_rows(file: Path) -> int:
    return int(pl.scan_parquet(file).select(pl.len()).collect().item())


def _require_same_columns(files: Sequence[Path], partition: Partition) -> None:
    """Refuse a missing column, text where numbers are needed, and files whose columns are of different kinds."""
    seen: dict[str, tuple[object, Path]] = {}
    for file in files:
        frame = pl.scan_parquet(file)
        canonical_frame(frame.head(0), partition.design, partition.design.measured(partition.outcomes))
        schema = frame.collect_schema()
        for name in partition.columns:
            kind, first = seen.setdefault(name, (schema[name], file))
            if kind != schema[name]:
                raise DataError(
                    str(file),
                    f"column {name!r} holds {schema[name]}, in {first.name} it holds {kind}",
                    "one kind of value for a column in all files",
                    "convert it in one of them",
                )
