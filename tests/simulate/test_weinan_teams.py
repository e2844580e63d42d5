"""Red Assistance Teams: the same bytes, a truth that is recounted, estimates that find it, pages that say less."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, Finding, Moments, Panel
from evalkit.intake import read_truth
from evalkit.report.statement import headline
from evalkit.simulate import replicate, write_programme
from evalkit.simulate.weinan_teams.draw import draw
from evalkit.simulate.weinan_teams.places import DEMONSTRATION, LINKED, UNLINKED
from evalkit.simulate.weinan_teams.queue import draw_requests
from evalkit.simulate.weinan_teams.scenario import read_scenario

FOLDER = Path(__file__).parents[2] / "data_raw" / "weinan_teams"
DESIGN = Design(unit="household_id", cluster="village_id", time="year", first_treated="adoption_year")
SEEDS = range(8)


def test_committed_files_are_what_the_command_writes(tmp_path: Path) -> None:
    for file in write_programme("weinan_teams", tmp_path):
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name


def test_truth_by_counting_anew() -> None:
    """The step of the yield for years since the start, times what reaches the group, over interviews after it."""
    scenario = read_scenario()
    steps, web = scenario.processes["yield"].effect, scenario.tables["web"]
    rows = draw(scenario).rows.filter(pl.col("year") >= pl.col("start"))
    truth = read_truth(evalkit.load(FOLDER))
    assert truth is not None
    found = truth["yield_per_mu_kg"]
    reach = {DEMONSTRATION: 1.0, LINKED: web["linked"], UNLINKED: web["unlinked"]}
    for term, place in {"direct": DEMONSTRATION, "spillover": LINKED, "unlinked": UNLINKED}.items():
        own = rows.filter(pl.col("place") == place)
        effect = [steps[y - s] * reach[place] for y, s in own.select("year", "start").iter_rows()]
        assert found[term] == pytest.approx(np.mean(effect), abs=0.001)
    parts = {p: rows.filter(pl.col("place") == p).height for p in reach}
    total = sum(found[t] * parts[p] for t, p in zip(("direct", "spillover", "unlinked"), parts, strict=True))
    assert found["att"] == pytest.approx(total / sum(parts.values()), abs=0.001)


def test_each_demonstration_household_guides_ten_to_twenty_where_there_are_that_many() -> None:
    places = draw(read_scenario()).places
    villages = places.villages.filter(pl.col("start").is_not_null())["village"]
    for village in villages:
        own = places.home == village
        assert (own & (places.place == DEMONSTRATION)).sum() == 10
        guided = np.unique(places.guide[own & (places.place == LINKED)], return_counts=True)[1]
        ordinary = int(own.sum()) - 10
        assert guided.max() <= 20
        assert guided.min() >= 10 or guided.sum() == int(0.65 * ordinary)
        assert (own & (places.place == UNLINKED)).any()


def test_requests_come_in_order_and_open_ones_are_cut_at_the_end() -> None:
    scenario = read_scenario()
    places = draw(scenario).places
    log = draw_requests(scenario, places, np.random.default_rng(3))
    assert log.filter((pl.col("accepted") < pl.col("filed")) | (pl.col("closed") < pl.col("accepted"))).height == 0
    assert log.select(pl.max_horizontal(pl.all().exclude("village", "topic").max())).item() <= dt.date(2023, 12, 31)
    first = log.group_by("village").agg(pl.col("accepted").min().dt.year().alias("year"))
    starts = places.villages.join(first, on="village", how="left")
    assert starts["start"].equals(starts["year"].cast(pl.Int64), null_equal=True)
    assert log["accepted"].null_count() > 0


def errors(indicator: str, *, holds: bool) -> pl.DataFrame:
    """Return estimate less truth of several draws: by `spillover`, and of the pilots' own change."""
    found = []
    for seed in SEEDS:
        drawn = replicate("weinan_teams", seed, holds=holds)
        panel = Panel.from_frame(drawn.frame, design=DESIGN, outcome=indicator, covariates=("exposure",))
        truth = drawn.truth[indicator]
        naive = evalkit.pre_post(Moments.from_panel(panel)).values[0]
        found.append((evalkit.spillover(panel).values[0] - truth, naive - truth))
    return pl.DataFrame(found, schema=["right", "naive"], orient="row")


def bounds(values: pl.Series) -> tuple[float, float]:
    half = 4 * float(values.std()) / len(values) ** 0.5  # type: ignore[arg-type]
    return float(values.mean()) - half, float(values.mean()) + half  # type: ignore[arg-type]


@pytest.mark.parametrize("indicator", ["sales_per_mu_yuan", "online_sales_yuan", "wage_income_yuan"])
def test_the_plan_recovers_the_truth_where_its_assumption_holds(indicator: str) -> None:
    """Four Monte-Carlo standard errors over eight draws; the pilots' own change is above the truth by more."""
    found = errors(indicator, holds=True)
    low, high = bounds(found["right"])
    assert low < 0 < high
    assert bounds(found["naive"])[0] > 0


def test_a_trend_of_their_own_breaks_it() -> None:
    assert bounds(errors("online_sales_yuan", holds=False)["right"])[0] > 0


@pytest.fixture(scope="module")
def income() -> Finding:
    return evalkit.evaluate(evalkit.load(FOLDER), "net_income_per_mu_yuan")


def test_every_group_is_found_and_neighbours_mislead(income: Finding) -> None:
    """One draw: the 99 % intervals hold the truth; the 95 % interval within pilot villages misses the direct effect."""
    assert income.truth is not None
    result = evalkit.infer(income.main.estimate, level=0.99)
    for term, key in {"total": "att", "direct": "direct", "spillover": "spillover", "unlinked": "unlinked"}.items():
        row = result.row(term)
        assert row["conf_low"] < income.truth[key] < row["conf_high"], term
    assert income.main.row("direct_less_unlinked")["conf_high"] < income.truth["direct"]
    assert income.gate.claim == "effect_if_parallel_trends"
    assert income.flow.adds_up()


def test_the_page_says_less_where_villages_that_ask_first_were_on_another_path() -> None:
    finding = evalkit.evaluate(evalkit.load(FOLDER), "online_sales_yuan")
    assert finding.truth is not None
    assert finding.main.row("att")["conf_low"] > finding.truth["att"]
    assert finding.gate.claim == "change_only"
    assert "not a reliable estimate of the effect" in headline(finding, "en")
    assert "不能归因于项目" in headline(finding, "zh")
