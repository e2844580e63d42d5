"""A few hundred damaged files for every reader; the study of 200,000 is benchmarks/fuzz.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.damaged.changes import mutated
from benchmarks.damaged.readers import entries, path_for, read
from benchmarks.damaged.seeds import seeds
from benchmarks.fuzz import SHARES, one
from evalkit.errors import EvalkitError
from evalkit.intake.encoding import read_text

KINDS = [k for k in SHARES if k != "xls"]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_or_a_message(tmp_path: Path, kind: str) -> None:
    outcomes = {one(kind, i, tmp_path, entries()) for i in range(40)}
    assert outcomes <= {"read", "refused"}


def test_a_damaged_old_workbook_cannot_end_this_process(tmp_path: Path) -> None:
    """Input 7 makes the reader ask for more memory than there is, which ends its process: it is one of its own."""
    assert one("xls", 7, tmp_path, entries()) == "refused"


def test_the_seeds_are_read(tmp_path: Path) -> None:
    """Else everything would be refused and nothing tried."""
    for kind in SHARES:
        for seed in seeds(kind):
            path = path_for(kind, tmp_path / kind)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(seed)
            read(kind, path, entries())


def test_shares_are_whole() -> None:
    assert sum(SHARES.values()) == pytest.approx(100)


def test_an_input_is_the_same_everywhere() -> None:
    assert mutated("csv", 3) == mutated("csv", 3) != mutated("csv", 4)


@given(st.binary(max_size=200))
def test_text_is_never_lossy(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """What was decoded gives the same bytes again, but for a mark at the start."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(raw)
    try:
        text, encoding = read_text(path)
    except EvalkitError:
        return
    marks = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
    again = {text.encode("utf-16-le"), text.encode("utf-16-be")} if encoding == "utf-16" else {text.encode(encoding)}
    assert next((raw.removeprefix(m) for m in marks if raw.startswith(m)), raw) in again
