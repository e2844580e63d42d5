"""The queue of requests of a programme: how long villages waited, and who asked first."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from evalkit.diagnostics.timing import asked_first, timing
from evalkit.diagnostics.waiting_times import WaitingTimes, waiting_times
from evalkit.intake.requests import ACCEPTED, FILED
from evalkit.intake_store import programme_intake
from evalkit.panel import Panel
from evalkit.programme import Programme

TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Queue:
    """What a request log shows.

    ``waiting`` has the waiting times, by topic where the log has that column; ``timing`` has the rows of `timing` for
    each primary indicator, with its name in ``indicator``; counts are of requests, and of villages that asked first.
    """

    waiting: WaitingTimes
    timing: pl.DataFrame
    n_filed: int
    n_accepted: int
    n_closed: int
    n_first: int


def request_queue(programme: Programme) -> Queue | None:
    """Read a programme's request log; None where it has none.

    Raises
    ------
    DataError, PlanError
        The raw files cannot be read.
    """
    until = next((s.until for s in programme.sources if s.kind == "requests"), None)
    requests = None if until is None else programme_intake(programme).requests
    if until is None or requests is None or requests.height == 0:
        return None
    village = programme.design.cluster
    filed = dict(requests.group_by(village).agg(pl.col(FILED).min()).iter_rows())
    first = asked_first(filed)
    plans = [p for p in programme.indicators if p.role == "primary"]
    tables = [
        timing(Panel.from_programme(programme, p.name), first).with_columns(pl.lit(p.name).alias("indicator"))
        for p in plans
    ]
    return Queue(
        waiting_times(requests, until, village, TOPIC if TOPIC in requests.columns else None),
        pl.concat(tables) if tables else pl.DataFrame(),
        requests.height,
        requests[ACCEPTED].count(),
        requests["closed_on"].count(),
        len(first),
    )
