"""Proportional effects by Poisson: by hand, separation, households without sales, and what cannot matter."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, Moments
from evalkit.estimators import multinomial_refits
from tests.small_panels import Array, dummies

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")

# Two pilot villages (A, B), two others (C, D), two rounds, pilots start in round 2.
#          round 1, round 2        of a village's total, in round 2
#   A  a1     2        6
#      a2     2        2           8 of 12        pilot: 12 of 18, so 12/6 = 2 times round 1
#   B  b1     1        3
#      b2     1        1           4 of 6
#   C  c1     4        3
#      c2     4        3           6 of 14        comparison: 12 of 24, so 12/12 = 1 times round 1
#   D  d1     2        4
#      d2     2        2           6 of 10
SMALL = pl.DataFrame(
    [
        (name, name[0].upper(), t, 2 if name[0] in "ab" else 0, float(y))
        for name, ys in {
            "a1": (2, 6),
            "a2": (2, 2),
            "b1": (1, 3),
            "b2": (1, 1),
            "c1": (4, 3),
            "c2": (4, 3),
            "d1": (2, 4),
            "d2": (2, 2),
        }.items()
        for t, y in enumerate(ys, 1)
    ],
    schema=["household", "village", "round", "first", "y"],
    orient="row",
)


def _moments(rows: pl.DataFrame = SMALL, design: Design = DESIGN) -> Moments:
    return Moments.from_frame(rows, design=design, outcomes=["y"])


def test_the_ratio_of_ratios() -> None:
    """(12/6)/(12/12) = 2: the mean is doubled, b = log 2.

    Score of a village: its sum in round 2 less π times its total, π = 2/3 for pilots and 1/2 for the others:
    A 8 − 8 = 0, B 4 − 4 = 0, C 6 − 7 = −1, D 6 − 5 = 1. The information of round 2 is 18 · 2/9 = 4 among pilots and
    24/4 = 6 among the others; the others' scores enter b by −1/6: Σψ² = 2/36. G/(G−1) = 4/3; N = 16, K = 3: 15/13.
    """
    fitted = evalkit.ppml(_moments())
    assert fitted.values[0] == pytest.approx(1.0, rel=1e-10)
    assert fitted.columns["log_ratio"][0] == pytest.approx(math.log(2), rel=1e-10)
    row = evalkit.infer(fitted, "crv1").row("att")
    error = (2 / 36 * 4 / 3 * 15 / 13) ** 0.5
    assert row["std_error"] == pytest.approx(2 * error, rel=1e-9)
    assert row["statistic"] == pytest.approx(math.log(2) / error, rel=1e-9)
    reach = math.log(row["conf_high"] + 1) - math.log(2)
    assert math.log(row["conf_low"] + 1) == pytest.approx(math.log(2) - reach, rel=1e-9)
    assert (row["n_obs"], row["n_units"], row["n_clusters"]) == (16, 8, 4)


def test_jackknife_is_of_the_logarithm() -> None:
    """Without A or B the pilots' ratio stays 2; without C the others' is 6/4, without D 6/8."""
    row = evalkit.infer(evalkit.ppml(_moments()), "crv3").row("att")
    away = np.log([2, 2, 2 / 1.5, 2 / 0.75]) - math.log(2)
    assert row["std_error"] == pytest.approx(2 * (3 / 4 * (away**2).sum()) ** 0.5, rel=1e-8)


def test_households_without_sales_are_counted_and_change_nothing() -> None:
    idle = pl.DataFrame(
        [(f"{v}0", v, t, 2 if v in "AB" else 0, 0.0) for v in "ABCD" for t in (1, 2)], schema=SMALL.schema, orient="row"
    )
    fitted, plain = evalkit.ppml(_moments(pl.concat([SMALL, idle]))), evalkit.ppml(_moments())
    assert evalkit.infer(fitted, "crv1").tidy().equals(evalkit.infer(plain, "crv1").tidy())
    assert "4 households without any positive outcome" in fitted.notes[0]
    assert fitted.counts.n_units == 8


def test_a_round_of_zeros_is_separated() -> None:
    """In round 0 nobody sold anything: its effect is −∞ and its 8 rows say nothing."""
    before = SMALL.filter(pl.col("round") == 1).with_columns(pl.lit(0, pl.Int64).alias("round"), pl.lit(0.0).alias("y"))
    fitted = evalkit.ppml(_moments(pl.concat([before, SMALL])))
    assert fitted.values[0] == pytest.approx(1.0, rel=1e-9)
    assert fitted.counts.n_obs == 16
    assert "8 rows of zeros are separated" in fitted.notes[0]
    error = evalkit.infer(fitted, "crv1").std_error[0]
    assert error == pytest.approx(evalkit.infer(evalkit.ppml(_moments()), "crv1").std_error[0], rel=1e-8)


def test_villages_without_any_sales_are_no_clusters() -> None:
    """In E (a pilot) and F nobody ever sells: all stays as with A to D, and G is 4."""
    idle = [(f"{v}{h}", v, t, 2 if v == "E" else 0, 0.0) for v in "EF" for h in (1, 2) for t in (1, 2)]
    rows = pl.concat([SMALL, pl.DataFrame(idle, schema=SMALL.schema, orient="row")])
    fitted, plain = evalkit.ppml(_moments(rows)), evalkit.ppml(_moments())
    assert evalkit.infer(fitted, "crv1").tidy().equals(evalkit.infer(plain, "crv1").tidy())
    assert fitted.basis.clusters == ("A", "B", "C", "D")


def test_households_without_sales_do_not_hide_separation() -> None:
    """Round 0 is zero for all: its effect is −∞. For those without any sales every effect is as good, so they say
    nothing against it, whether they were seen in round 0 or not: 8 rows of zeros go, 16 stay, the ratio is 2.
    """
    before = SMALL.filter(pl.col("round") == 1).with_columns(pl.lit(0, pl.Int64).alias("round"), pl.lit(0.0).alias("y"))
    seen = {"A0": (0, 1, 2), "C0": (0, 1, 2), "B0": (1, 2), "D0": (1, 2)}
    idle = [(name, name[0], t, 2 if name[0] in "AB" else 0, 0.0) for name, rounds in seen.items() for t in rounds]
    rows = pl.concat([before, SMALL, pl.DataFrame(idle, schema=SMALL.schema, orient="row")])
    fitted = evalkit.ppml(_moments(rows))
    assert fitted.values[0] == pytest.approx(1.0, rel=1e-9)
    assert fitted.counts.n_obs == 16
    assert "8 rows of zeros are separated (no finite fit) and were left out" in fitted.notes


@pytest.mark.parametrize("arm", ["treated", "comparison"])
def test_an_arm_without_any_sales_after_the_start_has_no_ratio(arm: str) -> None:
    pilots = pl.col("village").is_in(["A", "B"])
    gone = (pl.col("round") == 2) & (pilots if arm == "treated" else ~pilots)
    with pytest.raises(evalkit.DesignError, match="treatment cannot be told from household and round effects"):
        evalkit.ppml(_moments(SMALL.with_columns(pl.when(gone).then(0.0).otherwise("y").alias("y"))))


def test_a_village_that_carries_the_ratio_leaves_no_jackknife() -> None:
    """Only A sells after the start: without it there is no finite ratio, so the term is null, not a huge number."""
    gone = (pl.col("round") == 2) & (pl.col("village") == "B")
    result = evalkit.infer(
        evalkit.ppml(_moments(SMALL.with_columns(pl.when(gone).then(0.0).otherwise("y").alias("y"))))
    )
    assert result.method == "crv3"
    assert np.isnan(result.std_error[0])


def test_negative_outcomes_are_refused() -> None:
    rows = SMALL.with_columns(pl.col("y") - 3)
    with pytest.raises(evalkit.DataError, match="negative values"):
        evalkit.ppml(_moments(rows))


def test_weights_that_change_by_round_are_refused() -> None:
    rows = SMALL.with_columns((pl.col("round") * 1.0 + (pl.col("household") == "a1")).alias("w"))
    design = Design(unit="household", cluster="village", time="round", first_treated="first", weights="w")
    with pytest.raises(evalkit.DataError, match="one weight a household"):
        evalkit.ppml(_moments(rows, design))


def _dense(rows: pl.DataFrame) -> float:
    """Return b of a Poisson regression with a dummy for each household and round, by plain Newton on rows."""
    treated = ((rows["first"] > 0) & (rows["round"] >= rows["first"])).to_numpy().astype(float)
    x = np.column_stack([dummies(rows["household"]), dummies(rows["round"])[:, 1:], treated])
    y = rows["y"].to_numpy()
    beta: Array = np.zeros(x.shape[1])
    beta[: rows["household"].n_unique()] = np.log(y.mean())
    for _ in range(200):
        mean = np.exp(x @ beta)
        step = np.linalg.solve(x.T @ (x * mean[:, None]), x.T @ (y - mean))
        beta = beta + step / max(1.0, np.abs(step).max())
        if np.abs(step).max() < 1e-12:
            break
    return float(beta[-1])


def _draw(seed: int, villages: int = 8) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (f"h{v}_{h}", f"v{v}", t, first, float(rng.poisson(own * (1.5 if first and t >= first else 1.0))))
        for v in range(villages)
        for first in [(0, 2, 3, 0)[v % 4]]
        for h in range(5)
        for own in [rng.uniform(0.5, 8)]
        for t in (1, 2, 3)
        if rng.random() > 0.2
    ]
    return pl.DataFrame(rows, schema=["household", "village", "round", "first", "y"], orient="row")


@pytest.mark.parametrize("seed", range(4))
def test_dense_poisson_with_dummies(seed: int) -> None:
    """The sums by pattern give what a dummy for each household gives, to the precision of Newton's last step."""
    rows = _draw(seed)
    sells = rows.filter(pl.col("y").sum().over("household") > 0)
    assert evalkit.ppml(_moments(rows)).columns["log_ratio"][0] == pytest.approx(_dense(sells), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_refits_together_are_those_of_each_alone(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Steps of many villages with one Hessian end where a fit of its own does; and both at the rows without it."""
    rows = _draw(seed)
    fitted = evalkit.ppml(_moments(rows))
    together = fitted.basis.left_out()
    monkeypatch.setattr(multinomial_refits, "MAX_STEPS", 0)
    alone = fitted.basis.left_out()
    assert together == pytest.approx(alone, abs=1e-10)
    without = evalkit.ppml(_moments(rows.filter(pl.col("village") != fitted.basis.clusters[2])))
    assert alone[2, 0] == pytest.approx(without.columns["log_ratio"][0], abs=1e-10)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e4))
def test_unit_order_and_parts_do_not_matter(seed: int, scale: float) -> None:
    """A percentage does not depend on the unit of money; offices' sums add; order of rows is nothing."""
    rows = _draw(seed)
    assume(rows["household"].n_unique() > 20)
    before = evalkit.infer(evalkit.ppml(_moments(rows)), "crv1")
    other = rows.with_columns(pl.col("y") * scale).sample(fraction=1, shuffle=True, seed=seed)
    sides = [
        _moments(other.filter(pl.col("village").is_in([f"v{v}" for v in half]))) for half in (range(3), range(3, 8))
    ]
    after = evalkit.infer(evalkit.ppml(sides[0].merge(sides[1])), "crv1")
    assert after.estimate.values == pytest.approx(before.estimate.values, rel=1e-7, abs=1e-9)
    assert after.std_error == pytest.approx(before.std_error, rel=1e-6)
    assert after.estimate.counts == before.estimate.counts


def test_stored_moments_say_the_same(tmp_path: object) -> None:
    from pathlib import Path

    moments = _moments(_draw(1))
    again = Moments.read(moments.write(Path(str(tmp_path)) / "m.parquet"))
    assert evalkit.ppml(again).values[0] == evalkit.ppml(moments).values[0]


def test_known_truth_where_did_in_levels_is_wrong() -> None:
    """Pilots sell four times as much and all sales double with the market: did calls the gap an effect, the ratio is 1.

    With 60 villages of 10 households, a simulated standard error of b near .03.
    """
    rng = np.random.default_rng(3)
    rows = [
        (f"{v}_{h}", f"v{v}", t, 2 * (v % 2), float(rng.poisson(base * (1 + 3 * (v % 2)) * t)))
        for v in range(60)
        for h in range(10)
        for base in [rng.gamma(2, 2)]
        for t in (1, 2)
    ]
    moments = _moments(pl.DataFrame(rows, schema=SMALL.schema, orient="row"))
    ratio, gap = evalkit.infer(evalkit.ppml(moments), "crv1"), evalkit.infer(evalkit.did(moments), "crv1")
    assert ratio.conf_low[0] < 0 < ratio.conf_high[0]
    assert ratio.conf_high[0] - ratio.conf_low[0] < 0.2
    assert gap.conf_low[0] > 5
