"""Thresholds: shares at or above amounts by hand and against others, their truth, where a page shows none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Moments, Panel, PlanError, UsageError, report
from evalkit.finding import Finding
from evalkit.inference import adjust
from evalkit.inference.student import critical
from evalkit.plan_lock import plan_entries
from evalkit.report.block import Block, FigureBlock
from evalkit.report.thresholds import shown_thresholds
from evalkit.simulate.weinan_teams.draw import draw
from evalkit.simulate.weinan_teams.scenario import read_scenario
from evalkit.thresholds import ALIKE, ThresholdEffects, start_gap
from tests.small_panels import two_way_design, village_panel, weighted_least_squares

DATA = Path(__file__).parents[1] / "data_raw"
INCOME = "net_income_per_mu_yuan"
DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")


def panel_of(frame: pl.DataFrame) -> Panel:
    return Panel.from_frame(frame, design=DESIGN, outcome="y")


def share_effect(panel: Panel, threshold: float) -> float:
    return float(evalkit.did(Moments.from_panel(evalkit.at_least(panel, threshold))).values[0])


def test_by_hand() -> None:
    """At or above 10: of four pilot households 1 before (10 itself counts) and 3 after, of four others 1 and 2.

    (3/4 − 1/4) − (2/4 − 1/4) = 1/4. At 12: none and 2 of the pilots, 1 and 1 of the others: 1/2.
    """
    pilot, other = [(10, 12), (5, 11), (9, 15), (1, 2)], [(14, 13), (3, 10), (4, 6), (8, 9)]
    rows = [(f"p{i}", f"a{i % 2}", 2, t, float(y[t - 1])) for i, y in enumerate(pilot) for t in (1, 2)]
    rows += [(f"c{i}", f"b{i % 2}", 0, t, float(y[t - 1])) for i, y in enumerate(other) for t in (1, 2)]
    panel = panel_of(pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row"))
    assert share_effect(panel, 10) == pytest.approx(0.25)
    assert share_effect(panel, 12) == pytest.approx(0.5)
    assert start_gap(evalkit.at_least(panel, 10), 1) == pytest.approx(0.0)
    assert start_gap(evalkit.at_least(panel, 12), 1) == pytest.approx(0.25)


@pytest.mark.parametrize("threshold", [-0.5, 0.3, 1.2])
def test_each_threshold_is_a_did_of_a_column_of_zeros_and_ones(threshold: float) -> None:
    """pyfixest on the column, with its standard error, and least squares with dummies on rows."""
    pyfixest = pytest.importorskip("pyfixest")
    frame = village_panel(8, [3, 3, 3, 3, 0, 0, 0, 0], rounds=4)
    own = evalkit.infer(evalkit.did(Moments.from_panel(evalkit.at_least(panel_of(frame), threshold))), "crv1").row(
        "att"
    )
    treated = ((pl.col("first") > 0) & (pl.col("round") >= 3)).cast(pl.Float64)
    rows = frame.with_columns((pl.col("y") >= threshold).cast(pl.Float64).alias("here"), treated.alias("treated"))
    fit = pyfixest.feols(
        "here ~ treated | household + round",
        rows.to_pandas(),
        vcov={"CRV1": "village"},
        demeaner=pyfixest.MapDemeaner(fixef_tol=1e-10),
    )
    dense = weighted_least_squares(two_way_design(rows, rows["treated"].to_numpy()), rows["here"].to_numpy())[-1]
    assert own["estimate"] == pytest.approx(fit.coef()["treated"], rel=1e-7)
    assert own["estimate"] == pytest.approx(dense, rel=1e-9)
    assert own["std_error"] == pytest.approx(fit.se()["treated"], rel=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(-1, 2))
def test_a_rising_transformation_changes_nothing_and_merging_is_pooling(seed: int, threshold: float) -> None:
    frame = village_panel(seed, [2, 2, 0, 0], rounds=3, households=5)
    plain = share_effect(panel_of(frame), threshold)
    assert share_effect(panel_of(frame.with_columns(pl.col("y").exp())), float(np.exp(threshold))) == plain
    cubed = frame.with_columns(pl.col("y") ** 3)
    assert share_effect(panel_of(cubed), threshold**3) == pytest.approx(plain, abs=1e-12)
    parts = [frame.filter(pl.col("village").is_in(v)) for v in (["v0", "v2"], ["v1", "v3"])]
    one, other = (Moments.from_panel(evalkit.at_least(panel_of(p), threshold)) for p in parts)
    assert evalkit.did(one.merge(other)).values[0] == pytest.approx(plain, abs=1e-10)


def test_no_amount_no_share() -> None:
    with pytest.raises(UsageError, match="a finite number"):
        evalkit.at_least(panel_of(village_panel(1, [2, 0])), float("nan"))


def effects_of(programme: str, indicator: str) -> tuple[Finding, ThresholdEffects]:
    finding = evalkit.evaluate(evalkit.load(DATA / programme), indicator)
    found = evalkit.threshold_effects(finding.programme, indicator)
    assert found is not None
    return finding, found


@pytest.fixture(scope="module")
def grapes() -> tuple[Finding, ThresholdEffects]:
    return effects_of("weinan_teams", INCOME)


@pytest.fixture(scope="module")
def loans() -> tuple[Finding, ThresholdEffects]:
    return effects_of("suqian_post", "loan_disbursed_yuan")


def test_intervals_all_hold_at_once_what_the_scenario_built_in(grapes: tuple[Finding, ThresholdEffects]) -> None:
    """Truth: of those interviewed from their start on, the share at or above with the programme less that without."""
    rows = draw(read_scenario()).rows.filter(pl.col("year") >= pl.col("start"))
    for threshold, effect in zip(grapes[1].thresholds, grapes[1].effects, strict=True):
        with_, without = (float((rows[c] >= threshold).mean()) for c in ("net_per_mu", "net_per_mu_without"))
        row = effect.row("att")
        assert row["conf_low"] < with_ - without < row["conf_high"]


def test_intervals_are_bonferroni_s_and_p_is_holm_s(grapes: tuple[Finding, ThresholdEffects]) -> None:
    found = grapes[1]
    rows = [e.row("att") for e in found.effects]
    for row in rows:
        half = critical(row["df"], 1 - 0.05 / 4) * row["std_error"]
        assert row["conf_high"] - row["estimate"] == pytest.approx(half)
    assert list(found.p_adjusted) == pytest.approx(adjust([r["p_value"] for r in rows], ["all"] * 4))


def test_where_arms_began_unlike_shares_move_apart_without_any_effect() -> None:
    """Two arms grow alike by 2 and nothing works: pilots began 1 above. At 2 the did of shares is far from 0.

    The page's rule sees it: shares at the start differ by more than 5 points. Arms that began alike: did near 0.
    """
    rng = np.random.default_rng(9)
    n = 4000
    for ahead, naive in ((1.0, True), (0.0, False)):
        base = rng.normal(size=n) + ahead * (np.arange(n) < n // 2)
        noise = 0.5 * rng.normal(size=(2, n))
        y = np.concatenate([base + noise[0], base + 2 + noise[1]])
        who = np.tile(np.arange(n), 2)
        frame = pl.DataFrame(
            {
                "household": who,
                "village": who % 20 + 20 * (who < n // 2),
                "first": np.where(who < n // 2, 2, 0),
                "round": np.repeat([1, 2], n),
                "y": y,
            }
        )
        panel = panel_of(frame)
        assert (abs(share_effect(panel, 2.0)) > 0.1) is naive
        assert (start_gap(evalkit.at_least(panel, 2.0), 1) > ALIKE) is naive


def html_of(shown: Block | FigureBlock) -> str:
    return shown.block.html if isinstance(shown, FigureBlock) else shown.html


def test_a_page_shows_them_where_arms_began_alike(grapes: tuple[Finding, ThresholdEffects]) -> None:
    finding, found = grapes
    assert found.starts_alike
    shown = report.thresholds(finding, found)
    assert isinstance(shown, FigureBlock)
    html = shown.block.html
    assert html.count("<figcaption><b>") == html.count('role="img" aria-label="') == html.count("<table>") == 2
    assert "各档校正后的区间都不含零" in html
    assert "金额的走势相同，不等于每一档的占比走势也相同" in html
    assert "need not have been just below it" in html
    assert json.loads(go.Figure(dict(shown.figure)).to_json()) == shown.figure
    assert shown.figure["data"][0]["x"] == pytest.approx([e.row("att")["estimate"] for e in found.effects])


@pytest.mark.parametrize("indicator", ["disposable_income_pc_yuan", "online_sales_yuan"])
def test_a_page_says_why_not_where_arms_began_unlike(indicator: str) -> None:
    finding, found = effects_of("suqian_ecommerce", indicator)
    assert not found.starts_alike
    html = html_of(report.thresholds(finding, found))
    assert "开始前的分布就不相近" in html
    assert "began with different distributions" in html
    assert "<table>" not in html
    for effect in found.effects:
        assert f"{100 * effect.row('att')['estimate']:+.1f}" not in html


def test_drawn_villages_need_no_like_start_and_have_quantiles_beside(loans: tuple[Finding, ThresholdEffects]) -> None:
    finding, found = loans
    html = html_of(report.thresholds(finding, replace(found, start_gaps=(0.5, 0.5, 0.5))))
    assert "由抽签确定，因此各档的差距可以看作项目对占比的影响" in html
    assert found.quantiles is not None
    assert found.quantiles.row("quantile=0.75")["conf_level"] == pytest.approx(1 - 0.05 / 3)
    assert "核对：最后一轮两组的分位数之差" in html


def test_amounts_between_which_few_lie_are_left_out(loans: tuple[Finding, ThresholdEffects]) -> None:
    """Few entities borrowed 40,000 or more before: that threshold is not shown, nor any number of it."""
    finding, found = loans
    assert found.bands is not None
    assert [r.threshold for r in shown_thresholds(finding, found)] == [10_000, 20_000]
    html = html_of(report.thresholds(finding, found))
    assert "4.00万元" not in html
    assert "40,000 yuan" not in html
    assert report.thresholds(finding, replace(found, bands=None)) == Block("")


def test_one_that_moved_apart_before_says_so_in_place_of_a_number(grapes: tuple[Finding, ThresholdEffects]) -> None:
    finding, found = grapes
    html = html_of(report.thresholds(finding, replace(found, p_before=(0.5, 0.01, None, 0.9))))
    row = found.effects[1].row("att")
    assert "开始前走势已不同" in html
    assert f"{100 * row['estimate']:+.1f}个百分点" not in html
    assert "其余各档数据不能判断升降" in html


def test_where_nothing_leaves_zero_out_it_is_not_called_no_effect() -> None:
    finding, found = effects_of("suqian_post", "net_income_yuan")
    html = html_of(report.thresholds(finding, found))
    assert "占比是升是降，数据不能判断" in html
    assert "the data cannot tell whether these shares rose or fell" in html


def test_a_page_that_may_not_attribute_does_not_by_amount(grapes: tuple[Finding, ThresholdEffects]) -> None:
    finding, found = grapes
    gate = replace(finding.gate, claim="change_only", reasons=())
    html = html_of(report.thresholds(replace(finding, gate=gate), found))
    assert "不能把差距归因于项目，各档同样如此" in html
    assert "差距才是项目的影响" not in html


def test_nothing_without_thresholds_or_result(grapes: tuple[Finding, ThresholdEffects]) -> None:
    finding, found = grapes
    assert evalkit.threshold_effects(finding.programme, "wage_income_yuan") is None
    assert report.thresholds(finding, None) == Block("")
    gate = replace(finding.gate, claim="not_reportable")
    assert report.thresholds(replace(finding, gate=gate), found) == Block("")


@pytest.mark.parametrize(
    ("programme", "old", "new", "message"),
    [
        ("weinan_teams", "[10000, 14000, 18000, 22000]", "[10000, 10000]", "thresholds must ascend"),
        (
            "moz_savings",
            "trivial    = 100\n",
            "trivial    = 100\nthresholds = [1000]\n",
            "need rounds before and after",
        ),
    ],
)
def test_mistakes_of_the_plan_are_named(programme: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    text = (DATA / programme / "programme.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "programme.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PlanError, match=message):
        evalkit.load(tmp_path)


def test_a_proportional_effect_is_none_of_a_share(tmp_path: Path) -> None:
    text = (DATA / "suqian_ecommerce" / "programme.toml").read_text(encoding="utf-8")
    text = text.replace('estimator  = "group_time"', 'estimator  = "ppml"', 1)
    (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="thresholds are not for estimator = 'ppml'"):
        evalkit.load(tmp_path)


def test_they_belong_to_the_locked_plan() -> None:
    entries = plan_entries(evalkit.load(DATA / "weinan_teams"))
    assert entries[f"indicators.{INCOME}.thresholds"] == [10000.0, 14000.0, 18000.0, 22000.0]
