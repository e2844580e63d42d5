"""The crosswalk, crosswalk.csv in the programme's folder: villages that merged or split, and names that mean an id.

A person enters and signs each line; nothing is matched by likeness. It is read on every run; no command writes it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import DataError, listed
from evalkit.intake.encoding import read_text
from evalkit.intake.files import CROSSWALK
from evalkit.intake.months import round_number
from evalkit.intake.rules import line as quality_line
from evalkit.intake.sound import soundly

NAME = CROSSWALK
COLUMNS = ("column", "from", "to", "first_round", "last_round", "reviewed_by")
NEEDED = ("column", "from", "to", "reviewed_by")
ROUND = re.compile(r"\d{1,6}")


@dataclass(frozen=True, slots=True)
class Change:
    """One line: in a column, from one round to another (None: all before, all after), one value stands for another."""

    line: int
    column: str
    old: str
    new: str
    first: int | None
    last: int | None

    def overlaps(self, other: Change) -> bool:
        """Whether two lines speak of the same value in the same round."""
        apart = (self.last is not None and other.first is not None and self.last < other.first) or (
            other.last is not None and self.first is not None and other.last < self.first
        )
        return (self.column, self.old) == (other.column, other.old) and not apart


def read_crosswalk(folder: Path) -> tuple[Change, ...]:
    """Read the crosswalk; every mistake in it is told at once. Without a file nothing is changed.

    Raises
    ------
    DataError
        A column is missing; a line is incomplete, has not been reviewed, or contradicts another.
    """
    path = folder / NAME
    if not path.is_file():
        return ()
    text, _ = read_text(path, None)
    with soundly(path, "a crosswalk", "correct it"):
        table = pl.read_csv(io.StringIO(text), infer_schema=False)
    absent = [c for c in COLUMNS if c not in table.columns]
    if absent:
        raise DataError(NAME, f"there is no column {listed(absent)}", f"the columns {', '.join(COLUMNS)}", "add them")
    rows = [{c: (r[c] or "").strip() for c in COLUMNS} for r in table.to_dicts()]
    problems = [f"line {n}: {p}" for n, row in enumerate(rows, 2) for p in _mistakes(row)]
    changes = () if problems else tuple(_change(n, row) for n, row in enumerate(rows, 2))
    problems += _contradictions(changes)
    if problems:
        raise DataError(
            NAME,
            "; ".join(problems),
            "lines that a person has reviewed, one new value for each old one and round",
            "a village that split is mapped back: each new village to the old one",
        )
    return changes


def crosswalked(frame: pl.DataFrame, changes: Sequence[Change], time: str | None) -> tuple[pl.DataFrame, int]:
    """Return the rows with old values replaced, and how many rows that concerned."""
    mine = [c for c in changes if c.column in frame.columns]
    if not mine:
        return frame, 0
    there = time if time in frame.columns else None
    if there is None and any((c.first, c.last) != (None, None) for c in mine):
        raise DataError(NAME, "it names rounds for rows that have none", "lines without rounds", "empty these cells")
    names = list(dict.fromkeys(c.column for c in mine))
    rounds = None if there is None else pl.col(there)
    changed = frame.with_columns(
        replaced(pl.col(n), [c for c in mine if c.column == n], rounds).alias(n) for n in names
    )
    differs = pl.any_horizontal(changed[n].ne_missing(frame[n]) for n in names)
    return changed, int(changed.select(differs.sum()).item())


def walked(
    frame: pl.DataFrame, places: pl.DataFrame, folder: Path, time: str | None
) -> tuple[pl.DataFrame, pl.DataFrame, list[pl.DataFrame]]:
    """Return rows and their places as the crosswalk says, and the line of the quality table where there is one."""
    changes = read_crosswalk(folder)
    if not changes:
        return frame, places, []
    made, n = crosswalked(frame, changes, time)
    return made, crosswalked(places, changes, time)[0], [quality_line("crosswalk", NAME, "warning", frame.height, n)]


def replaced(value: pl.Expr, changes: Sequence[Change], time: pl.Expr | None) -> pl.Expr:
    """Return an id with the values of the crosswalk in place of old ones, in their rounds."""
    out = value
    for c in changes:
        meant = value == c.old
        if time is not None and c.first is not None:
            meant &= time >= c.first
        if time is not None and c.last is not None:
            meant &= time <= c.last
        out = pl.when(meant).then(pl.lit(c.new)).otherwise(out)
    return out


def _mistakes(row: dict[str, str]) -> list[str]:
    found = [f"{c} is empty" for c in NEEDED if not row[c]]
    rounds = {c: row[c] for c in ("first_round", "last_round") if row[c]}
    found += [f"{c} = {text!r} is no round" for c, text in rounds.items() if not ROUND.fullmatch(text)]
    if row["from"] == row["to"] and row["from"]:
        found.append("from and to are the same")
    return found


def _change(line: int, row: dict[str, str]) -> Change:
    first, last = (round_number(row[c]) if row[c] else None for c in ("first_round", "last_round"))
    return Change(line, row["column"], row["from"], row["to"], first, last)


def _contradictions(changes: Sequence[Change]) -> list[str]:
    """Return pairs of lines that give one value two meanings, and chains, of which nobody knows the end."""
    pairs = [(a, b) for i, a in enumerate(changes) for b in changes[i + 1 :] if a.overlaps(b)]
    found = [f"lines {a.line} and {b.line} both say what {a.old!r} is in one round" for a, b in pairs]
    starts = {(c.column, c.old): c for c in changes}
    chained = [(c, starts[c.column, c.new]) for c in changes if (c.column, c.new) in starts]
    return found + [f"line {a.line} ends in {a.new!r}, which line {b.line} replaces" for a, b in chained]
