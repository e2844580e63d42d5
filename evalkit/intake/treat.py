"""One raw table on its way in: corrected as the log says, identifiers treated, converted by the codebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from evalkit.intake.codebook import Entry
from evalkit.intake.convert import ROW, Converted, convert
from evalkit.intake.corrections import LOG_NAME, Correction, apply_log, read_log, require_files
from evalkit.intake.files import RawTable, files_of
from evalkit.intake.identifiers import Seen, at_the_door
from evalkit.intake.passage import place_names, placed
from evalkit.intake.rules import line, reject
from evalkit.programme import Programme, Source


@dataclass(frozen=True, slots=True)
class Treated:
    """Canonical rows of one table, and what was done and seen: cells corrected, rows dropped, identifiers unmapped.

    ``places`` has a row for each raw row: household, village, round, start, and whether the log drops it.
    """

    converted: Converted
    places: pl.DataFrame
    n_rows: int
    n_cells: int
    n_dropped: int
    seen: tuple[Seen, ...]


def treat(
    table: RawTable,
    entries: Sequence[Entry],
    name: str,
    source: Source,
    programme: Programme,
    log: Sequence[Correction],
) -> Treated:
    """Correct, treat and convert one table.

    Raises
    ------
    DataError, PlanError
        A line of the log does not fit, or identifiers are not declared or cannot be hashed.
    """
    corrected = apply_log(table, name, entries, source.key, log)
    safe, seen = at_the_door(corrected.table, entries, name, programme.folder)
    design = programme.design
    converted = convert(safe, entries, source.key, design.time, source.kind)
    places = placed(converted, corrected.dropped, table.round, place_names(design), design.time)
    kept = leave_out(converted, corrected.dropped, source)
    return Treated(kept, places, table.frame.height, corrected.n_cells, len(corrected.dropped), seen)


def treated_lines(tables: Sequence[Treated], n_raw: int, log: Sequence[Correction]) -> list[pl.DataFrame]:
    """Return the lines of the quality table about corrections and unmapped identifiers."""
    n = sum(t.n_cells + t.n_dropped for t in tables)
    corrected = [line("corrected", LOG_NAME, "warning", n_raw, n)] if log else []
    return [*corrected, *_identifier_lines([(s, t.n_rows) for t in tables for s in t.seen])]


def require_log(programme: Programme) -> None:
    """Refuse a correction log that names files which are not read."""
    folder = programme.folder
    log = read_log(folder)
    plain = [s for s in programme.sources if s.kind in ("survey", "roster")]
    if log:
        require_files(log, [n for s in plain for n in _names(s, folder)])


def _names(source: Source, folder: Path) -> list[str]:
    if source.database:
        return [source.place]
    return [p.relative_to(folder).as_posix() for p, _ in files_of(source, folder)]


def leave_out(converted: Converted, dropped: Mapping[int, str], source: Source) -> Converted:
    """Leave out the rows that the correction log drops, and keep them with the log's reason."""
    if not dropped:
        return converted
    there = pl.col(ROW).is_in(list(dropped))
    lost = reject(converted.frame.filter(there), "dropped_by_log", "warning", LOG_NAME, source.key, source.kind)
    reasons = lost["row"].replace_strict(dict(dropped), return_dtype=pl.String)
    lost = lost.with_columns(pl.format("{}：{}", "reason_zh", reasons), pl.format("{}: {}", "reason_en", reasons))
    kept = converted.rejected.filter(~pl.col("row").is_in(list(dropped)))
    return replace(converted, frame=converted.frame.filter(~there), rejected=pl.concat([kept, lost]))


def _identifier_lines(shown: Sequence[tuple[Seen, int]]) -> list[pl.DataFrame]:
    """Count cells of unmapped columns that tell who somebody is; a column found by its header counts with all rows."""
    sums: dict[str, list[int]] = {}
    for seen, rows in shown:
        pair = sums.setdefault(seen.header, [0, 0])
        pair[0] += rows
        pair[1] += seen.n_cells or rows
    return [line("identifier_unmapped", header, "warning", n, min(k, n)) for header, (n, k) in sorted(sums.items())]
