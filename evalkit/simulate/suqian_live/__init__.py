"""The scenario of live-stream rooms in villages of Suqian: one start, a ledger of orders by month, shocks by month."""

from evalkit.simulate.suqian_live.files import write_programme
from evalkit.simulate.suqian_live.replicate import replicate

__all__ = ["replicate", "write_programme"]
