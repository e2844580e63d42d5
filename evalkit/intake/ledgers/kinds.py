"""What each kind of ledger becomes: the columns it needs and may have, and its sums, in fen and counts.

Sums are of whole numbers (fen, rows, days), so they are exact and do not depend on the order in which rows are added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

FEN = 100
AMOUNT, RETURNED = "amount_yuan", "returned_yuan"
MONEY = (AMOUNT, RETURNED)
"""Canonical columns of money; as entries are read they become whole fen."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of ledger.

    ``needs`` must be in the codebook; ``has`` may be. ``sums`` gives, for the columns that are there, the sums by
    name: those that end in _yuan are kept in fen until the end. ``means`` names sums that are divided by another,
    ``nets`` sums from which another is taken away, which is cheaper than a sum of differences. ``counts`` gives
    conditions by name, of which the entries that meet them are counted; null meets none.
    """

    needs: tuple[str, ...]
    has: tuple[str, ...]
    sums: Callable[[], dict[str, pl.Expr]]
    means: dict[str, str] = field(default_factory=dict)
    nets: dict[str, tuple[str, str]] = field(default_factory=dict)
    counts: Callable[[], dict[str, pl.Expr]] = dict

    def names(self) -> tuple[str, ...]:
        """Return the columns that a ledger of this kind gives; sums that only others need begin with _."""
        made = [n for n in (*self.sums(), *self.counts()) if not n.startswith("_")]
        for name, (whole, _) in self.nets.items():
            made.insert(made.index(whole) + 1, name)
        return tuple(made)


def orders() -> dict[str, pl.Expr]:
    """Return the sums of orders: gross, returned, online, live; net is made of them.

    Gross is what was sold, later returned or not; cancelled orders are no sales. A return is an order with the status
    returned (all of it, or its returned_yuan), or a row of its own with a negative amount in the period in which it is
    booked. Online includes live-stream. Example: orders of 100 (online), 50 (live, returned), 30 (offline, cancelled)
    and a row of −20 (online): gross 150, returned 70, net 80, online 150, online net 80, live 50; of `order_counts` 2
    orders, both online, 1 returned, 1 cancelled.
    """
    fen, status, channel = pl.col(AMOUNT), pl.col("status"), pl.col("channel")
    live = status != "cancelled"
    gross = pl.when(live & (fen > 0)).then(fen).otherwise(0)
    part = pl.when(status == "returned").then(pl.coalesce(RETURNED, AMOUNT)).otherwise(pl.col(RETURNED).fill_null(0))
    returned = pl.when(~live).then(0).when(fen < 0).then(-fen).otherwise(part)
    online = (channel == "online") | (channel == "live")
    return {
        "sales_gross_yuan": gross.sum(),
        "sales_returned_yuan": returned.sum(),
        "sales_online_yuan": pl.when(online).then(gross).otherwise(0).sum(),
        "_returned_online": pl.when(online).then(returned).otherwise(0).sum(),
        "sales_live_yuan": pl.when(channel == "live").then(gross).otherwise(0).sum(),
    }


def order_counts() -> dict[str, pl.Expr]:
    """Return which entries are orders, online, returned later, cancelled; the example is at `orders`."""
    status, channel = pl.col("status"), pl.col("channel")
    live = status != "cancelled"
    sold = live & (pl.col(AMOUNT) > 0)
    return {
        "orders": sold,
        "orders_online": sold & ((channel == "online") | (channel == "live")),
        "orders_returned": sold & (status == "returned"),
        "orders_cancelled": ~live,
    }


def parcels() -> dict[str, pl.Expr]:
    """Return how many parcels were sent and received, and what was paid for them."""
    sent = pl.col("direction") == "sent"
    return {
        "parcels": pl.len().cast(pl.Int64),
        "parcels_sent": sent.sum().cast(pl.Int64),
        "parcels_received": (~sent).sum().cast(pl.Int64),
        "parcel_fees_yuan": pl.col(AMOUNT).sum(),
    }


def requests() -> dict[str, pl.Expr]:
    """Return how many requests were filed in the period, how many of these were accepted and closed, and the days."""
    waited, lasted = ((pl.col(c) - pl.col("_when")).dt.total_days() for c in ("accepted_date", "closed_date"))
    return {
        "requests": pl.len().cast(pl.Int64),
        "requests_accepted": waited.is_not_null().sum().cast(pl.Int64),
        "requests_closed": lasted.is_not_null().sum().cast(pl.Int64),
        "request_days_to_accept": waited.sum(),
        "request_days_to_close": lasted.sum(),
    }


def loan_rows() -> dict[str, pl.Expr]:
    """Return the sums of one loan in one period; `loans.stocks` makes balances of them."""
    fen, event = pl.col(AMOUNT), pl.col("event")
    named = {e: pl.when(event == e).then(fen).otherwise(0).sum() for e in ("granted", "disbursed", "repaid")}
    written = pl.when(event == "written_off").then(fen).otherwise(0).sum()
    stated = pl.col("due_date")
    return {
        **named,
        "written_off": written,
        "line_until": stated.filter(event == "granted").max(),
        "due": stated.filter(event != "granted").max(),
        "overdue": pl.col("_when").filter(event == "overdue").max(),
        "cured": pl.col("_when").filter(event == "cured").max(),
    }


FORMS = {
    "orders": Form(
        (AMOUNT,),
        ("channel", "status", RETURNED),
        orders,
        nets={
            "sales_net_yuan": ("sales_gross_yuan", "sales_returned_yuan"),
            "sales_online_net_yuan": ("sales_online_yuan", "_returned_online"),
        },
        counts=order_counts,
    ),
    "loans": Form((AMOUNT, "loan_id", "event"), ("due_date",), loan_rows),
    "parcels": Form((), ("direction", AMOUNT), parcels),
    "requests": Form(
        (),
        ("accepted_date", "closed_date"),
        requests,
        {"request_days_to_accept": "requests_accepted", "request_days_to_close": "requests_closed"},
    ),
}
DEFAULTS = {
    "channel": pl.lit("offline"),
    "status": pl.lit("sold"),
    "direction": pl.lit("sent"),
    RETURNED: pl.lit(None, pl.Int64),
    AMOUNT: pl.lit(0, pl.Int64),
    "due_date": pl.lit(None, pl.Date),
    "accepted_date": pl.lit(None, pl.Date),
    "closed_date": pl.lit(None, pl.Date),
}
"""What stands in for a column that a ledger may lack: without a channel nothing counts as online."""
