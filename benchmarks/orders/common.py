"""What the three programs of benchmarks/ledgers.py share: the sums that must agree, and the line that they print."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

NAMES = (
    "sales_gross_yuan", "sales_returned_yuan", "sales_net_yuan", "sales_online_yuan", "sales_online_net_yuan",
    "sales_live_yuan", "orders", "orders_online", "orders_returned", "orders_cancelled",
)  # fmt: skip


def files(folder: Path) -> tuple[str, str]:
    """Return the pattern of the orders, and csv or parquet."""
    kind = folder.name.split("_")[0]
    return str(folder / "orders" / f"*.{kind}"), kind


def report(call: Callable[[], dict[str, float]]) -> None:
    """Time a call, and print seconds, the largest memory and its sums."""
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    sums = call()
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu, gib = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, used.ru_maxrss / 2**20
    values = [round(float(sums[n]) * (100 if n.endswith("_yuan") else 1)) for n in (*NAMES, "n")]
    print(json.dumps({"seconds": round(seconds, 2), "cpu": round(cpu, 2), "gib": round(gib, 2), "sums": values}))
