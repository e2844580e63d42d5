"""evalkit's part of benchmarks/ledgers.py: `read_ledger` as `evalkit run` calls it, checksums of the files included."""

import sys
from pathlib import Path

import polars as pl
from common import NAMES, report

from evalkit.intake.codebook import read_codebook
from evalkit.intake.ledgers import read_ledger
from evalkit.plan_tables import Source

CODEBOOK = """raw_header,name,kind
order_id,order_id,id
household_id,household_id,id
order_date,order_date,date
amount,amount_yuan,number
channel,channel,category
status,status,category
"""


def sums(folder: Path) -> dict[str, float]:
    known = pl.read_csv(folder / "units.csv")["household_id"]
    book = folder / "codebook.csv"
    book.write_text(CODEBOOK, encoding="utf-8")
    source = Source(
        kind="ledger", ledger="orders", file=f"orders/*.{folder.name.split('_')[0]}", key=("order_id",),
        who="household_id", date="order_date", complete=(2012, 2017), codebook="codebook.csv",
    )  # fmt: skip
    found = read_ledger(source, read_codebook(book), folder, known)
    return {**{n: float(found.sums[n].sum()) for n in NAMES}, "n": found.sums.height}


if __name__ == "__main__":
    report(lambda: sums(Path(sys.argv[1])))
