"""One survey in every kind of file and on a server: the same panel, to the last digit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
import xlsxwriter

import evalkit
from tests.intake.postgres_server import programs, server
from tests.intake.test_kinds import _folder

CODEBOOK = """raw_header,name,kind,unit,factor,min,max,source
village,village_id,id,,,,,
start,adoption_year,integer,,,,,roster
hh,household_id,id,,,,,survey
year,year,integer,,,,,survey
sales,sales_yuan,number,yuan,10000,,,survey
"""
YEARS, VILLAGES, HOUSEHOLDS = (2014, 2015, 2016), "AB", 4
NAME = "EVALKIT_TEST_SAME"


def _survey() -> pl.DataFrame:
    """Ids with leading zeros and 18 digits, fractions that no float holds exactly, and a missing value.

    Sales have 15 digits: what a workbook keeps. 0.1 + 0.2 would be .30000000000000004, which no workbook can store.
    """
    rows = []
    for i in range(HOUSEHOLDS):
        for year in YEARS:
            sales = None if (i, year) == (3, 2016) else round((i + 1) / 7 + (year - 2013) / 3 + 1.1, 14)
            rows.append((f"0{32032419900101123 + i}", VILLAGES[i % 2], year, sales))
    return pl.DataFrame(rows, schema=["hh", "village", "year", "sales"], orient="row")


SURVEY = _survey()


def _workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate([SURVEY.columns, *SURVEY.rows()]):
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write_string(r, c, value) if isinstance(value, str) else sheet.write_number(r, c, value)


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE survey (hh TEXT, village TEXT, year INTEGER, sales REAL)")
        connection.executemany("INSERT INTO survey VALUES (?, ?, ?, ?)", SURVEY.rows())
        connection.commit()


WRITERS: dict[str, Callable[[Path], object]] = {
    ".tsv": lambda path: SURVEY.write_csv(path, separator="\t"),
    ".xlsx": _workbook,
    ".parquet": SURVEY.write_parquet,
    ".dta": lambda path: pyreadstat.write_dta(SURVEY.to_pandas(), str(path)),
    ".sav": lambda path: pyreadstat.write_sav(SURVEY.to_pandas(), str(path)),
    ".sqlite": _sqlite,
}


def _panel(tmp_path: Path, source: str) -> pl.DataFrame:
    folder = _folder(tmp_path, ".csv", codebook=CODEBOOK)
    toml = folder / "programme.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('file = "survey_{year}.csv"', source), encoding="utf-8")
    (folder / "villages.csv").write_text("village,start\nA,2015\nB,\n", encoding="utf-8")
    prices = "".join(f"X,{year},{index}\n" for year, index in zip(YEARS, (100, 103.7, 109.1), strict=True))
    (folder / "cpi.csv").write_text("region,year,index\n" + prices, encoding="utf-8")
    return evalkit.Panel.from_programme(evalkit.load(folder), "sales_yuan").frame


@pytest.fixture(scope="module")
def from_csv(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("csv")
    SURVEY.write_csv(folder / "survey.csv")
    return _panel(folder, 'file = "survey.csv"')


def test_the_panel_of_the_csv(from_csv: pl.DataFrame) -> None:
    """Household 0 in 2015: 1/7 + 2/3 + 1.1 = 1.90952380952381 万元, in prices of 2014 by 100/103.7."""
    row = from_csv.filter((pl.col("unit") == "032032419900101123") & (pl.col("time") == 2015))
    assert row["sales_yuan"].item() == pytest.approx(1.90952380952381e4 / 1.037, rel=1e-14)
    assert from_csv["sales_yuan"].null_count() == 0
    assert from_csv.height == len(YEARS) * HOUSEHOLDS - 1


@pytest.mark.parametrize("suffix", WRITERS)
def test_the_same_panel_from_every_kind_of_file(tmp_path: Path, from_csv: pl.DataFrame, suffix: str) -> None:
    WRITERS[suffix](tmp_path / f"survey{suffix}")
    table = '\ntable = "survey"' if suffix == ".sqlite" else ""
    assert _panel(tmp_path, f'file = "survey{suffix}"{table}').equals(from_csv)


@pytest.mark.parametrize("kind", ["double precision", "numeric"])
def test_the_same_panel_from_a_server(
    tmp_path: Path, from_csv: pl.DataFrame, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="the extra postgres is not installed")
    folder = programs()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with server(folder) as address:
        with driver.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE survey (hh text, village text, year int, sales {kind})")
            for hh, village, year, sales in SURVEY.rows():
                cursor.execute(f"INSERT INTO survey VALUES ('{hh}', '{village}', {year}, {sales or 'NULL'})")
            connection.commit()
        monkeypatch.setenv(NAME, address)
        panel = _panel(tmp_path, f'database = "env:{NAME}"\ntable = "survey"')
    order = ["unit", "time"]
    assert panel.sort(order).equals(from_csv.sort(order))
