"""Waiting times of requests: how long until accepted, and from then until closed, with those that still wait."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.intake.requests import ACCEPTED, CLOSED, FILED

DAYS = (0, 30, 60, 90, 180, 365)
"""Days after which the share that still waits is told, with the number at risk."""
STAGES = {"acceptance": (FILED, ACCEPTED), "closing": (ACCEPTED, CLOSED)}
SCHEMA = {
    "stage": pl.String,
    "group": pl.String,
    "n_requests": pl.Int64,
    "n_ended": pl.Int64,
    "n_villages": pl.Int64,
    "median": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class WaitingTimes:
    """Kaplan–Meier estimates by stage (acceptance, closing) and group (None = all).

    ``summary`` has one row a stage and group: requests, how many ended, villages, the median in days with the ends of
    its 95 % interval (null where it is not reached). ``curve`` has, for each of `DAYS`, the share that still waits and
    the number at risk just before; null beyond the longest time seen.
    """

    summary: pl.DataFrame
    curve: pl.DataFrame
    until: dt.date


def waiting_times(requests: pl.DataFrame, until: dt.date, village: str, group: str | None = None) -> WaitingTimes:
    """Estimate waiting times from a request log.

    Parameters
    ----------
    requests : DataFrame
        One row a request: ``filed_on``, ``accepted_on``, ``closed_on`` (null = not yet) and the column `village`.
    until : date
        The day on which the log ends: a request that is still open has waited until then at least (censored).
    village, group : str
        Columns of the village, and of groups that are told apart beside all requests.

    Notes
    -----
    Kaplan & Meier (1958) by statsmodels' SurvfuncRight; the interval of the median is that of Brookmeyer & Crowley
    (1982). Requests are taken as independent, also those of one village. Waiting for longer must not be a reason to
    be missing from the log.
    """
    summary, curve = [], []
    for stage, (start, end) in STAGES.items():
        rows = requests.drop_nulls(start).with_columns(
            (pl.coalesce(end, pl.lit(until)) - pl.col(start)).dt.total_days().alias("days"),
            pl.col(end).is_not_null().alias("ended"),
        )
        names = [] if group is None else rows[group].drop_nulls().unique().sort().to_list()
        for name in (None, *names):
            part = rows if name is None else rows.filter(pl.col(str(group)) == name)
            if part.height:
                found, points = _estimate(part, village)
                summary.append({"stage": stage, "group": name, **found})
                curve += [{"stage": stage, "group": name, **p} for p in points]
    points_schema = {
        "stage": pl.String,
        "group": pl.String,
        "day": pl.Int64,
        "share": pl.Float64,
        "n_at_risk": pl.Int64,
    }
    return WaitingTimes(pl.DataFrame(summary, SCHEMA), pl.DataFrame(curve, points_schema), until)


def _estimate(rows: pl.DataFrame, village: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return one group's summary and its points at `DAYS`."""
    from statsmodels.duration.survfunc import SurvfuncRight

    days, ended = rows["days"].to_numpy().astype(float), rows["ended"].to_numpy().astype(int)
    counts = {"n_requests": rows.height, "n_ended": int(ended.sum()), "n_villages": rows[village].n_unique()}
    undefined: dict[str, Any] = {"median": None, "conf_low": None, "conf_high": None}
    shares = dict.fromkeys(DAYS, 1.0)
    if ended.any():
        fitted = SurvfuncRight(days, ended)
        with np.errstate(divide="ignore", invalid="ignore"):  # where the share is 1 or 0, an end of the interval
            low, high = fitted.quantile_ci(0.5)
        ends = {"median": fitted.quantile(0.5), "conf_low": low, "conf_high": high}
        undefined = {k: float(v) if v == v and abs(v) != float("inf") else None for k, v in ends.items()}
        shares = {d: float(fitted.surv_prob[fitted.surv_times <= d].min(initial=1.0)) for d in DAYS}
    at_risk = {d: int((days >= d).sum()) for d in DAYS}
    points = [{"day": d, "share": shares[d] if at_risk[d] else None, "n_at_risk": at_risk[d]} for d in DAYS]
    return {**counts, **undefined}, points
