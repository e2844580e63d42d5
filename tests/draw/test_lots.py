"""Lots: places by stratum, tickets that any program can check, and every village its chance."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit.draw.lots import shares, ticket

VILLAGES = pl.DataFrame(
    {
        "village": [f"V{i:02d}" for i in range(12)],
        "county": ["A"] * 6 + ["B"] * 4 + ["C"] * 2,
        "income_yuan": [100.0, 900, 110, 880, 500, 520, 300, 310, 700, 720, 50, 60],
        "households": [40, 90, 41, 88, 60, 61, 50, 52, 80, 79, 30, 31],
    }
)


def arms(drawn: object) -> dict[str, str]:
    return dict(drawn.rows.select("village", "arm").iter_rows())  # type: ignore[attr-defined]


def test_a_ticket_is_what_sha256sum_prints() -> None:
    """printf '%s' '2026-12-01:V07' | sha256sum  (coreutils 9.1, by hand on 26 November 2026)."""
    assert ticket("2026-12-01", "V07") == "505b5d4e2864c86b6cb73d3dca9907cfd9e04fc18b38634aee5a5b1be6c82ac9"
    assert ticket("2026-12-01", "七里村") == hashlib.sha256("2026-12-01:七里村".encode()).hexdigest()


def test_places_by_hand() -> None:
    """5, 3 and 2 villages, 4 pilots: 2, 1.2, .8: 2, 1, 0 and the last place to the third, whose rest is largest.

    Two equal rests: the earlier stratum. 6, 4, 2 and 6 pilots: half of each.
    """
    assert shares([5, 3, 2], 4) == [2, 1, 1]
    assert shares([3, 3], 3) == [2, 1]
    assert shares([6, 4, 2], 6) == [3, 2, 1]


def test_the_lowest_tickets_of_a_stratum_are_its_pilots() -> None:
    drawn = evalkit.draw_villages(VILLAGES, village="village", seed="s", pilot=6, strata=["county"])
    for county, quota in (("A", 3), ("B", 2), ("C", 1)):
        own = VILLAGES.filter(county=county)["village"].to_list()
        lowest = sorted(own, key=lambda v: hashlib.sha256(f"s:{v}".encode()).hexdigest())[:quota]
        assert {v for v in own if arms(drawn)[v] == "pilot"} == set(lowest)
    assert drawn.rows["chance"].unique().to_list() == [0.5]


@settings(max_examples=40)
@given(seed=st.text(min_size=1, max_size=8), pilot=st.integers(4, 8), order=st.randoms(use_true_random=False))
def test_the_same_whatever_the_order_of_rows_and_columns(seed: str, pilot: int, order: object) -> None:
    """And as many pilots as asked for, each stratum with both arms."""
    places = list(range(12))
    order.shuffle(places)  # type: ignore[attr-defined]
    named = {"village": "village", "seed": seed, "pilot": pilot, "strata": ["county"]}
    one = evalkit.draw_villages(VILLAGES, **named)  # type: ignore[arg-type]
    other = evalkit.draw_villages(VILLAGES[places].select(reversed(VILLAGES.columns)), **named)  # type: ignore[arg-type]
    assert one.rows.equals(other.rows)
    assert one.rows_sha256 == other.rows_sha256
    assert one.count("pilot") == pilot
    assert one.rows.group_by("stratum").agg(pl.col("arm").n_unique())["arm"].to_list() == [2, 2, 2]


def test_every_village_is_a_pilot_as_often_as_its_chance_says() -> None:
    """400 seeds, chance 1/3, 1/4 and 1/2: shares within 4 · √(.25/400) = .1; and villages are drawn apart.

    Two of six with two places are both pilots with probability 2/6 · 1/5 = 1/15, ± 4 · √(.062/400) = .05.
    """
    drawn = [
        arms(evalkit.draw_villages(VILLAGES, village="village", seed=str(s), pilot=4, strata=["county"]))
        for s in range(400)
    ]
    pilot = np.array([[a[v] == "pilot" for v in VILLAGES["village"]] for a in drawn])
    assert pilot.mean(axis=0) == pytest.approx([2 / 6] * 6 + [1 / 4] * 4 + [1 / 2] * 2, abs=0.1)
    assert (pilot[:, 0] & pilot[:, 5]).mean() == pytest.approx(1 / 15, abs=0.05)


def test_one_of_each_pair_is_a_pilot() -> None:
    """Within counties the alike are plain to see: (0, 2), (1, 3), (4, 5), (6, 7), (8, 9), (10, 11)."""
    drawn = evalkit.draw_villages(
        VILLAGES, village="village", seed="x", strata=["county"], pairs=["income_yuan", "households"]
    )
    pairs = drawn.rows.group_by("pair").agg("village", "arm").sort("pair")
    assert sorted(map(sorted, pairs["village"])) == [
        [f"V{i:02d}", f"V{j:02d}"] for i, j in ((0, 2), (1, 3), (4, 5), (6, 7), (8, 9), (10, 11))
    ]
    assert all(sorted(a) == ["comparison", "pilot"] for a in pairs["arm"])


def test_of_an_odd_number_the_one_that_is_like_no_other_is_left_over() -> None:
    odd = VILLAGES.head(4).vstack(VILLAGES.head(1).with_columns(village=pl.lit("far"), income_yuan=pl.lit(5000.0)))
    drawn = evalkit.draw_villages(odd, village="village", seed="x", pairs=["income_yuan"])
    assert arms(drawn)["far"] == "left_over"
    assert drawn.count("pilot") == drawn.count("comparison") == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": ""}, "seed: it is empty"),
        ({"village": "vilage"}, "nearest: 'village'"),
        ({"pilot": None}, "neither a number of pilots nor pairs"),
        ({"pairs": ["households"]}, "both a number of pilots and pairs"),
        ({"pilot": 12}, "12 pilots of 12 villages"),
        ({"pilot": 1, "strata": ["county"]}, "leave strata"),
        ({"pilot": None, "pairs": ["county"]}, "are no numbers"),
        ({"village": "county"}, "stand in several rows"),
    ],
)
def test_what_cannot_be_drawn(change: dict[str, object], words: str) -> None:
    named = {"village": "village", "seed": "s", "pilot": 6, **change}
    with pytest.raises(evalkit.EvalkitError) as error:
        evalkit.draw_villages(VILLAGES, **named)  # type: ignore[arg-type]
    assert words in str(error.value)


def test_a_missing_value_is_refused() -> None:
    holes = VILLAGES.with_columns(pl.when(pl.col("village") == "V03").then(None).otherwise("county").alias("county"))
    with pytest.raises(evalkit.DataError, match="1 villages have none"):
        evalkit.draw_villages(holes, village="village", seed="s", pilot=6, strata=["county"])
