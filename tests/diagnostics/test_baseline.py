"""What a plan rests on, read off untreated rows: by hand, from draws with known parts, and what does not matter."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit.diagnostics.baseline import baseline_of, variance_between

DESIGN = evalkit.Design(unit="h", cluster="v", time="t", first_treated="g")
SMALL = pl.DataFrame(
    {
        "h": list("abcdefgh") * 2,
        "v": ["1", "1", "2", "2", "3", "3", "4", "4"] * 2,
        "t": [1] * 8 + [2] * 8,
        "g": [0, 0, 0, 0, 2, 2, 2, 2] * 2,
        "y": [1.0, 3, 5, 7, 20, 22, 24, 26, 2, 2, 6, 6, 90, 90, 90, 90],
    }
)


def test_by_hand() -> None:
    """Villages 1, 2 never start, 3, 4 in round 2, whose rows then are left out (90).

    Round 1: within, each village 2 over 4 households free: W = 8/4 = 2. Between, each group 2 · (2² + 2²) = 16: B = 32
    over 4 − 2 = 2 free villages = 16. n₀ = (8 − 2 · 8/4)/2 = 2. Villages (16 − 2)/2 = 7.
    Round 2: villages 2, 2 | 6, 6: W = 0, B = 16, villages 16/2 = 8. Means: households 1, villages 7.5: variance 8.5.
    Both rounds, villages 1 and 2 only: within (−1, 1)·(0, 0) = 0, between 2 · (−2)(−2) · 2 = 16 over 1, villages 8:
    households correlate 0, villages 8/7.5, held at .99. Mean of (1, 3, 5, 7, 20, 22, 24, 26, 2, 2, 6, 6) = 124/12.
    """
    found = baseline_of(evalkit.Panel.from_frame(SMALL, design=DESIGN, outcome="y"))
    assert (found.sd, found.icc) == pytest.approx((8.5**0.5, 7.5 / 8.5))
    assert (found.autocorrelation, found.village_autocorrelation) == (0.0, 0.99)
    assert (found.n_pilot, found.n_comparison, found.n_villages, found.n_units) == (2, 2, 4, 8)
    assert (found.mean, found.households, found.cv, found.attrition) == pytest.approx((124 / 12, 2.0, 0.0, 0.0))


def drawn(seed: int, villages: int = 400) -> pl.DataFrame:
    """Return 3 rounds of villages of 4 to 8 households; village variance 2 (.75 lasting), household 6 (.5 lasting)."""
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(villages), rng.integers(4, 9, villages))
    shock = rng.normal(size=(villages, 1)) * 1.5**0.5 + rng.normal(size=(villages, 3)) * 0.5**0.5
    own = rng.normal(size=(len(village), 1)) * 3**0.5 + rng.normal(size=(len(village), 3)) * 3**0.5
    y = 50 + shock[village] + own
    start = np.where(village % 4 == 0, 3, 0)
    y[start == 3, 2] += 40
    n = len(village)
    return pl.DataFrame(
        {
            "h": np.repeat(np.arange(n), 3),
            "v": np.repeat(village, 3),
            "t": np.tile([1, 2, 3], n),
            "g": np.repeat(start, 3),
            "y": y.ravel(),
        }
    )


def test_known_parts_are_recovered() -> None:
    """Variance 8, ICC .25, villages correlate .75, households .5: 400 villages give each to about .05 (4 errors).

    The error of a village variance of 2 from 400 villages is 2 · √(2/400) · 1.5 = .2 (a village mean has 3, not 2):
    ICC ± .02, correlation ± .04.
    """
    found = baseline_of(evalkit.Panel.from_frame(drawn(1), design=DESIGN, outcome="y"))
    assert found.sd**2 == pytest.approx(8.0, rel=0.1)
    assert found.icc == pytest.approx(0.25, abs=0.08)
    assert found.autocorrelation == pytest.approx(0.5, abs=0.05)
    assert found.village_autocorrelation == pytest.approx(0.75, abs=0.15)


def test_what_the_programme_changed_plays_no_part() -> None:
    """Another outcome in treated rows, another level of the pilots' group, another order of rows: the same numbers."""
    rows = drawn(2, villages=24)
    treated = (pl.col("g") > 0) & (pl.col("t") >= pl.col("g"))
    other = rows.with_columns(
        pl.when(treated).then(pl.col("y") ** 2).otherwise(pl.col("y")) + pl.when(pl.col("g") > 0).then(7).otherwise(0)
    )
    one, two = (
        baseline_of(evalkit.Panel.from_frame(f, design=DESIGN, outcome="y"))
        for f in (rows, other.sample(fraction=1.0, shuffle=True, seed=1))
    )
    for name in ("sd", "icc", "autocorrelation", "village_autocorrelation", "households", "cv", "n_units"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), rel=1e-9)


def test_anticipation_leaves_the_round_before_out_and_losses_are_counted() -> None:
    design = evalkit.Design(unit="h", cluster="v", time="t", first_treated="g", anticipation=1)
    found = baseline_of(evalkit.Panel.from_frame(SMALL.slice(0, 15), design=design, outcome="y"))
    assert (found.n_villages, found.n_units, found.attrition) == pytest.approx((2, 4, 1 / 8))


def test_one_round_has_no_correlation_and_lone_households_no_likeness() -> None:
    cross = evalkit.Design(cluster="v", treatment="arm")
    rows = SMALL.filter(t=1).with_columns((pl.col("g") > 0).cast(pl.Int8).alias("arm"))
    found = baseline_of(evalkit.Panel.from_frame(rows, design=cross, outcome="y"))
    assert (found.autocorrelation, found.village_autocorrelation, found.n_villages) == (None, None, 2)
    with pytest.raises(evalkit.DesignError, match="several households in a village"):
        baseline_of(evalkit.Panel.from_frame(rows.unique("v"), design=cross, outcome="y"))


def test_variance_between_by_hand() -> None:
    """Villages 1, 3 | 5, 7 | 9, 11: W = 2 + 2 + 2 over 3 = 2; means 2, 6, 10: B = 2 · (16 + 16)/2 = 32; n₀ = 2.

    ICC (32 − 2)/(32 + 2) = 15/17; variance 2 + 30/2 = 17. All have two households: cv 0.
    """
    frame = pl.DataFrame(
        {"village": ["a", "a", "b", "b", "c", "c"], "y": [1.0, 3, 5, 7, 9, 11], "arm": [0, 0, 1, 1, 0, 0]}
    )
    design = evalkit.Design(cluster="village", treatment="arm")
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    assert variance_between(moments) == pytest.approx((17**0.5, 15 / 17, 2.0, 0.0))
    alone = evalkit.Moments.from_frame(frame.unique("village"), design=design, outcomes=["y"])
    with pytest.raises(evalkit.DesignError, match="several households in a village"):
        variance_between(alone)
