"""Write households.parquet: the columns that this programme uses, out of the replication data.

    python data_raw/moz_savings/make_households.py PATH/TO/moz_savings_full.parquet

Values are as published; only columns are left out. The source stands in README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

OUTCOMES = [f"bp_v{q}_{kind}_cumul" for q in (1, 2, 3, 4) for kind in ("d_saved", "boxvalue")]
COLUMNS = [
    "hhid", "associd", "prov", "treatment", "data_endline", "pweight", *OUTCOMES,
    "el_credyn", "el_worker_costs", "el_livestock_costs",
]  # fmt: skip


def main() -> None:
    """Select the columns and write them beside this script."""
    table = pl.read_parquet(sys.argv[1], columns=COLUMNS).select(COLUMNS).sort("associd", "hhid")
    table.write_parquet(Path(__file__).parent / "households.parquet", compression="zstd")
    print(f"{table.height} rows, {table.width} columns")


if __name__ == "__main__":
    main()
