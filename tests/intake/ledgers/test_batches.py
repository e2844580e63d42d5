"""A ledger in many files is summed some files at a time, to the same sums."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evalkit.intake.codebook import read_codebook
from evalkit.intake.ledgers import read_ledger, scan
from evalkit.intake.ledgers import sums as sums_
from evalkit.plan_tables import Source

LOANS = """raw_header,name,kind,unit
id,entry_id,id,
who,household_id,id,
day,entry_date,date,
amount,amount_yuan,number,yuan
loan,loan_id,id,
event,event,category,
due,due_date,date,
"""


def loans(folder: Path) -> pl.DataFrame:
    """Read four files: two households, a loan each, an event a file; the last entry stands in two files."""
    for n, (event, day) in enumerate((("授信", 1), ("发放", 2), ("逾期", 5), ("还款", 9))):
        rows = {
            "id": [f"{n}a", f"{n}b"],
            "who": ["1", "2"],
            "day": [f"201{5 + n}-0{day}-01"] * 2,
            "amount": [100, 50 + n],
        }
        more = {"amount": [100, 50 + n], "loan": ["x", "y"], "event": [event] * 2, "due": [f"201{8 - n}-01-01"] * 2}
        pl.DataFrame({**rows, **more}).write_csv(folder / f"f{n}.csv")
    (folder / "f4.csv").write_text((folder / "f3.csv").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "codebook.csv").write_text(LOANS, encoding="utf-8")
    source = Source(
        kind="ledger", ledger="loans", file="f*.csv", key=("entry_id",), who="household_id", date="entry_date",
        complete=(2015, 2019), codebook="codebook.csv",
    )  # fmt: skip
    known = pl.Series(["1", "2"])
    read = read_ledger(source, read_codebook(folder / "codebook.csv"), folder, known)
    assert read.flow.steps[-1].n_rows == 8
    return read.sums


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (5, 100), (1, 100)])
def test_sums_do_not_depend_on_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, most: int
) -> None:
    together = loans(tmp_path)
    monkeypatch.setattr(scan, "AT_ONCE", at_once)
    monkeypatch.setattr(sums_, "MOST_SUMS", most)
    assert loans(tmp_path).equals(together)
    assert together["loan_outstanding_yuan"].sum() > 0
