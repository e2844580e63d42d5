"""What an evaluator changes later needs edits in data_raw only: each change on a copy, and the finding follows it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

import evalkit
from evalkit import DataError, PlanError
from evalkit.cli import main
from evalkit.finding import Finding

INDICATOR = "wage_income_pc_yuan"
NAME = "trial"
SHEET = "住户"
ROUNDS = range(2012, 2018)


@pytest.fixture(scope="module")
def before(root: Path) -> Finding:
    return evalkit.evaluate(evalkit.load(root / "data_raw/suqian_ecommerce"), indicator=INDICATOR)


@pytest.fixture
def folder(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A programme's folder of one's own, where nothing else of the project is."""
    shutil.copytree(root / "data_raw/suqian_ecommerce", tmp_path / "data_raw" / NAME)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALKIT_DATA", raising=False)
    return tmp_path / "data_raw" / NAME


def _finding(folder: Path, indicator: str = INDICATOR) -> Finding:
    return evalkit.evaluate(evalkit.load(folder), indicator=indicator)


def _check() -> Result:
    return CliRunner().invoke(main, ["check", NAME])


def _edit(path: Path, change: Callable[[str], str], encoding: str = "utf-8") -> None:
    text = path.read_text(encoding=encoding)
    assert change(text) != text
    path.write_text(change(text), encoding=encoding)


def _edit_roster(folder: Path, change: Callable[[str], str]) -> None:
    _edit(folder / "villages.csv", change, "gb18030")


def _read(folder: Path, year: int) -> pl.DataFrame:
    return pl.read_excel(folder / f"households_{year}.xlsx", sheet_name=SHEET, infer_schema_length=0)


def _write(folder: Path, year: int, rows: pl.DataFrame) -> None:
    rows.write_excel(folder / f"households_{year}.xlsx", worksheet=SHEET)


def _starts(folder: Path) -> dict[str, int | None]:
    """Return in which year each village starts."""
    roster = pl.read_csv((folder / "villages.csv").read_text("gb18030").encode(), infer_schema=False)
    return dict(roster.select("村编号", pl.col("首次开展年份").cast(pl.Int64, strict=False)).rows())


def _new_village(folder: Path) -> None:
    """Enter village SQ037: the households of SQ001 under ids of their own, with 1,000 yuan more a year."""
    for year in ROUNDS:
        rows = _read(folder, year)
        ids = pl.format("37{}", pl.col("户编号").str.slice(2))
        own = rows.filter(pl.col("村编号") == "SQ001").with_columns(
            ids.alias("户编号"), pl.lit("SQ037").alias("村编号")
        )
        _write(folder, year, pl.concat([rows, own]))


def test_an_indicator_of_a_new_column(folder: Path) -> None:
    """A column that no codebook had: one line there, one block in programme.toml.

    Every household of a village that has started is given a market stall, nobody else: the effect is exactly 1.
    """
    starts = _starts(folder)
    for year in ROUNDS:
        rows = _read(folder, year)
        began = [int((starts.get(village) or 9999) <= year) for village in rows["村编号"]]
        _write(folder, year, rows.with_columns(pl.Series("有摊位", began)))
    block = '\n[[indicators]]\nname = "has_stall"\nlabel = { zh = "有摊位", en = "Has a stall" }\ndomain = "sales"\n'
    block += 'unit = "share"\nfamily = "stall"\nestimator = "did"\n'
    _edit(folder / "programme.toml", lambda text: text + block)
    assert "no column and no function bears this name" in _check().output
    assert _check().exit_code == 1
    _edit(
        folder / "codebook.csv", lambda text: text + "有摊位,has_stall,flag,share,,,,,0,1,,,有摊位,Has a stall,survey\n"
    )
    assert _check().exit_code == 0
    assert _finding(folder, "has_stall").main.row("att")["estimate"] == pytest.approx(1, abs=1e-9)


