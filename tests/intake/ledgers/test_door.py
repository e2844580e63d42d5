"""Who is who in a ledger: ids pass the same door as those of a survey, and the same crosswalk."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evalkit.errors import DataError
from evalkit.intake.codebook import read_codebook
from evalkit.intake.identifiers.pseudonym import pseudonym
from evalkit.intake.ledgers import LedgerRead, read_ledger
from evalkit.plan_tables import Source

KEY = "0123456789abcdef0123456789abcdef"
BOOK = """raw_header,name,kind,unit,identifier
单号,entry_id,id,,
户,household_id,id,,{who}
日期,entry_date,date,,
金额,amount_yuan,number,yuan,
"""
PHONES = ("13800000001", "13800000002")
"""Made up."""


def sums(folder: Path, who: str, ids: tuple[str, ...], known: list[str], crosswalk: str = "") -> LedgerRead:
    rows = "".join(f"{n},{i},{2015 + n % 2}-03-01,{10 * (n + 1)}\n" for n, i in enumerate(ids))
    (folder / "entries.csv").write_text("单号,户,日期,金额\n" + rows, encoding="utf-8")
    (folder / "codebook.csv").write_text(BOOK.format(who=who), encoding="utf-8")
    if crosswalk:
        (folder / "crosswalk.csv").write_text(crosswalk, encoding="utf-8")
    source = Source(
        kind="ledger", ledger="orders", file="entries.csv", key=("entry_id",), who="household_id", date="entry_date",
        complete=(2015, 2016), codebook="codebook.csv",
    )  # fmt: skip
    return read_ledger(source, read_codebook(folder / "codebook.csv"), folder, pl.Series(known, dtype=pl.String))


def test_ids_that_are_telephones_are_refused_undeclared(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'户' shows telephone"):
        sums(tmp_path, "", PHONES, ["1"])


def test_declared_ids_are_hashed_as_those_of_the_survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Width does not matter: two ways to write a number are one unit, whose entries are added."""
    monkeypatch.setenv("EVALKIT_KEY", KEY)
    ids = ("13800000001", "13800000002", "１３８０００００００１")
    known = [pseudonym(i, "telephone", KEY.encode()) for i in ids[:2]]
    read = sums(tmp_path, "telephone", ids, known)
    found = {(r["_who"], r["_period"]): r["sales_gross_yuan"] for r in read.sums.to_dicts()}
    assert found == {(known[0], 2015): 40.0, (known[1], 2016): 20.0}


def test_a_key_is_needed_to_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALKIT_KEY", raising=False)
    monkeypatch.delenv("EVALKIT_KEY_FILE", raising=False)
    with pytest.raises(DataError, match="no key to hash them with"):
        sums(tmp_path, "telephone", PHONES, ["1"])


def test_crosswalk_of_units_by_year(tmp_path: Path) -> None:
    """Household 9 is 1 in 2015, and itself afterwards: entries 0 (2015) and 1 (2016) are 9's, 2 (2015) is 1's."""
    lines = "column,from,to,first_round,last_round,reviewed_by\nhousehold_id,9,1,,2015,李\n"
    read = sums(tmp_path, "", ("9", "9", "1"), ["1", "9"], lines)
    found = {(r["_who"], r["_period"]): r["sales_gross_yuan"] for r in read.sums.to_dicts()}
    assert found == {("1", 2015): 40.0, ("9", 2016): 20.0}
