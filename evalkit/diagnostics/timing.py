"""Selection into timing: whether villages that ask first differed from the others before anything began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.design import Design
from evalkit.estimators import itt
from evalkit.inference import infer
from evalkit.inference.auto import few_villages
from evalkit.panel import Panel

KINDS = ("level", "change")
SCHEMA = {
    "what": pl.String,
    "first": pl.Float64,
    "others": pl.Float64,
    "difference": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "p_value": pl.Float64,
    "n_units_first": pl.Int64,
    "n_units_others": pl.Int64,
    "n_villages_first": pl.Int64,
    "n_villages_others": pl.Int64,
}


def asked_first(first_filed: Mapping[str, dt.date]) -> frozenset[str]:
    """Return the villages that filed their first request no later than the median village among those that filed."""
    days = sorted(first_filed.values())
    return frozenset(v for v, day in first_filed.items() if day <= days[(len(days) - 1) // 2]) if days else frozenset()


def timing(panel: Panel, first: frozenset[str]) -> pl.DataFrame:
    """Compare villages that asked first with all others before any village started.

    Returns
    -------
    DataFrame
        A row for the ``level`` of the first round, and one for the ``change`` from it to the last round before any
        start, where there are two: means of both, and the difference with its interval (CRV2, clustered by village).
        No row where an arm has fewer than two villages.
    """
    starts = panel.frame["first_treated"].drop_nulls()
    earliest = panel.frame["time"].max() if len(starts) == 0 else starts.min()
    rows = panel.frame.filter(pl.col("time") < earliest)
    rounds = rows["time"].unique().sort().to_list()
    if not rounds:
        return pl.DataFrame(schema=SCHEMA)
    base = rows.filter(pl.col("time") == rounds[0])
    found = [_compared("level", base, first, panel)]
    if len(rounds) > 1:
        last = rows.filter(pl.col("time") == rounds[-1]).select("unit", pl.col(panel.outcome).alias("_last"))
        change = base.join(last, on="unit", maintain_order="left").with_columns(
            (pl.col("_last") - pl.col(panel.outcome)).alias(panel.outcome)
        )
        found.append(_compared("change", change, first, panel))
    return pl.DataFrame([row for row in found if row], schema=SCHEMA)


def _compared(what: str, rows: pl.DataFrame, first: frozenset[str], panel: Panel) -> dict[str, object]:
    """Return one row of the table; empty where an arm has fewer than two villages."""
    marked = rows.with_columns(pl.col("cluster").is_in(first).cast(pl.Int8).alias("asked_first"))
    if marked["asked_first"].n_unique() < 2:
        return {}
    weights = "weight" if panel.design.weights else None
    design = Design(unit="unit", cluster="cluster", treatment="asked_first", weights=weights)
    estimate = itt(Panel.from_frame(marked, design=design, outcome=panel.outcome))
    if few_villages(estimate):
        return {}
    row = infer(estimate, "crv2").row("att")
    arms = {name: marked.filter(pl.col("asked_first") == k) for k, name in ((1, "first"), (0, "others"))}
    means = {n: float(np.average(a[panel.outcome], weights=a["weight"])) for n, a in arms.items()}
    sizes = {f"n_units_{n}": a.height for n, a in arms.items()}
    sizes |= {f"n_villages_{n}": a["cluster"].n_unique() for n, a in arms.items()}
    ends = {k: row[k] for k in ("conf_low", "conf_high", "p_value")}
    return {"what": what, **means, "difference": row["estimate"], **ends, **sizes}
