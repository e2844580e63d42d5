"""A ledger in many files is summed some files at a time, and some rows at a time, to the same sums."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from evalkit.intake.codebook import read_codebook
from evalkit.intake.ledgers import read_ledger, scan
from evalkit.intake.ledgers import sums as sums_
from evalkit.plan_tables import Source

SIZE = "POLARS_IDEAL_MORSEL_SIZE"
"""Where polars looks up how many rows to take at a time."""
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


@pytest.mark.parametrize("own", [None, "7"])
@pytest.mark.parametrize("stride", [1, 3])
def test_sums_do_not_depend_on_strides_and_a_persons_own_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stride: int, own: str | None
) -> None:
    """Where somebody has set how many rows polars takes at a time, that holds again once the ledger is read."""
    together = loans(tmp_path)
    seen = []
    monkeypatch.setattr(scan, "STRIDE", stride)
    monkeypatch.setattr(sums_, "follow", lambda pieces, _: [seen.append(os.environ[SIZE]), *pieces][1:])
    monkeypatch.setattr(scan, "AT_ONCE", 1)
    with pl.Config(streaming_chunk_size=own and int(own)):
        assert loans(tmp_path).equals(together)
        assert os.environ.get(SIZE) == own
    assert seen == [str(stride)]


def test_rows_that_are_not_in_memory_are_taken_as_polars_likes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = loans(tmp_path)
    monkeypatch.setattr(scan, "IN_MEMORY", 0)
    monkeypatch.setattr(scan, "STRIDE", -1)
    assert loans(tmp_path).equals(together)
