"""Ledgers: one row an entry (a sale, a loan's event, a parcel, a request), summed to units and periods."""

from evalkit.intake.ledgers.join import calendar_of, join_ledgers, ledger_grid
from evalkit.intake.ledgers.read import read_ledger
from evalkit.intake.ledgers.records import LedgerRead

__all__ = ["LedgerRead", "calendar_of", "join_ledgers", "ledger_grid", "read_ledger"]
