"""Where both kinds of villages stood before, as they are and weighted: by hand, and what is not shown."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import evalkit
from evalkit import Design, Moments, report
from evalkit.diagnostics.balancing import Balancing, Gap, balancing_of
from evalkit.finding import Finding
from tests.estimators.test_group_balanced import HAND


def test_by_hand() -> None:
    """The pilot had 15, a, b, c had 10, 10, 20: 40/3 as they are, 15 weighted 1/4, 1/4, 1/2: 1/(2/16 + 1/4) = 8/3."""
    design = Design(unit="h", cluster="v", time="t", first_treated="g", comparison="never")
    found = balancing_of(Moments.from_frame(HAND, design=design, outcomes=["y"]))
    assert found.first == found.last
    assert found.last is not None
    assert (found.last.pilot, found.last.comparison, found.last.weighted) == pytest.approx((15, 40 / 3, 15))
    assert (found.villages, found.units) == ((1, 3), (1, 3))
    assert found.effective == pytest.approx(8 / 3)


def test_cohorts_are_averaged_by_their_size() -> None:
    """A second cohort of two households with 12 in round 1 starts in round 3; it serves for the first (not_yet).

    Pilots: (15 + 2 · 12)/3 = 13 in round 1, to which both are balanced.
    """
    later = pl.DataFrame(
        {
            "v": ["q"] * 6,
            "h": ["q", "r"] * 3,
            "t": [1, 1, 2, 2, 3, 3],
            "g": [3] * 6,
            "y": [12.0, 12, 14, 14, 20, 20],
        }
    )
    more = HAND.filter(t=2).with_columns(t=pl.lit(3, pl.Int64))
    rows = pl.concat([HAND, more, later], how="vertical_relaxed")
    design = Design(unit="h", cluster="v", time="t", first_treated="g", comparison="not_yet")
    found = balancing_of(Moments.from_frame(rows, design=design, outcomes=["y"]))
    assert found.first is not None
    assert (found.first.pilot, found.first.weighted) == pytest.approx((13, 13))
    assert (found.villages, found.units) == ((2, 4), (3, 5))


def test_without_weights_there_are_no_means() -> None:
    design = Design(unit="h", cluster="v", time="t", first_treated="g", comparison="never")
    beyond = HAND.with_columns(pl.when(pl.col("v") == "p").then(pl.col("y") + 20).otherwise("y").alias("y"))
    found = balancing_of(Moments.from_frame(beyond, design=design, outcomes=["y"]))
    assert (found.first, found.last, found.villages) == (None, None, (1, 3))


@pytest.fixture(scope="module")
def finding(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Finding:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return evalkit.evaluate(evalkit.load(root / "data_raw/weinan_teams"), "sales_per_mu_yuan")


def shown(finding: Finding, found: Balancing | None) -> str:
    return re.sub(r"<[^>]+>", " ", report.balancing(finding, found).html)


FOUND = Balancing(Gap(13000.0, 14000.0, 13000.0), Gap(15000.0, 16000.0, 15000.0), (14, 17), (140, 170), 6.25)


def test_the_page_shows_both_means_and_on_how_many_villages_they_rest(finding: Finding) -> None:
    text = shown(finding, FOUND)
    for words in (
        "1.30万元/亩",
        "16,000 yuan per mu",
        "加权后的17个村，精度只相当于6.2个",
        "17 villages are as precise as 6.2",
    ):
        assert words in text


def test_small_arms_are_not_shown_and_a_plan_without_it_has_no_block(finding: Finding) -> None:
    """Thresholds of weinan_teams: 10 households, 2 villages."""
    for villages, units in (((1, 17), (140, 170)), ((14, 17), (9, 170)), ((14, 1), (140, 170))):
        assert shown(finding, Balancing(FOUND.first, FOUND.last, villages, units, 6.2)) == ""
    assert shown(finding, None) == ""


def test_where_none_were_found_the_page_says_so_without_a_mean(finding: Finding) -> None:
    text = shown(finding, Balancing(None, None, (14, 17), (140, 170), 0.0))
    assert "怎样加权也凑不出来" in text
    assert "yuan" not in text
