"""read_ledger: from the files of a ledger to sums by unit and period, with every entry that does not count."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, PlanError
from evalkit.flow import FlowStep, SampleFlow
from evalkit.intake.codebook import Entry
from evalkit.intake.convert import FILE, ROW
from evalkit.intake.crosswalk import read_crosswalk
from evalkit.intake.files import files_of, read_table
from evalkit.intake.identifiers import ids_at_the_door, is_treated
from evalkit.intake.ledgers.calendar import Calendar
from evalkit.intake.ledgers.entries import OWN_RULES, judged
from evalkit.intake.ledgers.kinds import FEN, FORMS
from evalkit.intake.ledgers.loans import NAMES, stocks
from evalkit.intake.ledgers.pairs import PAIR_RULES, Keep, resolve
from evalkit.intake.ledgers.proof import threads
from evalkit.intake.ledgers.records import HEADER, KEY, PERIOD, WHO, WHY, Around, LedgerRead
from evalkit.intake.ledgers.rules import quality, rejected
from evalkit.intake.ledgers.scan import Scan, require_unchanged, scan
from evalkit.intake.ledgers.sums import HALF, N_ROWS, keys_of_sums, summed
from evalkit.intake.rules import line
from evalkit.programme import Source

STEPS = {"unreadable_entries": OWN_RULES, "doubled_entries": PAIR_RULES[:2], "reversed_entries": PAIR_RULES[2:]}
LISTED = (FILE, ROW, HEADER, KEY, WHY)
YEARS = Calendar()
Pieces = list[pl.LazyFrame]
"""Entries that may count, some files at a time."""


def read_ledger(
    source: Source, entries: Sequence[Entry], folder: Path, known: pl.Series, calendar: Calendar = YEARS
) -> LedgerRead:
    """Read a ledger.

    Parameters
    ----------
    source : Source
        Its entry in programme.toml.
    entries : sequence of Entry
        Its codebook.
    folder : Path
        The programme's folder.
    known : Series
        Ids of the units of survey or roster; entries of others are counted and left out.
    calendar : Calendar
        Whether its periods are years or months.

    Raises
    ------
    DataError, PlanError
        A file is unreadable, a column is missing, or the plan and the codebook do not fit together.
    """
    _check(source)
    changes = tuple(c for c in read_crosswalk(folder) if c.column == source.who)
    with tempfile.TemporaryDirectory(prefix="evalkit-ledger-") as scratch, threads(1, "evalkit-proof") as thread:
        try:
            found = scan(source, entries, folder, Path(scratch), thread)
            with found.in_strides():
                ledger = _reduced(found, source, entries, known, Around(folder, calendar, changes))
        except (pl.exceptions.ComputeError, pl.exceptions.SchemaError) as error:
            raise _damaged(source, entries, folder) or DataError(
                source.place, f"it cannot be read as a table ({error})", "sound files", "export them again"
            ) from error
        require_unchanged(found)
    return ledger


def _damaged(source: Source, entries: Sequence[Entry], folder: Path) -> DataError | None:
    """Return what is wrong with a text file, as the reader of whole files says it (with the line)."""
    for path, round_ in [] if source.database else files_of(source, folder):
        try:
            read_table(source, path, round_, [e for e in entries if e.applies_to(round_)])
        except DataError as error:
            return error
    return None


def _reduced(found: Scan, source: Source, entries: Sequence[Entry], known: pl.Series, around: Around) -> LedgerRead:
    """Take the sums of a ledger, and list what does not count."""

    def sound(keep: Keep, files: Scan = found) -> pl.LazyFrame:
        return judged(files.rows(keep), source, entries, around).sound

    pairs = resolve(found.tokens(), sound, source)
    pieces = [sound(pairs.alone, files) for files in found.batches()]
    pieces = [*pieces[:-1], pl.concat([pieces[-1], pairs.kept.lazy()])]
    pieces, late, n_late = _late(pieces, source, around.calendar)
    pieces, twice = _once(pieces, source)
    raw_sums = _whose(pieces, source, entries, around.folder)
    sums = _of_known(raw_sums, known, source)
    n_sound = int(raw_sums[N_ROWS].sum()) + pairs.left_out.height + late.height + twice.height
    own = _broken(judged(found.rows(), source, entries, around).broken, found.n_rows - n_sound)
    out = pl.concat([own, pairs.left_out.select(LISTED), late, twice])
    n_unknown = int(raw_sums[N_ROWS].sum()) - int(sums[N_ROWS].sum())
    return LedgerRead(
        source,
        *_finished(sums, source, around.calendar),
        rejected(_without_identifiers(out, source, entries, around.folder)),
        _quality(found, source, out, n_unknown, n_late),
        _flow(found, out, n_unknown, sums[WHO].n_unique()),
        found.files(),
    )


def _whose(pieces: Sequence[pl.LazyFrame], source: Source, entries: Sequence[Entry], folder: Path) -> pl.DataFrame:
    """Return the sums with the ids of units as the door lets them pass; they are looked at id by id, not row by row."""
    entry = next(e for e in entries if e.name == source.who)
    if not is_treated(entry):
        sums = summed(pieces, source)
        ids_at_the_door(_different(sums.lazy()), entry, source.place, folder)
        return sums
    ids = _different(pl.concat(pieces))
    passed = ids_at_the_door(ids, entry, source.place, folder)
    token = pl.col(WHO).replace_strict(ids, passed, default=None)
    return summed([rows.with_columns(token) for rows in pieces], source)


def _different(rows: pl.LazyFrame) -> pl.Series:
    return rows.select(WHO).unique().collect(engine="streaming")[WHO].drop_nulls()


def _without_identifiers(out: pl.DataFrame, source: Source, entries: Sequence[Entry], folder: Path) -> pl.DataFrame:
    """Return the entries that do not count with their keys as the door lets them pass, for they are listed."""
    keys = [e for e in entries if e.name == source.key[0]]
    if len(source.key) > 1 or not keys:
        return out
    return out.with_columns(ids_at_the_door(out[KEY], keys[0], source.place, folder).alias(KEY))


def _check(source: Source) -> None:
    if source.reverses and len(source.key) > 1:
        raise PlanError(
            f"[[sources]] {source.place}",
            f"reverses = {source.reverses!r} and a key of {len(source.key)} columns",
            "one column as key, which a reversal can name",
            "give the ledger a key of one column",
        )


def _broken(rows: pl.LazyFrame, count: int) -> pl.DataFrame:
    """Return the entries that break a rule on their own; where there is none, the files are not read again."""
    return rows.select(LISTED).collect(engine="streaming").sort(FILE, ROW) if count else _none()


def _late(pieces: Pieces, source: Source, calendar: Calendar) -> tuple[Pieces, pl.DataFrame, int]:
    """Return entries, those left out as too late, and how many were late."""
    if source.entered is None:
        return pieces, _none(), 0
    end = calendar.end(pl.col(PERIOD))
    too_late = ((pl.col(source.entered) - end).dt.total_days() > source.late_days).fill_null(False)
    lines = [*LISTED[:-1], pl.lit("late_entry").alias(WHY)]
    found = pl.concat(pieces).filter(too_late).select(lines).collect(engine="streaming")
    if source.late == "keep":
        return pieces, _none(), found.height
    return [rows.filter(~too_late) for rows in pieces], found.sort(FILE, ROW), found.height


def _once(pieces: Pieces, source: Source) -> tuple[Pieces, pl.DataFrame]:
    """Return entries without those of sales that count for the other side, and these; the sides may be in two files."""
    rule = source.count_once
    if rule is None:
        return pieces, _none()
    rows = pl.concat(pieces)
    is_first = (pl.col(rule.kind).cast(pl.String) == rule.first).fill_null(False)
    first = rows.filter(is_first & pl.col(rule.by).is_not_null()).select(rule.by).unique()
    others, lines = rows.filter(~is_first), [*LISTED[:-1], pl.lit("counted_twice").alias(WHY)]
    twice = others.join(first, on=rule.by, how="semi").select(lines).collect(engine="streaming").sort(FILE, ROW)
    return [pl.concat([rows.filter(is_first), others.join(first, on=rule.by, how="anti")])], twice


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={FILE: pl.String, ROW: pl.Int64, HEADER: pl.String, KEY: pl.String, WHY: pl.String})


def _of_known(sums: pl.DataFrame, known: pl.Series, source: Source) -> pl.DataFrame:
    """Return the sums of known units, sorted; by the units' rank, which is much quicker than by their ids.

    Rank and period make one whole number, again much quicker than two columns.
    """
    units = known.cast(pl.String).drop_nulls().unique().sort().alias(WHO).to_frame().with_row_index("_place")
    place = pl.col("_place").cast(pl.Int64) * HALF + pl.col(PERIOD)
    mine = sums.lazy().join(units.lazy(), on=WHO).with_columns(place)
    return mine.sort("_place", *keys_of_sums(source)[2:]).drop("_place").collect()


def _finished(sums: pl.DataFrame, source: Source, calendar: Calendar) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return sums in yuan, means as means, and their names with the ledger's prefix."""
    form, span = FORMS[str(source.ledger)], calendar.span(source)
    frame = stocks(sums, span[1] if span else None, calendar) if source.ledger == "loans" else sums
    names = NAMES if source.ledger == "loans" else form.names()
    made_of = {name: pl.col(whole) - pl.col(part) for name, (whole, part) in form.nets.items()}
    made_of |= {name: pl.when(pl.col(n) > 0).then(pl.col(name) / pl.col(n)) for name, n in form.means.items()}
    made = frame.select(WHO, PERIOD, *[made_of.get(n, pl.col(n)).alias(n) for n in names])
    made = made.with_columns(_yuan(made[n]) for n in names if n.endswith("_yuan"))
    return made.rename({n: source.prefix + n for n in names}), tuple(source.prefix + n for n in names)


