"""read_programme: from the raw files of a programme to canonical rows, with a ledger of everything left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from evalkit.columns import EXPOSURE
from evalkit.errors import DataError, PlanError, nearest
from evalkit.flow import SampleFlow
from evalkit.intake.chosen_rows import chosen_rows
from evalkit.intake.codebook import Entry, entries_for, read_codebook, there
from evalkit.intake.convert import CODE, FILE, ROW
from evalkit.intake.corrections import LOG_NAME, read_log
from evalkit.intake.crosswalk import walked
from evalkit.intake.files import RawTable, existing, files_of, read_rows, read_table
from evalkit.intake.guards import require_inside, settled
from evalkit.intake.ledgers import LedgerRead, calendar_of, join_ledgers, ledger_grid, read_ledger
from evalkit.intake.links import places
from evalkit.intake.missing import missing_values, unknown_answers
from evalkit.intake.months import require_months
from evalkit.intake.passage import DROPPED, Stage, arms_of, passage, sample_flow
from evalkit.intake.prices import read_prices
from evalkit.intake.records import FileRecord, Intake
from evalkit.intake.requests import check_requests
from evalkit.intake.require import require_key, require_rows, require_sources
from evalkit.intake.rules import check_keys, check_ranges, check_villages, line
from evalkit.intake.suggest import unmapped_line
from evalkit.intake.sums import require_unchanged
from evalkit.intake.treat import Treated, require_log, treat, treated_lines
from evalkit.programme import Programme, Source


@dataclass(frozen=True, slots=True)
class _Read:
    """One source: its checked rows, what was rejected and found, its files, and the number of raw rows."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    quality: pl.DataFrame
    files: tuple[FileRecord, ...]
    n_raw: int
    missing: pl.DataFrame
    places: pl.DataFrame


def read_programme(programme: Programme) -> Intake:
    """Read, map, check and join a programme's raw files. Nothing is written.

    Raises
    ------
    DataError, PlanError
        A file, sheet or column is missing or unreadable, a codebook is wrong, or no row is left.
    """
    require_inside(programme)
    require_log(programme)
    rosters, surveys = _of_kind(programme, "roster"), _of_kind(programme, "survey")
    plans = [s for s in programme.sources if s.kind == "ledger"]
    require_sources(programme, len(surveys), len(rosters), len(plans))
    main, stages = _chosen(programme, surveys[0] if surveys else rosters[0])
    frame, parts = main.frame, [*rosters, *surveys]
    if surveys and rosters:
        frame, joined = _join(programme, main, rosters[0])
        stages.append(("joined_roster", frame))
        parts.append(joined)
    ledgers = [_read_ledger(programme, s, frame, "survey" if surveys else "roster") for s in plans]
    if not surveys:
        frame = ledger_grid(frame, plans, programme)
        stages = [("units_by_periods", frame)]
    frame = join_ledgers(frame, ledgers, programme)
    stages += [("joined_ledgers", frame)] if ledgers else []
    links, requests, again = _links(programme, frame), _requests(programme, rosters), _again(programme)
    frame = frame if links is None else links.frame
    stages += [] if links is None else [("exposure_known", frame)]
    require_rows(programme, frame)
    flow, log = _counted(programme, stages, main if surveys else None, rosters)
    read: list[_Read | LedgerRead] = [*parts, *ledgers, *(r for r in (links, requests, again) if r is not None)]
    return Intake(
        frame=frame.drop(ROW, FILE, *[c for c in frame.columns if c.startswith(CODE)]),
        rejected=pl.concat([p.rejected for p in read]),
        quality=pl.concat([p.quality for p in read]),
        missing=main.missing,
        flow=flow,
        passage=log,
        files=tuple(f for p in read for f in p.files),
        prices=read_prices(programme),
        ledgers=tuple((f"{p.source.prefix}{p.source.ledger}", p.flow) for p in ledgers),
        requests=None if requests is None else requests.frame.drop(ROW, FILE),
        backchecks=None if again is None else again.frame,
        origin=frame.select(FILE, ROW),
        unknown=unknown_answers(frame),
        labels={e.name: (e.label_zh, e.label_en) for e in survey_entries(programme) if e.label_zh or e.label_en},
    )


