"""The chain of results: each step with its estimate, steps that nothing measures, and names that are no indicator."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import evalkit
from evalkit import PlanError, report
from evalkit.gate import Gate, Reason
from evalkit.programme import ChainStep
from evalkit.report.chain import is_against

ROOT = Path(__file__).parents[2] / "data_raw"
SIMULATED = ("ningxia_post", "shangyu_trinity", "suqian_ecommerce", "suqian_live", "suqian_post", "weinan_teams")


@pytest.mark.parametrize("name", SIMULATED)
def test_every_chain_runs_from_inputs_to_measured_outcomes(name: str) -> None:
    steps = evalkit.load(ROOT / name).chain
    order = ["input", "activity", "output", "outcome"]
    assert [s.stage for s in steps] == sorted((s.stage for s in steps), key=order.index)
    assert {s.stage for s in steps} == set(order)
    assert all(s.indicator for s in steps if s.stage == "outcome")


def test_a_step_shows_its_estimate_or_that_nothing_measures_it() -> None:
    """What may not be reported shows no number; what is only a change says so."""
    whole = evalkit.load(ROOT / "suqian_ecommerce")
    names = ("disposable_income_pc_yuan", None, "online_sales_yuan")
    steps = tuple(replace_indicator(whole, name) for name in names)
    programme = whole.model_copy(update={"chain": steps})
    found = [evalkit.evaluate(programme, name) for name in names if name]
    held = replace(found[1], gate=Gate("not_reportable", (Reason("cell_too_small", {}),)))
    rows = report.chain([found[0], held]).html.split("<tr>")
    assert "+671元/年" in rows[2]
    assert "393至948元/年" in rows[2]
    assert "没有衡量" in rows[3]
    assert "不予报告" in rows[4]
    assert "元/年" not in rows[4]


def test_a_step_says_where_it_went_against_what_was_meant() -> None:
    """Income that rises where the plan would have it fall; nothing is said where the direction is open."""
    whole = evalkit.load(ROOT / "suqian_ecommerce")
    steps = (replace_indicator(whole, "disposable_income_pc_yuan"),)
    found = evalkit.evaluate(whole.model_copy(update={"chain": steps}), "disposable_income_pc_yuan")
    worse = replace(found, indicator=found.indicator.model_copy(update={"better": "lower"}))
    open_ = replace(worse, main=replace(worse.main, conf_low=-worse.main.conf_high))
    assert [is_against(f) for f in (found, worse, open_)] == [False, True, False]
    html = report.chain([worse]).html
    assert "+671元/年（与设想相反）" in html
    assert "+671 yuan a year (against what was meant)" in html


def replace_indicator(programme: evalkit.Programme, name: str | None) -> ChainStep:
    return programme.chain[-1].model_copy(update={"indicator": name})


def test_a_programme_without_a_chain_shows_none() -> None:
    assert report.chain([]).html == ""


def test_a_step_that_names_no_indicator_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(ROOT / "ningxia_post", folder)
    plan = folder / "programme.toml"
    plan.write_text(
        plan.read_text(encoding="utf-8").replace('\nindicator = "parcels_number"', '\nindicator = "parcel_number"')
    )
    with pytest.raises(
        PlanError, match=r"\[\[chain\]\] names 'parcel_number', which is no indicator \(nearest: 'parcels_number'\)"
    ):
        evalkit.load(folder)