def test_a_village(folder: Path, before: Finding) -> None:
    """Forgotten in the roster it is left out, and check names it; entered there it is one village more."""
    _new_village(folder)
    told = _check()
    assert told.exit_code == 1
    assert "the village is not in the roster (SQ037)" in told.output
    assert len([line for line in told.output.splitlines() if line.startswith("left out")]) == len(ROUNDS)
    _edit_roster(folder, lambda text: text.rstrip("\n") + '\nSQ037,新村,宿豫区,""\n')
    assert _check().exit_code == 0
    was, now = before.main.row("att"), _finding(folder).main.row("att")
    assert now["n_clusters"] == was["n_clusters"] + 1
    assert now["n_treated_clusters"] == was["n_treated_clusters"]
    assert now["estimate"] != was["estimate"]


def test_a_round(folder: Path, before: Finding) -> None:
    """A file more; without its price check and run say so; with it each earlier cohort has one year more."""
    _write(folder, 2018, _read(folder, 2017))
    told = _check()
    assert told.exit_code == 1
    assert "price index: there is none for 2018" in told.output
    with pytest.raises(DataError, match="there is none for 2018"):
        _finding(folder)
    _edit(folder / "cpi_rural.csv", lambda text: text.rstrip("\n") + "\nJiangsu,2018,110.41\n")
    assert _check().exit_code == 0
    was, now = before.main.tidy(), _finding(folder).main.tidy()
    new = sorted(set(now["term"]) - set(was["term"]))
    assert new == ["cohort=2014,time=2018", "cohort=2015,time=2018", "cohort=2016,time=2018"]
    last = {term: now.filter(pl.col("term") == term)["estimate"].item() for term in now["term"]}
    for cohort in (2014, 2015, 2016):  # 2018 repeats 2017, at its prices
        assert last[f"cohort={cohort},time=2018"] == pytest.approx(last[f"cohort={cohort},time=2017"], rel=1e-3)


def test_an_adoption_date(folder: Path, before: Finding) -> None:
    """SQ003 starts in 2014, no longer in 2015: one village changes its cohort, none is lost."""
    _edit_roster(folder, lambda text: text.replace("泗阳县,2015", "泗阳县,2014", 1))
    now = _finding(folder)
    assert now.main.row("att")["n_clusters"] == before.main.row("att")["n_clusters"]
    terms = [f"cohort={c},time=2017" for c in (2014, 2015, 2016)]
    moved = [now.main.row(t)["estimate"] != pytest.approx(before.main.row(t)["estimate"], rel=1e-9) for t in terms]
    assert moved == [True, True, False]


def test_a_date_that_is_no_year_is_named(folder: Path) -> None:
    _edit_roster(folder, lambda text: text.replace("泗阳县,2015", "泗阳县,2015年上半年", 1))
    told = _check()
    assert told.exit_code == 1
    assert "villages.csv, row 4: '首次开展年份' should be a number and is '2015年上半年'" in told.output


def _withdraw(folder: Path, village: str) -> None:
    line = f'codebook = "codebook.csv"\nwhere_not = {{ village_id = "{village}" }}\n'
    head = 'key      = ["household_id", "year"]\n'
    _edit(folder / "programme.toml", lambda text: text.replace(f'{head}codebook = "codebook.csv"\n', head + line))


def test_a_village_withdrawn(folder: Path, before: Finding) -> None:
    """Left out by the plan: counted in the sample flow, a deviation from a locked plan, and the raw files stay."""
    CliRunner().invoke(main, ["plan", "lock", NAME])
    _withdraw(folder, "SQ003")
    assert _check().exit_code == 0
    now = _finding(folder)
    assert now.main.row("att")["n_clusters"] == before.main.row("att")["n_clusters"] - 1
    step = next(s for s in now.flow.steps if s.code == "not_meant")
    assert step.n_rows_dropped == sum((_read(folder, y)["村编号"] == "SQ003").sum() for y in ROUNDS)
    assert now.flow.adds_up()
    assert "sources.where_not.village_id" in CliRunner().invoke(main, ["plan", "diff", NAME]).output


def test_a_village_withdrawn_that_is_not_there(folder: Path) -> None:
    _withdraw(folder, "SQ03")
    with pytest.raises(PlanError, match=r"no row has village_id = 'SQ03' \(nearest: 'SQ03\d'\)"):
        _finding(folder)
