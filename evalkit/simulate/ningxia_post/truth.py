"""What is true in the simulated programme: the mean effect in pilot places, and their own change."""

from __future__ import annotations

from typing import Any

import polars as pl

from evalkit.simulate.ningxia_post.draw import Drawn

INDICATORS = {
    "purchases": "origin_purchases_yuan",
    "parcels": "parcels_number",
    "account": "has_account",
    "sales": "post_sales_yuan",
    "payments": "payments_number",
    "orders": "orders_number",
    "share": "origin_share",
}


def truth(drawn: Drawn, seed: int) -> dict[str, Any]:
    """Return, for each indicator, the effect averaged over pilot places and months from the start on, each equally.

    ``pre_post`` is the change that pilot places show between the months before and after, each counted equally.
    """
    found = {indicator: _of(drawn.rows, name) for name, indicator in INDICATORS.items()}
    note = "Simulated. Mean effect over pilot places and months from the start on; money in constant 2016 yuan."
    return {"note": note, "seed": seed, "indicators": found}


def _of(rows: pl.DataFrame, name: str) -> dict[str, float]:
    pilot = rows.filter(pl.col("start").is_not_null() & pl.col(name).is_not_null())
    means = pilot.group_by("place", "month", "start").agg(pl.col(name, f"{name}_effect").mean())
    late = pl.col("month") >= pl.col("start")
    after, before = means.filter(late), means.filter(~late)
    values = {"att": after[f"{name}_effect"].mean(), "pre_post": _mean(after, name) - _mean(before, name)}
    return {k: round(float(str(v)), 4) for k, v in values.items()}


def _mean(rows: pl.DataFrame, name: str) -> float:
    return float(str(rows[name].mean()))