def _yuan(fen: pl.Series) -> pl.Series:
    """Return fen in yuan, each the number nearest to it (polars multiplies by 0.01, which is a last digit off)."""
    return fen.cast(pl.Float64) / pl.repeat(FEN, len(fen), dtype=pl.Float64, eager=True)


def _quality(found: Scan, source: Source, out: pl.DataFrame, n_unknown: int, n_late: int) -> pl.DataFrame:
    """Return a line of the quality table for each rule that the ledger was held to."""
    n_raw = found.n_rows
    counts = {**dict(out.group_by(WHY).len().iter_rows()), "unknown_unit": n_unknown, "late_entry": n_late}
    rules = [*OWN_RULES, *(PAIR_RULES if source.reverses else PAIR_RULES[:2])]
    rules += ["late_entry"] if source.entered else []
    rules += ["counted_twice"] if source.count_once else []
    name = f"{source.prefix}{source.ledger}"
    lines = [quality(rule, name, n_raw, counts.get(rule, 0)) for rule in (*rules, "unknown_unit")]
    return pl.concat([*lines, *[line("unmapped", c, "warning", n_raw, n_raw) for c in found.unmapped]])


def _flow(found: Scan, out: pl.DataFrame, n_unknown: int, n_units: int) -> SampleFlow:
    """Return the steps from raw rows to those that count; only the last knows the number of units."""
    counts = dict(out.group_by(WHY).len().iter_rows())
    n = found.n_rows
    steps = [FlowStep("ledger_rows", n, 0, 0)]
    groups = {**STEPS, "late_entries": ("late_entry",), "counted_twice": ("counted_twice",)}
    for code, rules in groups.items():
        dropped = sum(counts.get(rule, 0) for rule in rules)
        n -= dropped
        steps.append(FlowStep(code, n, 0, dropped))
    return SampleFlow((*steps, FlowStep("known_units", n - n_unknown, n_units, n_unknown)))
