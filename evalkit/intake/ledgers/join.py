"""Sums of ledgers as columns of the panel: zero where the ledger is complete, null where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from evalkit.errors import PlanError
from evalkit.intake.ledgers.calendar import Calendar
from evalkit.intake.ledgers.records import PERIOD, WHO, LedgerRead
from evalkit.programme import Programme, Source


def join_ledgers(frame: pl.DataFrame, ledgers: Sequence[LedgerRead], programme: Programme) -> pl.DataFrame:
    """Return the frame with the columns of each ledger.

    A unit without entries has 0 in the periods that ``complete`` names, and null in others; where ``complete`` is
    stated, also a unit with entries has null outside it, since its sum may lack some. Means (days) stay null.

    Raises
    ------
    PlanError
        Two ledgers, or a ledger and the survey, give one column.
    """
    time, calendar = str(programme.design.time), calendar_of(programme)
    for ledger in ledgers:
        _require_new(ledger, frame)
        source, on = ledger.source, [str(ledger.source.who), time]
        sums = ledger.sums.rename({WHO: on[0], PERIOD: time})
        joined = frame.join(sums, on=on, how="left", maintain_order="left")
        frame = joined.with_columns(_filled(calendar.span(source), joined.schema, name, time) for name in ledger.names)
    return frame


def calendar_of(programme: Programme) -> Calendar:
    """Return the periods of a programme's ledgers: those of its rounds."""
    return Calendar(programme.design.period == "month")


def _filled(span: tuple[int, int] | None, schema: pl.Schema, name: str, time: str) -> pl.Expr:
    if span is None:
        return pl.col(name)
    is_mean = "days" in name
    value = pl.col(name) if is_mean else pl.col(name).fill_null(pl.lit(0, schema[name]))
    return pl.when(pl.col(time).is_between(*span)).then(value).alias(name)


def _require_new(ledger: LedgerRead, frame: pl.DataFrame) -> None:
    doubled = [n for n in ledger.names if n in frame.columns]
    if doubled:
        raise PlanError(
            f"[[sources]] {ledger.source.place}",
            f"the column {doubled[0]!r} is there already, from the survey or another ledger",
            "a name for each column",
            'give this ledger a prefix, such as prefix = "coop_"',
        )


def ledger_grid(units: pl.DataFrame, ledgers: Sequence[Source], programme: Programme) -> pl.DataFrame:
    """Return the panel of a programme without a survey: each unit of the roster in each complete period.

    Raises
    ------
    PlanError
        No ledger says for which periods it is complete, the design has no time, or the roster has it already.
    """
    time, spans = programme.design.time, [span for s in ledgers if (span := calendar_of(programme).span(s))]
    if time is None or not spans or time in units.columns:
        raise PlanError(
            f"{programme.id}, [[sources]]",
            "there is no survey, and nothing says which periods the ledgers cover",
            "design.time (no column of the roster) and complete = [first, last] of a ledger",
            "add them to programme.toml",
        )
    periods = sorted({t for first, last in spans for t in range(first, last + 1)})
    return units.join(pl.DataFrame({time: periods}, schema={time: pl.Int64}), how="cross", maintain_order="left_right")
