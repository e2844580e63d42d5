"""The simulated programme: the same bytes each time, a truth that can be recomputed, and estimates that find it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.intake import read_truth
from evalkit.simulate import replicate, write_programme
from evalkit.simulate.suqian_ecommerce.draw import draw
from evalkit.simulate.suqian_ecommerce.scenario import read_scenario

FOLDER = Path(__file__).parents[2] / "data_raw" / "suqian_ecommerce"


def test_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    for file in write_programme("suqian_ecommerce", tmp_path):
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


def test_truth_by_counting_anew() -> None:
    """Weighted mean of the built-in effect: each household once, each year from its village's start to 2017 once."""
    scenario = read_scenario()
    rows = draw(scenario).rows.filter(pl.col("adoption").is_not_null()).unique("household")
    steps = scenario.processes["income"].effect
    total = sum(w * sum(steps[: 2018 - a]) for w, a in rows.select("weight", "adoption").iter_rows())
    count = sum(w * (2018 - a) for w, a in rows.select("weight", "adoption").iter_rows())
    truth = read_truth(evalkit.load(FOLDER))
    assert truth is not None
    assert truth["disposable_income_pc_yuan"]["att"] == pytest.approx(total / count, abs=0.005)


def test_a_redrawing_is_the_scenario_and_seeds_differ() -> None:
    """The scenario's own seed gives the files' numbers back; another seed gives others, about the same truth."""
    seed = read_scenario().seed
    again, other = replicate("suqian_ecommerce", seed, holds=True), replicate("suqian_ecommerce", 1, holds=True)
    truth = read_truth(evalkit.load(FOLDER))
    assert truth is not None
    assert again.truth == {name: truth[name]["att"] for name in again.truth}
    assert not again.frame.equals(other.frame)
    assert other.truth["online_sales_yuan"] == pytest.approx(again.truth["online_sales_yuan"], rel=0.05)


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
