"""From a loan's events to balances at the end of each period: line, outstanding, overdue more than 90 days."""

from __future__ import annotations

import polars as pl

from evalkit.intake.ledgers.calendar import Calendar
from evalkit.intake.ledgers.records import PERIOD, WHO

OVERDUE_DAYS = 90
"""A loan counts as overdue where it is not repaid this many days after it fell due (不良)."""
FLOWS = {"granted": "credit_granted_yuan", "disbursed": "loan_disbursed_yuan", "repaid": "loan_repaid_yuan"}
STOCKS = ("credit_line_yuan", "loan_outstanding_yuan", "loan_overdue_yuan")
NAMES = (*FLOWS.values(), *STOCKS, "loans_outstanding")


def stocks(rows: pl.DataFrame, last: int | None, calendar: Calendar) -> pl.DataFrame:
    """Return flows and balances by unit and period, in fen.

    Parameters
    ----------
    rows : DataFrame
        One row a loan and period with events: ``_who``, ``loan_id``, ``_period``, sums of `kinds.loan_rows`.
    last : int or None
        The last period of the result; None for the last with an event.
    calendar : Calendar
        Whether periods are years or months.

    Notes
    -----
    At the end of a period: line = granted less what has expired; outstanding = disbursed − repaid − written off;
    overdue = the outstanding of loans that fell due (or were marked overdue, and not cured since) more than 90 days
    before. A loan that fell due on 2 October 2016 is 90 days old on 31 December and counts from 2017 on.
    """
    if rows.height == 0:
        return pl.DataFrame(schema={WHO: pl.String, PERIOD: pl.Int64, **dict.fromkeys(NAMES, pl.Int64)})
    first, final = int(str(rows[PERIOD].min())), int(str(rows[PERIOD].max()))
    periods = pl.DataFrame({PERIOD: range(first, (final if last is None else max(last, final)) + 1)})
    loans = rows.group_by(WHO, "loan_id").agg(pl.col(PERIOD).min().alias("_from"))
    grid = loans.join(periods, how="cross").filter(pl.col(PERIOD) >= pl.col("_from")).drop("_from")
    filled = grid.join(rows, on=[WHO, "loan_id", PERIOD], how="left").sort(WHO, "loan_id", PERIOD)
    return _balances(filled, calendar).group_by(WHO, PERIOD).agg(pl.col(*NAMES).sum()).sort(WHO, PERIOD)


def _balances(filled: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return flows and balances of each loan at each period's end."""
    by = [WHO, "loan_id"]
    sums = ("granted", "disbursed", "repaid", "written_off")
    run = filled.with_columns(
        *[pl.col(c).fill_null(0) for c in sums],
        *[pl.col(c).forward_fill().over(by) for c in ("line_until", "due")],
        *[pl.col(c).cum_max().forward_fill().over(by) for c in ("overdue", "cured")],
        calendar.end(pl.col(PERIOD)).alias("_end"),
    ).with_columns(pl.col(c).cum_sum().over(by).alias(f"_{c}") for c in sums)
    end, left = pl.col("_end"), pl.col("_disbursed") - pl.col("_repaid") - pl.col("_written_off")
    marked = pl.when(pl.col("cured").is_null() | (pl.col("cured") < pl.col("overdue"))).then(pl.col("overdue"))
    since = pl.min_horizontal("due", marked)
    bad = ((end - since).dt.total_days() > OVERDUE_DAYS).fill_null(False)
    line = pl.when(pl.col("line_until").is_null() | (pl.col("line_until") >= end)).then(pl.col("_granted")).otherwise(0)
    return run.select(
        *by,
        PERIOD,
        *[pl.col(c).alias(name) for c, name in FLOWS.items()],
        line.alias("credit_line_yuan"),
        left.alias("loan_outstanding_yuan"),
        pl.when(bad).then(left).otherwise(0).alias("loan_overdue_yuan"),
        (left > 0).cast(pl.Int64).alias("loans_outstanding"),
    )
