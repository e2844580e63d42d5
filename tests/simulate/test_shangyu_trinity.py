"""Federations in Shangyu, simulated: the same bytes, a truth counted anew, what plans find and wrong ways miss."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.diagnostics.cutoff import density_test
from evalkit.estimators.registry import estimate_by_name
from evalkit.simulate import replicate, write_programme
from evalkit.simulate.shangyu_trinity.draw import draw
from evalkit.simulate.shangyu_trinity.scenario import read_scenario

FOLDER = Path(__file__).parents[2] / "data_raw" / "shangyu_trinity"
PROGRAMME = evalkit.load(FOLDER)
LAST = 2019
"""The last townships begin; from then on there is no comparison."""


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Return the committed programme as drawn, before dirt."""
    return replicate("shangyu_trinity", read_scenario().seed, holds=False).frame


def panel_of(frame: pl.DataFrame, indicator: str) -> evalkit.Panel:
    design = PROGRAMME.design_for(PROGRAMME.indicator(indicator))
    return evalkit.Panel.from_frame(frame, design=design, outcome=indicator)


def truth_of(indicator: str) -> float:
    return json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["indicators"][indicator]["att"]


def test_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    for file in write_programme("shangyu_trinity", tmp_path):
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name
    assert sum(f.stat().st_size for f in FOLDER.iterdir()) < 8e6


def test_truth_by_counting_anew() -> None:
    """Mean over members of begun townships and years before the last start, looked up in the file of numbers."""
    scenario = read_scenario()
    members = draw(scenario).rows.unique("member").select("member", "adoption")
    years = pl.DataFrame({"year": [y for y in scenario.years if y < LAST]})
    cells = members.join(years, how="cross").filter(pl.col("year") >= pl.col("adoption"))
    steps, gain = scenario.processes["sales"].effect, scenario.gain
    effect = [gain[a] * steps[y - a] for a, y in cells.select("adoption", "year").iter_rows()]
    assert truth_of("sales_yuan") == pytest.approx(np.mean(effect), abs=1e-5)


def test_magnitudes_are_those_of_the_article() -> None:
    scenario = read_scenario()
    rows = draw(scenario).rows
    assert 1236 - 5 <= rows["member"].n_unique() <= 1236  # who is absent at first and then lost is never met
    assert rows["township"].n_unique() == 20
    rated = rows.drop_nulls("score")
    passed = rated.filter(pl.col("score") >= 60)
    assert passed.height / rated.height == pytest.approx(198 / 215, abs=0.05)  # a few more pass since some are lifted
    assert passed["unsecured"].mean() == pytest.approx(96 / 198, abs=0.03)
    assert (
        rows.select(pl.min_horizontal(pl.col("sales", "income", "line", "used", "online", "export").min())).item() > 0
    )


def test_the_rollout_is_found_and_one_coefficient_is_far_too_low(frame: pl.DataFrame) -> None:
    """group_time's 99 % interval holds the truth; did finds under a third of it, the naive change twice as much."""
    moments, truth = evalkit.Moments.from_panel(panel_of(frame, "sales_yuan")), truth_of("sales_yuan")
    row = evalkit.infer(estimate_by_name("group_time", moments), level=0.99).row("att")
    assert row["conf_low"] < truth < row["conf_high"]
    assert abs(row["estimate"] - truth) < 0.15 * truth
    assert estimate_by_name("did", moments).values[0] < truth / 3
    assert estimate_by_name("pre_post", moments).values[0] > 2 * truth


def test_where_all_begin_imputation_has_its_interval(frame: pl.DataFrame) -> None:
    estimate = estimate_by_name("imputation", evalkit.Moments.from_panel(panel_of(frame, "line_yuan")))
    # 20 townships are treated in the end; in rounds with treated rows to impute, 16 of them were still untreated
    assert (estimate.counts.n_treated_clusters, estimate.counts.n_comparison_clusters) == (20, 16)
    row = evalkit.infer(estimate).row("att")
    assert row["conf_low"] < truth_of("line_yuan") < row["conf_high"]


@pytest.mark.parametrize("indicator", ["unsecured_line", "contract_sales_yuan"])
def test_the_jump_at_75_is_found_and_the_naive_difference_is_not(frame: pl.DataFrame, indicator: str) -> None:
    panel, truth = panel_of(frame, indicator), truth_of(indicator)
    estimate = estimate_by_name("discontinuity", evalkit.Moments.from_panel(panel), panel)
    row = evalkit.infer(estimate, level=0.99).tidy().row(0, named=True)
    assert row["conf_low"] < truth < row["conf_high"]
    assert density_test(panel) > 0.05
    if indicator == "contract_sales_yuan":
        y = panel.frame[indicator].to_numpy()
        above = panel.frame["rating_score"].to_numpy() >= 75
        assert y[above].mean() - y[~above].mean() > 1.8 * truth


def test_scores_lifted_over_60_are_seen(frame: pl.DataFrame) -> None:
    seed = read_scenario().seed
    honest = replicate("shangyu_trinity", seed, holds=True).frame
    assert density_test(panel_of(frame, "overdue_yuan")) < 0.01
    assert density_test(panel_of(honest, "overdue_yuan")) > 0.05


def test_the_page_says_less_where_scores_were_lifted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the raw files, with their dirt: the cut-off at 60 allows no attribution, that at 75 does."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    lifted, clean = (evalkit.evaluate(PROGRAMME, name) for name in ("overdue_yuan", "contract_sales_yuan"))
    assert lifted.gate.claim == "change_only"
    assert [r.code for r in lifted.gate.reasons][:2] == ["at_cutoff", "density_rejected"]
    assert clean.gate.claim == "effect_at_cutoff"
    assert clean.flow.adds_up()
    assert clean.main.row("first_stage")["estimate"] == pytest.approx(truth_of("unsecured_line"), abs=0.15)
