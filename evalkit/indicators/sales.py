"""Sales: gross, net of returns and online are different things, and stay apart."""

from __future__ import annotations

import polars as pl


def sales_online_share() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and the share of gross sales made online (live-stream included).

    Null where nothing was sold. Example: 300 yuan online of 1,200 gross = 0.25.
    """
    gross = pl.col("sales_gross_yuan")
    return ("sales_online_yuan", "sales_gross_yuan"), pl.when(gross > 0).then(pl.col("sales_online_yuan") / gross)


def sales_return_rate() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and returns as a share of gross sales of the same period.

    Null where nothing was sold. Above 1 where more of earlier periods came back than was sold. Example: 60 yuan
    returned of 1,200 gross = 0.05.
    """
    gross = pl.col("sales_gross_yuan")
    return ("sales_returned_yuan", "sales_gross_yuan"), pl.when(gross > 0).then(pl.col("sales_returned_yuan") / gross)


def order_value_yuan() -> tuple[tuple[str, ...], pl.Expr]:
    """Return the needed columns, and gross sales per order in yuan; null without orders.

    Example: 1,200 yuan in 8 orders = 150 yuan.
    """
    orders = pl.col("orders")
    return ("sales_gross_yuan", "orders"), pl.when(orders > 0).then(pl.col("sales_gross_yuan") / orders)
