"""Attrition: who was there at the start and not at the end, by arm, with the interval of the difference."""

from __future__ import annotations

import polars as pl

from evalkit.design import Design
from evalkit.estimators import itt
from evalkit.inference import infer
from evalkit.inference.auto import few_villages
from evalkit.panel import OBSERVED, Panel

SCHEMA = {
    "arm": pl.String,
    "n_start": pl.Int64,
    "n_observed": pl.Int64,
    "share_missing": pl.Float64,
    "n_villages": pl.Int64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
    "p_value": pl.Float64,
}


def attrition(panel: Panel) -> pl.DataFrame | None:
    """Return households at the start and observed at the end by arm, and the difference of shares lost.

    The difference is the regression of being lost on the arm, clustered by village (CRV2). None where nobody was lost,
    or households are not followed.
    """
    if not panel.design.follows:
        return None
    last = panel.frame["time"].max()
    units = panel.followed.with_columns(
        (pl.col("first_treated") <= last).fill_null(False).cast(pl.Int8).alias("pilot"),
        (~pl.col(OBSERVED)).cast(pl.Float64).alias("lost"),
    )
    if units["lost"].sum() == 0:
        return None
    arms = units.group_by("pilot").agg(
        pl.len().cast(pl.Int64).alias("n_start"),
        pl.col(OBSERVED).sum().cast(pl.Int64).alias("n_observed"),
        pl.col("lost").mean().alias("share_missing"),
        pl.col("cluster").n_unique().cast(pl.Int64).alias("n_villages"),
    )
    rows = arms.sort("pilot", descending=True).with_columns(
        pl.when(pl.col("pilot") == 1).then(pl.lit("pilot")).otherwise(pl.lit("comparison")).alias("arm")
    )
    table = pl.concat([rows.drop("pilot"), _difference(units)], how="diagonal")
    return table.select(
        pl.col(c).cast(t) if c in table.columns else pl.lit(None, t).alias(c) for c, t in SCHEMA.items()
    )


def _difference(units: pl.DataFrame) -> pl.DataFrame:
    """Return the row of the difference; without interval where an arm has fewer than two villages."""
    if units["pilot"].n_unique() < 2:
        return pl.DataFrame({"arm": ["difference"]})
    panel = Panel.from_frame(units, design=Design(unit="unit", cluster="cluster", treatment="pilot"), outcome="lost")
    estimate = itt(panel)
    if few_villages(estimate):
        return pl.DataFrame({"arm": ["difference"], "share_missing": estimate.values})
    row = infer(estimate, "crv2").row("att")
    return pl.DataFrame(
        {
            "arm": ["difference"],
            "share_missing": [row["estimate"]],
            "conf_low": [row["conf_low"]],
            "conf_high": [row["conf_high"]],
            "p_value": [row["p_value"]],
        }
    )
