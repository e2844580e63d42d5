"""The request log: when a village asked, when a group took the request, when it was closed."""

from __future__ import annotations

import polars as pl

from evalkit.errors import DataError, PlanError, listed
from evalkit.intake.rules import Outcome, check_villages, line, reject
from evalkit.programme import Programme, Source

FILED, ACCEPTED, CLOSED = "filed_on", "accepted_on", "closed_on"
DATES = (FILED, ACCEPTED, CLOSED)


def check_requests(frame: pl.DataFrame, roster: pl.DataFrame | None, source: Source, programme: Programme) -> Outcome:
    """Return requests whose dates can be used; the others are rejected.

    A request without a filing date, with dates out of order (filed, accepted, closed), or with a date after the day on
    which the log ends (`until`), says nothing about waiting. One that is not accepted or closed yet does: it waited at
    least until that day.

    Raises
    ------
    PlanError
        The source does not say when the log ends.
    DataError
        The codebook gives no village, or lacks a date.
    """
    if source.until is None:
        raise PlanError(
            f"{programme.id}, [[sources]] {source.place}",
            "it does not say when the log ends",
            "until, the day on which the log was exported: open requests have waited until then",
            "add for example until = 2023-12-31",
        )
    needed = [programme.design.cluster, *DATES]
    absent = [c for c in needed if c not in frame.columns]
    if absent:
        raise DataError(
            f"{programme.id}, {source.place}",
            f"the columns {listed(absent)} are missing",
            f"the columns {listed(needed)}",
            "enter them in the codebook of the request log",
        )
    rules = {
        "request_undated": pl.col(FILED).is_null(),
        "request_order": _out_of_order(),
        "request_late": pl.max_horizontal(DATES) > pl.lit(source.until),
    }
    left, rejected, quality = frame, [], []
    for rule, broken in rules.items():
        hit = broken.fill_null(False)
        bad = left.filter(hit)
        rejected.append(reject(bad, rule, "error", FILED, source.key, "requests"))
        quality.append(line(rule, FILED, "error", left.height, bad.height))
        left = left.filter(~hit)
    if roster is not None:
        found = check_villages(left, roster, programme.design.cluster, source.key, "requests")
        left, rejected, quality = found.frame, [*rejected, found.rejected], [*quality, found.quality]
    return Outcome(left, pl.concat(rejected), pl.concat(quality))


def _out_of_order() -> pl.Expr:
    pairs = [pl.col(later) < pl.col(earlier) for earlier, later in ((FILED, ACCEPTED), (ACCEPTED, CLOSED))]
    unaccepted = pl.col(CLOSED).is_not_null() & pl.col(ACCEPTED).is_null()
    return pl.any_horizontal(*pairs, pl.col(CLOSED) < pl.col(FILED), unaccepted)
