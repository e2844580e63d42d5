"""Winsorising otherwise: the same estimate without it, at 1 % and at 5 %."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.diagnostics import other_cuts
from evalkit.programme import IndicatorPlan, Programme
from tests.intake.test_read import PROGRAMME

CODEBOOK = """raw_header,name,kind,unit,source
village,village_id,id,,
start,adoption_year,integer,,roster
household,household_id,id,,survey
sales,sales_yuan,number,yuan,survey
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Programme, IndicatorPlan]:
    """Return a programme of 100 households in ten villages, sales 1 to 100 in each round, and its indicator."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    text = PROGRAMME.replace('deflator = { file = "cpi.csv", region = "X" }\n', "")
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    (tmp_path / "codebook.csv").write_text(CODEBOOK, encoding="utf-8")
    villages = pl.DataFrame({"village": [f"v{i}" for i in range(10)], "start": [2015] * 5 + [None] * 5})
    villages.write_csv(tmp_path / "villages.csv")
    for year in (2014, 2015):
        rows = {"household": range(100), "village": [f"v{i % 10}" for i in range(100)], "sales": range(1, 101)}
        pl.DataFrame(rows).write_csv(tmp_path / f"survey_{year}.csv")
    programme = evalkit.load(tmp_path)
    return programme, programme.indicators[0]


def test_nothing_beside_an_indicator_that_is_not_winsorised(written: tuple[Programme, IndicatorPlan]) -> None:
    assert list(other_cuts(*written)) == []


@pytest.mark.parametrize(
    ("own", "largest"),
    [
        (0.99, {"winsorise_none": 100.0, "winsorise_95": 96.0}),
        (0.9, {"winsorise_none": 100.0, "winsorise_99": 100.0, "winsorise_95": 96.0}),
    ],
)
def test_the_other_cuts_of_a_hundred_values(
    written: tuple[Programme, IndicatorPlan], own: float, largest: dict[str, float]
) -> None:
    """Of 1 to 100 the higher value at the 95th percentile is 96 (0.95 · 99 = 94.05, so the 96th), at the 99th 100."""
    programme, plan = written
    cuts = {n: panel for n, _, panel in other_cuts(programme, plan.model_copy(update={"winsorise": own}))}
    assert {n: panel.frame["sales_yuan"].max() for n, panel in cuts.items()} == largest
