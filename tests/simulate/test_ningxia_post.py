"""The simulated programme by month: the same bytes, a truth counted anew, what the pages say, and recovery."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import report
from evalkit.batch.villages import n_treated
from evalkit.finding import Finding
from evalkit.report.publishable import publishable
from evalkit.simulate import replicate, write_programme
from evalkit.simulate.months import month
from evalkit.simulate.ningxia_post.draw import draw
from evalkit.simulate.ningxia_post.scenario import read_scenario

FOLDER = Path(__file__).parents[2] / "data_raw" / "ningxia_post"
BOUGHT, SOLD, PARCELS, ACCOUNT = "origin_purchases_yuan", "post_sales_yuan", "parcels_number", "has_account"
DESIGN = evalkit.Design(unit="customer_id", cluster="place_id", time="month", first_treated="start_month")


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    return _finding(tmp_path_factory, BOUGHT)


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    return _finding(tmp_path_factory, PARCELS)


def _finding(tmp: pytest.TempPathFactory, indicator: str) -> Finding:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_CACHE", str(tmp.getbasetemp() / "ningxia"))
        return evalkit.evaluate(evalkit.load(FOLDER), indicator)


def test_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    written = write_programme("ningxia_post", tmp_path)
    assert len(written) == 7
    for file in written:
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


def test_truth_by_counting_anew() -> None:
    """Purchases: twelve months of the article's 2 million yuan over 3,000 households, seven tenths of them new: 38.9.

    2,000,000 / 3,000 / 12 = 55.6; · 0.7 = 38.9. Accounts: the realised difference, counted from the rows.
    """
    effect = read_scenario().processes["purchases"].effect
    assert np.mean(effect) == pytest.approx(2_000_000 / 3_000 / 12 * 0.7, abs=0.1)
    truth = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["indicators"]
    assert truth[BOUGHT]["att"] == pytest.approx(np.mean(effect), abs=1e-4)
    rows = draw(read_scenario()).rows.filter(pl.col("month") >= pl.col("start")).drop_nulls("account")
    by_place = rows.group_by("place", "month").agg(pl.col("account_effect").mean())
    assert truth[ACCOUNT]["att"] == pytest.approx(by_place["account_effect"].mean(), abs=1e-4)


def test_no_amount_is_negative() -> None:
    rows = draw(read_scenario()).rows
    assert rows.select(pl.min_horizontal(pl.col("purchases", "parcels", "sales").min())).item() > 0


def test_plain_differences_are_wrong_and_the_plan_is_right() -> None:
    """Six draws: did misses by 14 on average, more than ten standard errors; the plan's estimator by less than 1.5."""
    misses = []
    for seed in range(1, 7):
        drawn = replicate("ningxia_post", seed, holds=True)
        moments = evalkit.Moments.from_frame(drawn.frame.drop_nulls([BOUGHT]), design=DESIGN, outcomes=[BOUGHT])
        values = (evalkit.did(moments).values[0], evalkit.synthetic_factors(moments).values[0])
        misses.append(np.array(values) - drawn.truth[BOUGHT])
    did, planned = np.mean(misses, axis=0)
    assert did > 10 * np.std(misses, axis=0, ddof=1)[0] / np.sqrt(6)
    assert abs(planned) < 1.5


def test_orders_and_shares_follow_the_purchases() -> None:
    """42 yuan an order; the share is that in all produce. The plan finds both to 6 %, did is off by 15 % and more."""
    drawn = replicate("ningxia_post", 1, holds=True)
    frame = drawn.frame.drop_nulls([BOUGHT])
    assert (frame["orders_number"] * 42).to_numpy() == pytest.approx(frame[BOUGHT].to_numpy())
    other = frame[BOUGHT] / frame["origin_share"] - frame[BOUGHT]
    assert (other.mean(), other.std()) == pytest.approx((230, 22), rel=0.05)
    for name in ("orders_number", "origin_share"):
        moments = evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=[name])
        truth = drawn.truth[name]
        assert evalkit.synthetic_factors(moments).values[0] == pytest.approx(truth, rel=0.06)
        assert evalkit.did(moments).values[0] > 1.15 * truth


def test_what_breaks_is_left_out_where_it_holds() -> None:
    """Lockers raise parcels by 1.1 in the eight months before the start, in paired communities only."""
    start = month("2018-07")
    means = []
    for holds in (True, False):
        frame = replicate("ningxia_post", 3, holds=holds).frame.drop_nulls([PARCELS])
        early = frame.filter(pl.col("start_month").is_not_null() & pl.col("month").is_between(start - 8, start - 1))
        means.append(early[PARCELS].mean())
    assert means[1] - means[0] == pytest.approx(1.1)


def test_the_plan_finds_what_was_built_in(bought: Finding) -> None:
    assert bought.truth is not None
    assert bought.naive is not None
    truth, row = bought.truth["att"], bought.main.row("att")
    assert row["conf_low"] < truth < row["conf_high"]
    assert bought.naive.row("att")["estimate"] > 1.9 * truth
    did = dict(bought.robustness)["did"].row("att")
    assert did["conf_low"] > truth
    assert bought.gate.claim == "effect_if_parallel_trends"
    assert bought.flow.adds_up()


def test_the_page_speaks_of_months(bought: Finding) -> None:
    html = report.means(bought).block.html
    assert "2016年1月至2019年6月" not in html
    assert "2018年6月至2019年6月" in html
    assert "<summary>表中共42行</summary>" in html
    assert '"tickformat": "%Y-%m"' in html
    assert "项目前 (2018-06)" in report.four_cell(bought).html
    assert "距项目开始的月数" in report.gap(bought).block.html


def test_checks_of_the_synthetic_comparison(bought: Finding) -> None:
    found, html = bought.match, report.match_checks(bought).html
    assert found is not None
    assert found.n_sets == 199
    assert found.without is not None
    assert found.without[0] < bought.main.row("att")["estimate"] < found.without[1]
    assert "假定项目从2017年9月就开始" in html
    assert "As if the programme had begun in September 2017" in html
    assert found.jackknife is None  # weights of either sign
    assert "刀切法" not in html
    assert publishable(bought)["match"]["lines"] == ()


def test_the_page_notices_what_came_before_the_programme_and_says_less(parcels: Finding) -> None:
    assert parcels.gate.claim == "change_only"
    assert [r.code for r in parcels.gate.reasons] == ["chosen", "match_poor"]
    assert report.headline(parcels, "zh").endswith(
        "但项目开始前试点社区就与合成对照不相合，这不是对项目效果的可靠估计，不能归因于项目。"
    )
    assert "不相合" in report.match_checks(parcels).html


def test_one_township_is_no_matter_for_public_pages() -> None:
    programme = evalkit.load(FOLDER)
    assert n_treated(programme) == 4
    assert n_treated(programme, BOUGHT) == 3
    assert n_treated(programme, SOLD) == 1
