"""The figure of a distribution: small bands are joined at the threshold exactly, and shares are of rounded counts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evalkit import report
from evalkit.finding import Finding
from evalkit.programme import Disclosure
from evalkit.report.block import Block
from evalkit.report.disclosure import Size
from evalkit.report.distribution import band_names
from evalkit.report.shown_distribution import Band, merged, shown_bands
from tests.report.test_figures import PAYLOAD
from tests.report.test_strip import limited

LIMITS = Disclosure(min_households=10, min_villages=2)


def band(i: int, n: int, villages: int = 5) -> Band:
    keys = [(arm, when) for arm in ("pilot", "comparison") for when in ("before", "after")]
    sizes = {k: Size(40, 9) for k in keys} | {("pilot", "after"): Size(n, villages)}
    return Band(i, i, sizes, dict.fromkeys(keys, 0.25))


@pytest.mark.parametrize(("n", "kept"), [(9, 3), (10, 4), (11, 4), (0, 4)])
def test_a_band_with_few_households_in_any_cell_is_joined(n: int, kept: int) -> None:
    assert len(merged([band(0, 40), band(1, n), band(2, 40), band(3, 40)], LIMITS)) == kept


@pytest.mark.parametrize(("villages", "kept"), [(1, 3), (2, 4)])
def test_a_band_with_one_village_in_any_cell_is_joined(villages: int, kept: int) -> None:
    assert len(merged([band(0, 40), band(1, 20, villages), band(2, 40), band(3, 40)], LIMITS)) == kept


def test_it_is_joined_with_the_smaller_neighbour() -> None:
    bands = merged([band(0, 60), band(1, 3), band(2, 40), band(3, 40)], LIMITS)
    assert [(b.first, b.last) for b in bands] == [(0, 0), (1, 2), (3, 3)]
    assert bands[1].sizes["pilot", "after"] == Size(43, 5)
    assert bands[1].shares["pilot", "after"] == 0.5


def test_a_page_shows_shares_of_rounded_counts(income: Finding) -> None:
    bands = shown_bands(income)
    assert len(bands) >= 3
    rows = income.spread.distribution.rows
    for key in bands[0].shares:
        n = sum(r["n_units"] for r in rows.to_dicts() if (r["arm"], r["round"]) == key)
        base = (n + 5) // 10 * 10
        assert all(abs(b.shares[key] * base - round(b.shares[key] * base)) < 1e-9 for b in bands)
        assert sum(b.shares[key] for b in bands) == pytest.approx(1.0, abs=len(bands) / base)


def test_the_figure_says_what_its_table_says(income: Finding) -> None:
    """The lowest band in the title, a mark for each share, hollow and full; bands follow one another."""
    html = report.distribution(income).block.html
    bands, found = shown_bands(income), income.spread.distribution
    data = json.loads(PAYLOAD.findall(html)[0])["data"]
    assert data[1]["x"] == [b.shares["pilot", "before"] for b in bands]
    assert (data[1]["marker"]["symbol"], data[2]["marker"]["symbol"]) == ("circle-open", "circle")
    names = band_names(income, found, bands, "zh")
    assert f"人均可支配收入{names[0]}的农户占比：试点村由{bands[0].shares['pilot', 'before']:.1%}变为" in html
    assert names[0].startswith("低于")
    assert names[-1].endswith("及以上")
    assert "不是效果" in html


def test_nothing_for_shares_secondary_indicators_and_withheld_arms(income: Finding, saved: Finding) -> None:
    share = income.indicator.model_copy(update={"unit": "share"})
    assert report.distribution(replace(income, indicator=share)) == Block("")
    assert report.distribution(saved) == Block("")
    assert report.distribution(limited(income, min_households=10_000)) == Block("")
