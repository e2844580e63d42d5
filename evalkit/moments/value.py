"""Moments: the sufficient statistics of a programme's outcomes by village; a frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.columns import canonical_frame
from evalkit.design import AssignedTo, Design
from evalkit.errors import DataError, DesignError, UsageError, nearest
from evalkit.moments.cells import Cells
from evalkit.moments.source import cells_of_outcomes, part_of
from evalkit.panel import Panel

SCHEMA_VERSION = 3
"""3: shared files name their office, and hold a hash of their contents; 2: patterns may be folded."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The office that shared a part: which of its versions this is, by which evalkit, and marks of its households.

    ``marks`` are 64 bits of a keyed hash of each household's id, sorted; ``key_mark`` tells keys apart and is empty
    where there are no marks. Whoever lacks the key learns from them only whether two files hold the same household.
    """

    office: str
    revision: int
    evalkit: str
    key_mark: str = ""
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One pass over rows: its id (hash of the canonical rows' sums), its rows, its villages, and who shared it."""

    id: str
    n_rows: int
    clusters: tuple[str, ...]
    sender: Sender | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Moments:
    """Sums by (village, cohort, attendance pattern) for each outcome.

    ``clusters`` and ``periods`` are sorted; ``cohorts`` holds the first treated rounds, None (never) last; ``strata``
    gives the stratum of each village or is None. Everything in `estimators` that takes Moments is exact from them.
    """

    design: Design
    clusters: tuple[str, ...]
    strata: tuple[str, ...] | None
    periods: tuple[int, ...]
    cohorts: tuple[int | None, ...]
    assigned_to: AssignedTo
    cells: Mapping[str, Cells]
    parts: tuple[Part, ...]

    @classmethod
    def from_frame(cls, frame: pl.DataFrame | pl.LazyFrame, *, design: Design, outcomes: Sequence[str]) -> Moments:
        """Make the moments of several outcomes in one pass over the rows.

        Rows with a missing outcome are left out for that outcome only. Where the design has a take-up it is one of the
        outcomes, and rows without it are left out; with one other outcome, both must be observed (as `late` needs).

        Raises
        ------
        DataError, DesignError
            As `Panel.from_frame`; also where there are more than 63 rounds.
        """
        if not outcomes:
            raise UsageError("outcomes", "none given", "at least one outcome", "name the columns to sum")
        names = design.measured(outcomes)
        rows = canonical_frame(frame.lazy(), design, names)
        if design.take_up:
            rows = rows.drop_nulls(names if len(names) == 2 else [design.take_up])
        return cls._from_rows(rows, design, names)

    @classmethod
    def from_panel(cls, panel: Panel) -> Moments:
        """Make the moments of a panel's outcome."""
        return cls._from_rows(panel.frame.lazy(), panel.design, panel.design.measured([panel.outcome]))

    @classmethod
    def _from_rows(cls, rows: pl.LazyFrame, design: Design, names: tuple[str, ...]) -> Moments:
        s = cells_of_outcomes(rows, design, names)
        part = Part(part_of(s.cells, s.clusters), s.n_rows, s.clusters)
        return cls(design, s.clusters, s.strata, s.periods, s.cohorts, s.assigned_to, s.cells, (part,))

    @classmethod
    def read(cls, path: str | Path) -> Moments:
        """Read a moments file."""
        from evalkit.moments.store import read_moments

        return read_moments(Path(path))

    def write(self, path: str | Path) -> Path:
        """Write a moments file (parquet); the same moments always give the same bytes."""
        from evalkit.moments.store import write_moments

        return write_moments(self, Path(path))

    def merge(self, *others: Moments) -> Moments:
        """Add the moments of disjoint households; see `evalkit.moments.merge`."""
        from evalkit.moments.merge import merged

        return merged((self, *others))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes, in the order given."""
        return tuple(self.cells)

    def of(self, outcome: str | None = None, *, folded: bool = False, pooled: bool = False) -> tuple[str, Cells]:
        """Return the name and cells of one outcome; it may be left out where there is only one beside the take-up.

        Raises
        ------
        UsageError
            There is no such outcome.
        DataError
            Patterns were folded before sharing, and the caller does not say (``folded``) that it can do without.
        DesignError
            Households are not followed over rounds, and the caller does not say (``pooled``) that it can do without.
        """
        named = [name for name in self.outcomes if name != self.design.take_up] or self.outcomes
        if outcome is None and len(named) == 1:
            outcome = named[0]
        if outcome is None or outcome not in self.cells:
            found = "none was named" if outcome is None else f"{outcome!r} is not in the moments"
            raise UsageError(
                "outcome", f"{found} ({nearest(str(outcome), self.cells)})", "one of the outcomes", "name it: outcome=…"
            )
        if not self.design.follows and not pooled:
            raise DesignError(
                "design.unit",
                "it is left out (repeated cross-sections), and this follows households over rounds",
                "the column of the household, or one of did, event_study, group_time and pre_post",
                "name the column (--unit), or choose one of these",
            )
        if self.cells[outcome].is_folded and not folded:
            raise DataError(
                "moments",
                "attendance patterns were folded before sharing, and this needs sums by pattern",
                "moments with their patterns, or one of did, event_study and pre_post",
                "choose one of these, or ask the office that shared the file to estimate",
            )
        return outcome, self.cells[outcome]

    def __repr__(self) -> str:
        rows = sum(p.n_rows for p in self.parts)
        counts = f"{len(self.clusters)} clusters, {len(self.periods)} rounds, {rows} rows in {len(self.parts)} part(s)"
        return f"Moments({', '.join(self.outcomes)}: {counts})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>"