def _chosen(programme: Programme, main: _Read) -> tuple[_Read, list[Stage]]:
    """Keep the rows that the plan is about, missing values counted in those only; and the stages up to them."""
    source, stages = main_source(programme), _read_stages(programme, main)
    if not source.chooses:
        return main, stages
    frame = chosen_rows(main.frame, source, programme.id)
    missing = missing_values(frame, survey_entries(programme), programme.design.time)
    return replace(main, frame=frame, missing=missing), [*stages, ("not_meant", frame)]


def _read_stages(programme: Programme, main: _Read) -> list[Stage]:
    """Return the rows read, those left after the correction log, where there is one, and those left after the rules."""
    logged = (programme.folder / LOG_NAME).is_file()
    corrected = [("corrected", main.places.filter(~pl.col(DROPPED)))] if logged else []
    return [("raw_rows", main.places), *corrected, ("rejected_rows", main.frame)]


def _counted(
    programme: Programme, stages: Sequence[Stage], survey: _Read | None, rosters: Sequence[_Read]
) -> tuple[SampleFlow, pl.DataFrame]:
    """Count the rows left after each stage: together, and by arm and round."""
    records = stages[-1][1] if survey is None else survey.places
    arms = arms_of(records, rosters[0].frame if rosters else None, programme.design)
    return sample_flow(stages, programme), passage(stages, arms, programme.design)


def _links(programme: Programme, frame: pl.DataFrame) -> _Read | None:
    """Place each household by the link table; rows of households whose place is not known are left out."""
    source = _one(programme, "links")
    if source is None:
        return None
    read = _read_source(programme, source)
    found = places(frame, read.frame, source, programme)
    return _checked(read, found.frame.drop_nulls(EXPOSURE), found.rejected, found.quality)


def _requests(programme: Programme, rosters: Sequence[_Read]) -> _Read | None:
    """Read the request log; what is left can be used for waiting times."""
    source = _one(programme, "requests")
    if source is None:
        return None
    read = _read_source(programme, source)
    found = check_requests(read.frame, rosters[0].frame if rosters else None, source, programme)
    return _checked(read, found.frame, found.rejected, found.quality)


def _again(programme: Programme) -> _Read | None:
    """Read the second visits, mapped as the survey is; they have its key and some of its questions."""
    source = _one(programme, "backcheck")
    return None if source is None else _read_source(programme, source)


def _of_kind(programme: Programme, kind: str) -> list[_Read]:
    return [_read_source(programme, s) for s in programme.sources if s.kind == kind]


def _one(programme: Programme, kind: str) -> Source | None:
    found = [s for s in programme.sources if s.kind == kind]
    if len(found) > 1:
        raise PlanError(f"{programme.id}, [[sources]]", f"{len(found)} of kind {kind}", "at most one", "join the files")
    return found[0] if found else None


def _checked(read: _Read, frame: pl.DataFrame, rejected: pl.DataFrame, quality: pl.DataFrame) -> _Read:
    """Return a source with what a further check left of it, and what it found."""
    told = pl.concat([read.rejected, rejected]), pl.concat([read.quality, quality])
    return replace(read, frame=frame, rejected=told[0], quality=told[1])


def _read_ledger(programme: Programme, source: Source, frame: pl.DataFrame, kind: str) -> LedgerRead:
    """Read a ledger for the units (or villages) of the frame."""
    allowed = [n for n in (programme.design.unit, programme.design.cluster) if n]
    if source.who not in allowed or source.who not in frame.columns:
        raise PlanError(
            f"{programme.id}, [[sources]] {source.place}",
            f"who = {source.who!r}",
            f"the unit or village of the design ({' or '.join(allowed)}), and a column of the {kind}",
            "correct who, or enter the column in the codebook",
        )
    known, calendar = frame[source.who].unique(), calendar_of(programme)
    return read_ledger(source, _entries(programme, source), programme.folder, known, calendar)


