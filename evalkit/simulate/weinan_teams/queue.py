"""The request log: when villages asked, when a team accepted, when it was done; some still open at the log's end."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from evalkit.simulate.weinan_teams.places import Places
from evalkit.simulate.weinan_teams.scenario import Scenario

DAY = dt.timedelta(days=1)


def draw_requests(scenario: Scenario, places: Places, rng: np.random.Generator) -> pl.DataFrame:
    """Return one row a request: village, topic, filed, accepted and closed (null where still open), sorted by filing.

    The first request of a village that starts is accepted in its first year; further ones follow after that.
    """
    q = scenario.tables["queue"]
    rows: list[tuple[int, str, dt.date, dt.date | None, dt.date | None]] = []
    for village, kind, start in places.villages.select("village", "kind", "start").iter_rows():
        if kind == "silent":
            continue
        topics = rng.permutation(q["topics"])
        filed = q[f"{kind}_from"] + int(rng.integers(q["spread"])) * DAY
        if start is None:
            rows.append((village, str(topics[0]), filed, None, None))
            continue
        wait = q["wait_mean"][0 if kind == "early" else 1]
        accepted = _within(start, filed + _days(rng, wait))
        rows.append((village, str(topics[0]), filed, accepted, accepted + _days(rng, q["close_mean"])))
        for k in range(int(rng.integers(q["further"][0], q["further"][1] + 1))):
            later = accepted + int(rng.integers(20, 760)) * DAY
            taken = later + _days(rng, q["wait_mean"][2])
            rows.append((village, str(topics[k % len(topics)]), later, taken, taken + _days(rng, q["close_mean"])))
    schema = {"village": pl.Int64, "topic": pl.String, "filed": pl.Date, "accepted": pl.Date, "closed": pl.Date}
    return _until(pl.DataFrame(rows, schema=schema, orient="row"), q["log_ends"])


def _days(rng: np.random.Generator, mean: float) -> dt.timedelta:
    return (5 + int(rng.exponential(mean - 5))) * DAY


def _within(year: int, day: dt.date) -> dt.date:
    """Return the day, moved into the year in which the village starts."""
    return min(max(day, dt.date(year, 1, 8)), dt.date(year, 12, 20))


def _until(rows: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Leave out what was filed after the log's end, and blank what happened after it."""
    known = [pl.when(pl.col(c) <= end).then(pl.col(c)).alias(c) for c in ("accepted", "closed")]
    return rows.filter(pl.col("filed") <= end).with_columns(known).sort("filed", "village")
