"""The simulated programme: the same bytes each time, a truth that can be recomputed, and estimates that find it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit.intake import read_programme, read_truth
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


def test_the_platform_holds_each_order_once_and_cancelled_ones_are_no_sales() -> None:
    """Orders that stand are sales over the household's mean order, rounded; their amounts add up to the sales."""
    rows = draw(read_scenario()).rows
    expected = (rows["sales"] / rows["order_value"]).round(0)
    frame = read_programme(evalkit.load(FOLDER)).frame
    assert frame["orders"].sum() == expected.sum()
    sold = rows.filter(expected > 0).select((pl.col("sales") * 1.02 ** (pl.col("year") - 2012)).sum()).item()
    assert frame["sales_gross_yuan"].sum() == pytest.approx(sold, rel=1e-4)
    assert frame["orders_cancelled"].sum() == pytest.approx(0.03 * expected.sum(), rel=0.1)


@pytest.mark.parametrize("indicator", ["orders", "has_shop", "collective_income_yuan"])
def test_what_stands_behind_the_sales_is_found(indicator: str) -> None:
    finding = evalkit.evaluate(evalkit.load(FOLDER), indicator)
    assert finding.truth is not None
    row = evalkit.infer(finding.main.estimate, level=0.99).row("att")
    assert row["conf_low"] < finding.truth["att"] < row["conf_high"]


def test_poverty_has_the_wrong_sign_and_the_page_says_less() -> None:
    """Pilot villages started above the line: poverty falls faster elsewhere, though the programme took some off."""
    finding = evalkit.evaluate(evalkit.load(FOLDER), "poverty_headcount")
    assert finding.truth is not None
    assert finding.truth["att"] < 0 < finding.main.row("att")["conf_low"]
    assert finding.gate.claim == "change_only"
    assert "pre_trend_rejected" in {r.code for r in finding.gate.reasons}