def _read_source(programme: Programme, source: Source) -> _Read:
    entries = _entries(programme, source)
    time = programme.design.time
    parts, records, unmapped = [], [], set()
    whole: list[Treated] = []
    log = read_log(programme.folder)
    for name, table, checksum in _tables(programme, source, entries):
        treated = treat(table, _meant(source, entries, table, name), name, source, programme, log)
        converted = treated.converted
        whole.append(treated)
        parts.append(converted)
        unmapped |= set(converted.unmapped)
        records.append(FileRecord(name, checksum, source.kind, table.encoding, table.frame.height))
    require_unchanged(programme.folder, records)
    frame, placed_rows, changed = _together(programme, source, whole)
    require_key(programme, source, frame)
    n_raw = sum(r.n_rows for r in records)
    keys = check_keys(frame, source.key, source.kind)
    ranges = check_ranges(keys.frame, entries)
    unread = pl.concat([p.rejected for p in parts])
    counts = (
        unread.filter(pl.col("rule") != "dropped_by_log")
        .group_by("rule", "column", "severity")
        .len()
        .sort("rule", "column", descending=[True, False])
    )
    quality = [line(rule, c, severity, n_raw, n) for rule, c, severity, n in counts.iter_rows()]
    quality += [unmapped_line(c, entries, n_raw) for c in sorted(unmapped)]
    quality += [*treated_lines(whole, n_raw, log), *changed]
    missing = missing_values(ranges.frame, entries, time)
    return _Read(
        ranges.frame,
        pl.concat([unread, keys.rejected]),
        pl.concat([keys.quality, ranges.quality, *quality]),
        tuple(records),
        n_raw,
        missing,
        placed_rows,
    )


def _together(
    programme: Programme, source: Source, whole: Sequence[Treated]
) -> tuple[pl.DataFrame, pl.DataFrame, list[pl.DataFrame]]:
    """Return the rows of all files and their places, villages and households as the crosswalk has them.

    A roster stays as it is: it says what the villages of the evaluation are.
    """
    frame = pl.concat([t.converted.frame for t in whole], how="diagonal")
    places = pl.concat([t.places for t in whole], how="diagonal")
    if source.kind == "roster":
        return frame, places, []
    return walked(frame, places, programme.folder, programme.design.time)


def _meant(source: Source, entries: tuple[Entry, ...], table: RawTable, name: str) -> list[Entry]:
    """Return the codebook's entries of one table; of a second visit those whose questions it has."""
    headers = table.frame.columns
    asked = there(entries, source.key, headers) if source.kind == "backcheck" else entries
    return entries_for(asked, table.round, headers, name)


def main_source(programme: Programme) -> Source:
    """Return the source whose rows become the panel: the survey, or the roster where there is none."""
    kinds = {s.kind: s for s in programme.sources}
    return kinds["survey"] if "survey" in kinds else kinds["roster"]


def survey_entries(programme: Programme) -> tuple[Entry, ...]:
    """Return the codebook's entries of the source whose rows become the panel."""
    return _entries(programme, main_source(programme))


def _tables(programme: Programme, source: Source, entries: Sequence[Entry]) -> Iterator[tuple[str, RawTable, str]]:
    """Read a source's files, or its rows on a server: name, table, and the SHA-256 of what was read."""
    if source.database:
        yield source.place, *read_rows(source, entries)
        return
    for path, round_ in files_of(source, programme.folder):
        applied = [e for e in entries if e.applies_to(round_)]
        table, checksum = settled(path, partial(read_table, source, path, round_, applied), programme.folder)
        yield path.relative_to(programme.folder).as_posix(), table, checksum


def _entries(programme: Programme, source: Source) -> tuple[Entry, ...]:
    """Return the codebook's entries for a kind of source."""
    if source.codebook is None:
        raise PlanError(
            f"{programme.id}, [[sources]] {source.place}",
            "no codebook is named",
            "a codebook that maps its headers",
            'add codebook = "codebook.csv"',
        )
    entries = read_codebook(existing(programme.folder / source.codebook))
    require_months(programme, entries, source.codebook)
    kinds = {"", source.kind, *(["survey"] if source.kind == "backcheck" else [])}
    return tuple(e for e in entries if e.source in kinds)


def _join(programme: Programme, survey: _Read, roster: _Read) -> tuple[pl.DataFrame, _Read]:
    """Give each row the columns of its village; rows of unknown villages are rejected."""
    cluster = programme.design.cluster
    for part, what in ((survey, "survey"), (roster, "roster")):
        if cluster not in part.frame.columns:
            raise DataError(
                f"{programme.id}, {what}",
                f"there is no column {cluster!r} ({nearest(cluster, part.frame.columns)})",
                "the village of design.cluster",
                "enter it in the codebook",
            )
    key = next(s.key for s in programme.sources if s.kind == "survey")
    found = check_villages(survey.frame, roster.frame, cluster, key, "survey")
    shared = [c for c in roster.frame.columns if c in survey.frame.columns and c != cluster]
    frame = found.frame.join(roster.frame.drop(shared), on=cluster, how="left", maintain_order="left")
    return frame, _Read(frame, found.rejected, found.quality, (), 0, pl.DataFrame(), pl.DataFrame())
