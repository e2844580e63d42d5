"""Follow-up: who was interviewed again, came back or is new in each round; who was lost, by the first round's value."""

from __future__ import annotations

import polars as pl

from evalkit.errors import EvalkitError
from evalkit.indicators import build
from evalkit.intake import Intake
from evalkit.intake.passage import ARM, arms_of, with_arm
from evalkit.programme import IndicatorPlan, Programme

THIRDS = ("low", "middle", "high")
NO_VALUE = "none"
COUNTS = ("n_units", "n_again", "n_returned", "n_new", "n_start", "n_start_seen", "n_villages")


def follow_up(programme: Programme, intake: Intake) -> pl.DataFrame | None:
    """Count households by round and arm; None where households are not followed over rounds.

    Returns
    -------
    DataFrame
        ``time, arm``; ``n_units`` interviewed, of these ``n_again`` also in the round before, ``n_returned`` in an
        earlier one but not in that, ``n_new`` in none; ``n_start`` of the first round, of these ``n_start_seen`` in
        this one; ``n_villages``. Again, returned and new add up to those interviewed.
    """
    seen = _seen(programme, intake)
    if seen is None or seen["time"].n_unique() < 2:
        return None
    rounds = seen.select("time").unique().sort("time").with_row_index("n", offset=1)
    ordered = seen.join(rounds, on="time").sort("unit", "n")
    before = pl.col("n").shift(1).over("unit")
    marked = ordered.with_columns(
        (before == pl.col("n") - 1).fill_null(value=False).alias("again"),
        (before < pl.col("n") - 1).fill_null(value=False).alias("returned"),
        before.is_null().alias("new"),
        (pl.col("n").min().over("unit") == 1).alias("start"),
    )
    cells = marked.group_by("time", ARM).agg(
        pl.len().alias("n_units"),
        *(pl.col(c).sum().alias(f"n_{c}") for c in ("again", "returned", "new")),
        pl.col("start").sum().alias("n_start_seen"),
        pl.col("village").n_unique().alias("n_villages"),
    )
    first = cells.filter(pl.col("time") == pl.col("time").min()).select(ARM, pl.col("n_units").alias("n_start"))
    whole = cells.join(first, on=ARM, how="left").with_columns(pl.col("n_start").fill_null(0))
    return whole.select("time", ARM, *(pl.col(c).cast(pl.Int64) for c in COUNTS)).sort(
        "time", ARM, descending=[False, True]
    )


def losses_by_baseline(programme: Programme, intake: Intake) -> pl.DataFrame | None:
    """Count those of the first round who are there in the last one, by thirds of each primary indicator's first value.

    Returns
    -------
    DataFrame or None
        ``indicator, third`` (low, middle, high, or none: without a value), ``arm, n_start, n_observed, n_villages``.
        Thirds are of all households of the first round together. None where households are not followed.
    """
    seen = _seen(programme, intake)
    if seen is None or seen["time"].n_unique() < 2:
        return None
    last = seen.filter(pl.col("time") == pl.col("time").max())["unit"]
    start = seen.filter(pl.col("time") == pl.col("time").min())
    start = start.with_columns(pl.col("unit").is_in(last.implode()).alias("observed"))
    made = [t for p in programme.indicators if (t := _by_thirds(p, programme, intake, start)) is not None]
    return pl.concat(made) if made else None


def _by_thirds(plan: IndicatorPlan, programme: Programme, intake: Intake, start: pl.DataFrame) -> pl.DataFrame | None:
    """Count one primary indicator's thirds; None for others, and where the first round does not have it."""
    if plan.role != "primary" or plan.running is not None:
        return None
    try:
        values = build(intake.frame, plan, programme, intake.prices)
    except EvalkitError:
        return None  # evalkit check says why it cannot be made
    first = start.with_columns(values.gather(start["row"]).alias("value"))
    cuts = [first["value"].quantile(q) for q in (1 / 3, 2 / 3)]
    if cuts[0] is None or cuts[0] == cuts[1]:
        return None
    third = (
        pl.when(pl.col("value").is_null())
        .then(pl.lit(NO_VALUE))
        .when(pl.col("value") <= cuts[0])
        .then(pl.lit(THIRDS[0]))
        .when(pl.col("value") <= cuts[1])
        .then(pl.lit(THIRDS[1]))
        .otherwise(pl.lit(THIRDS[2]))
    )
    cells = first.group_by(third.alias("third"), ARM).agg(
        pl.len().cast(pl.Int64).alias("n_start"),
        pl.col("observed").sum().cast(pl.Int64).alias("n_observed"),
        pl.col("village").n_unique().cast(pl.Int64).alias("n_villages"),
    )
    order = pl.col("third").replace_strict({name: n for n, name in enumerate((*THIRDS, NO_VALUE))})
    named = cells.with_columns(pl.lit(plan.name).alias("indicator")).sort(order, pl.col(ARM), descending=[False, True])
    return named.select("indicator", "third", ARM, "n_start", "n_observed", "n_villages")


def _seen(programme: Programme, intake: Intake) -> pl.DataFrame | None:
    """Return ``row, unit, village, time, arm`` of each interview; None where no household is followed."""
    design, frame = programme.design, intake.frame
    if design.unit is None or design.time is None:
        return None
    marked = with_arm(frame, arms_of(frame, None, design), design).with_row_index("row")
    keys = {"unit": design.unit, "village": design.cluster, "time": design.time}
    rows = marked.select("row", *[pl.col(c).alias(n) for n, c in keys.items()], ARM).drop_nulls(["unit", "time"])
    return rows.with_columns(pl.col("time").cast(pl.Int64))  # a codebook may call the round a number: 2020.0
