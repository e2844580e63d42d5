"""Credit: granted (授信), used (用信), outstanding (余额) and overdue (不良) are different things, and stay apart."""

from __future__ import annotations

import polars as pl


def credit_use_rate() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and the share of the line that is outstanding at the period's end.

    Null without a line: nothing can be used of what was not granted. Example: 20,000 yuan outstanding of a line of
    50,000 = 0.4. Above 1 where more is outstanding than the line allows, which is an error of the ledger or a second
    loan outside the line.
    """
    line = pl.col("credit_line_yuan")
    return ("loan_outstanding_yuan", "credit_line_yuan"), pl.when(line > 0).then(pl.col("loan_outstanding_yuan") / line)


def loan_overdue_share() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and the share of outstanding loans that is more than 90 days overdue.

    Null where nothing is outstanding. Example: 5,000 yuan overdue of 20,000 outstanding = 0.25.
    """
    left = pl.col("loan_outstanding_yuan")
    return ("loan_overdue_yuan", "loan_outstanding_yuan"), pl.when(left > 0).then(pl.col("loan_overdue_yuan") / left)
