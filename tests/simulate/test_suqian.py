"""The simulated programme: the same bytes each time, a truth that can be recomputed, and estimates that find it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.intake import read_truth
from evalkit.simulate import write_programme
from evalkit.simulate.suqian_ecommerce.draw import draw
from evalkit.simulate.suqian_ecommerce.scenario import read_scenario

FOLDER = Path(__file__).parents[2] / "data_raw" / "suqian_ecommerce"


def test_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    for file in write_programme("suqian_ecommerce", tmp_path):
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


def test_truth_by_counting_anew() -> None:
    """Weighted mean of the built-in effect over interviews from adoption on, looked up by years since adoption."""
    scenario = read_scenario()
    rows = draw(scenario).rows.filter(pl.col("year") >= pl.col("adoption"))
    steps = scenario.processes["income"].effect
    effect = [steps[y - a] for y, a in rows.select("year", "adoption").iter_rows()]
    truth = read_truth(evalkit.load(FOLDER))
    assert truth is not None
    assert truth["disposable_income_pc_yuan"]["att"] == pytest.approx(
        np.average(effect, weights=rows["weight"]), abs=0.005
    )


def test_no_amount_is_negative() -> None:
    rows = draw(read_scenario()).rows
    assert rows.select(pl.min_horizontal(pl.col("income", "sales", "loan").min())).item() > 0


@pytest.mark.parametrize(
    "indicator", ["disposable_income_pc_yuan", "online_sales_yuan", "ecommerce_loan_outstanding_yuan"]
)
def test_the_plan_finds_the_truth_and_the_naive_change_does_not(indicator: str) -> None:
    """One draw: the 99 % interval must hold the truth (a miss by chance would be seen at once, the draw is fixed)."""
    finding = evalkit.evaluate(evalkit.load(FOLDER), indicator)
    assert finding.truth is not None
    assert finding.naive is not None
    truth, naive = finding.truth["att"], finding.naive.row("att")
    row = evalkit.infer(finding.main.estimate, level=0.99).row("att")
    assert row["conf_low"] < truth < row["conf_high"]
    assert not naive["conf_low"] < truth < naive["conf_high"]
    assert finding.gate.claim == "effect_if_parallel_trends"
    assert finding.flow.adds_up()
