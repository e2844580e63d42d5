"""A table or query of a real PostgreSQL server on loopback; the transaction cannot write; nothing shows a password."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.intake import checksums, read_programme
from evalkit.intake.postgres import postgres_table
from evalkit.programme import Source
from tests.intake.postgres_server import programs, server
from tests.intake.test_kinds import EXPECTED, _folder, _read

driver = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="the extra postgres is not installed")
TABLE = """
CREATE TABLE "住户" ("户编号" text, "村编号" text, "销售额(元)" numeric(14, 4));
INSERT INTO "住户" VALUES ('002', 'B', 500), ('001', 'A', 12000);
CREATE SCHEMA office;
CREATE TABLE office.households AS SELECT * FROM "住户";
CREATE TABLE kinds (id text, n numeric, f float8, i bigint, s smallint, b boolean, d date, t timestamptz, m money, a int[]);
INSERT INTO kinds VALUES ('1', 123456789012345678.0001, 0.1, 9007199254740993, 7, true, '2017-11-30', '2017-11-30 08:00+08', 5, '{1}');
"""  # noqa: E501
NAME = "EVALKIT_TEST_DATABASE"
SECRET = "hunter2"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with server(folder) as address:
        with driver.connect(address) as connection, connection.cursor() as cursor:
            for statement in TABLE.strip().split(";\n"):
                cursor.execute(statement.rstrip(";"))
            connection.commit()
        yield address


@pytest.fixture
def connected(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(NAME, address)
    return address


def _programme(tmp_path: Path, source: str, database: str = f"env:{NAME}") -> Path:
    folder = _folder(tmp_path, ".csv")
    toml = folder / "programme.toml"
    text = (
        toml.read_text(encoding="utf-8")
        .replace('time = "year"\n', "")
        .replace('"household_id", "year"', '"household_id"')
    )
    toml.write_text(text.replace('file = "survey_{year}.csv"', f'database = "{database}"\n{source}'), encoding="utf-8")
    codebook = folder / "codebook.csv"
    codebook.write_text("\n".join(codebook.read_text(encoding="utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")
    return folder


def _source(**given: str) -> Source:
    return Source(kind="survey", database=f"env:{NAME}", key=("household_id",), **given)


@pytest.mark.parametrize(
    "source",
    [
        'table = "住户"',
        'table = "office.households"',
        'query = \'\'\'select "户编号", "村编号", "销售额(元)" from "住户"; \'\'\'',
        "query = '''with x as (select * from \"住户\") select * from x'''",
    ],
    ids=["table", "schema.table", "query", "with"],
)
def test_rows_of_a_server(tmp_path: Path, connected: str, source: str) -> None:
    assert _read(_programme(tmp_path, source)).to_dict(as_series=False) == EXPECTED


def test_the_same_rows_have_the_same_checksum_and_others_another(tmp_path: Path, connected: str) -> None:
    programme = evalkit.load(_programme(tmp_path, 'table = "住户"'))
    name = f"env:{NAME} 住户"
    before = checksums(programme)[name]
    assert next(f.sha256 for f in read_programme(programme).files if f.path == name) == before
    _execute(connected, 'UPDATE "住户" SET "村编号" = "村编号"')  # moves the row; the rows are the same
    assert checksums(programme)[name] == before
    _execute(connected, """UPDATE "住户" SET "销售额(元)" = 500.0001 WHERE "户编号" = '002'""")
    assert checksums(programme)[name] != before
    _execute(connected, """UPDATE "住户" SET "销售额(元)" = 500 WHERE "户编号" = '002'""")


def _execute(address: str, statement: str) -> None:
    with driver.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        connection.commit()


def test_every_digit_comes_over(connected: str) -> None:
    """2⁵³ + 1 is no float, and 123456789012345678.0001 has 22 digits."""
    frame, _ = postgres_table(_source(query="select id, n, f, i, s, b, d from kinds"))
    row = frame.row(0, named=True)
    assert (row["n"], row["i"], row["f"], row["b"]) == ("123456789012345678.0001", 9007199254740993, 0.1, True)
    assert frame.schema["d"] == pl.Date


@pytest.mark.parametrize(("column", "kind"), [("m", "money"), ("a", "_int4"), ("t", "timestamptz")])
def test_kinds_that_could_be_misread_are_refused(connected: str, column: str, kind: str) -> None:
    """The driver gives money in cents: five dollars would be 500. It gives moments in UTC: the day may be another."""
    with pytest.raises(evalkit.DataError, match=f"column '{column}': values of the kind '{kind}' are not read"):
        postgres_table(_source(query=f"select {column} from kinds"))


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ("delete from kinds", evalkit.PlanError, "the query is not one SELECT"),
        ("select 1 as x; drop table kinds", evalkit.PlanError, "the query is not one SELECT"),
        ("with x as (delete from kinds returning id) select * from x", evalkit.DataError, "read-only transaction"),
        ("select nextval('s')", evalkit.DataError, "does not exist"),
        ("select * from nosuch", evalkit.DataError, 'relation "nosuch" does not exist'),
        ("select set_config('transaction_read_only', 'off', true)", evalkit.DataError, "must be set before any query"),
    ],
)
def test_nothing_but_one_select(connected: str, query: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        postgres_table(_source(query=query))
    assert postgres_table(_source(query="select count(*) as n from kinds"))[0].item() == 1


def test_a_table_that_is_not_there_names_the_nearest(connected: str) -> None:
    with pytest.raises(evalkit.DataError, match="there is no table 'kind' \\(nearest: 'kinds'\\)"):
        postgres_table(_source(table="kind"))
    with pytest.raises(evalkit.PlanError, match="no table is named"):
        postgres_table(_source())


def test_a_server_that_does_not_answer_is_told_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, f"postgresql://evaluator:{SECRET}@127.0.0.1:1/postgres?connect_timeout=5")
    with pytest.raises(evalkit.DataError, match="Connection refused") as error:
        postgres_table(_source(table="t"))
    assert SECRET not in str(error.value)


def test_an_address_that_is_none_is_told_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, f"postgresql://evaluator:{SECRET}@127.0.0.1:port/postgres")
    with pytest.raises(evalkit.DataError, match="the server or its driver says") as error:
        postgres_table(_source(table="t"))
    assert SECRET not in str(error.value)


def test_a_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    with pytest.raises(evalkit.UsageError, match=f"the environment variable {NAME} is not set"):
        postgres_table(_source(table="t"))


def test_a_service_by_name(connected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, port = connected.rpartition("@")[2].partition("/")[0].split(":")
    services = tmp_path / "pg_service.conf"
    services.write_text(f"[village]\nhost={host}\nport={port}\ndbname=postgres\nuser=evaluator\n", encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    village = Source(kind="survey", database="service:village", key=("id",), query="select id from kinds")
    frame, _ = postgres_table(village)
    assert frame["id"].to_list() == ["1"]
    with pytest.raises(evalkit.DataError, match='definition of service "nosuch" not found'):
        postgres_table(Source(kind="survey", database="service:nosuch", key=("id",), table="kinds"))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://127.0.0.1/x")
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(evalkit.UsageError, match=r"pip install 'evalkit\[postgres\]'"):
        postgres_table(_source(table="t"))


@pytest.mark.parametrize("database", [f"postgresql://evaluator:{SECRET}@host/db", f"env:{SECRET} x", ""])
def test_an_address_in_the_plan_is_refused_and_not_repeated(tmp_path: Path, database: str) -> None:
    with pytest.raises(evalkit.PlanError, match="env:NAME") as error:
        evalkit.load(_programme(tmp_path, 'table = "t"', database))
    assert SECRET not in str(error.value)


def test_a_source_is_a_file_or_a_database(tmp_path: Path) -> None:
    for lines in (f'database = "env:{NAME}"\nfile = "x.csv"', ""):
        folder = _folder(tmp_path, ".csv")
        toml = folder / "programme.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace('file = "survey_{year}.csv"', lines), encoding="utf-8")
        with pytest.raises(evalkit.PlanError, match="exactly one of file and database"):
            evalkit.load(folder)
