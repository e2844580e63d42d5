"""A table or query of a SQLite file: opened for reading only, one SELECT, no cell changed on the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import evalkit
from evalkit.intake import database
from evalkit.intake.database import sqlite_table
from evalkit.programme import Source
from tests.intake.test_kinds import EXPECTED, _folder, _read, _sqlite


def _source(**given: str) -> Source:
    return Source(kind="survey", file="a.sqlite", key=("household_id",), **given)


def _made(path: Path, columns: str, rows: list[tuple[Any, ...]]) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()
    return path


def test_a_query_as_source(tmp_path: Path) -> None:
    query = 'query = """select "户编号", "村编号", "销售额(元)" from "住户" where "户编号" <> \';\'; """'
    folder = _folder(tmp_path, ".sqlite", source=query)
    _sqlite(folder / "survey_2014.sqlite")
    assert _read(folder).to_dict(as_series=False) == EXPECTED


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("delete from t", "the query is not one SELECT"),
        ("select 1 as x; delete from t", "the query is not one SELECT"),
        ("pragma writable_schema = 1", "the query is not one SELECT"),
        ("with x as (select 1) delete from t", "not authorized"),
        ("with x as (select 1) insert into t values (1)", "not authorized"),
        ("select load_extension('x')", "not authorized"),
        ("select a, a from t", "the query names 'a' twice"),
        ("select nosuch from t", "no such column: nosuch"),
    ],
)
def test_nothing_but_one_select(tmp_path: Path, query: str, message: str) -> None:
    path = _made(tmp_path / "a.sqlite", "a", [(1,)])
    before = path.read_bytes()
    with pytest.raises((evalkit.EvalkitError, sqlite3.DatabaseError, sqlite3.OperationalError), match=message):
        sqlite_table(path, _source(query=query))
    assert path.read_bytes() == before


def test_a_query_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MOST_SECONDS", 0.05)
    path = _made(tmp_path / "a.sqlite", "a", [(1,)])
    endless = "with recursive x(n) as (select 1 union all select n + 1 from x) select count(*) as n from x"
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        sqlite_table(path, _source(query=endless))


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        ([320324199001011234, None], pl.Int64, [320324199001011234, None]),
        ([1, 0.1], pl.Float64, [1.0, 0.1]),
        ([2**53 + 1, 0.5], pl.String, ["9007199254740993", "0.5"]),
        ([1, "1.2万"], pl.String, ["1", "1.2万"]),
        ([None, None], pl.Int64, [None, None]),
    ],
    ids=["long ids", "numbers", "a number no float holds", "mixed", "nothing"],
)
def test_cells_stay_what_they_are(tmp_path: Path, cells: list[Any], dtype: pl.DataType, values: list[Any]) -> None:
    """SQLite lets a column mix kinds: what one type cannot hold becomes text, digit for digit."""
    frame = sqlite_table(_made(tmp_path / "a.sqlite", "a", [(c,) for c in cells]), _source(table="t"))
    assert frame.schema["a"] == dtype
    assert frame["a"].to_list() == values


def test_binary_cells_are_refused(tmp_path: Path) -> None:
    with pytest.raises(evalkit.DataError, match="column 'a': it holds binary cells"):
        sqlite_table(_made(tmp_path / "a.sqlite", "a", [(b"\x00",)]), _source(table="t"))


def test_table_and_query_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(evalkit.PlanError, match="table and query are both named"):
        sqlite_table(_made(tmp_path / "a.sqlite", "a", [(1,)]), _source(table="t", query="select 1"))
