"""The weights of the effects in a two-way coefficient: by hand, on rows, by another program, and by optimisation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import evalkit
from evalkit import Design, DesignError, Moments
from tests.small_panels import Array, dummies, village_panel, weighted_least_squares

DENSE = 1e-9
"""Relative, beside dummies on rows solved by singular values."""


def moments_of(frame: pl.DataFrame, weights: str | None = None, unit: str | None = "household") -> Moments:
    design = Design(unit=unit, cluster="village", time="round", first_treated="first", weights=weights)
    return Moments.from_frame(frame, design=design, outcomes=["y"])


def test_by_hand() -> None:
    """a starts in 2 of four rounds, b in 4; y is 1 while treated.

    ε = d − mean of the household − mean of the round + mean: a .25, .25, −.25 in rounds 2, 3, 4; b .25 in round 4; they
    add to .5, so weights .5, .5, −.5, .5 on equal shares .25. ω/share is 2, 2, −2, 2, with variance (1 + 1 + 9 + 1)/4
    = 3: a spread of 1/√3 lets the mean be 0. For a reversal only a in round 4 has an effect: P = .25, S = −.5, T = 1,
    and 1/√(1 + .25/.75) = √.75.
    """
    rows = [(u, u, g, t, float(t >= g)) for u, g in (("a", 2), ("b", 4)) for t in (1, 2, 3, 4)]
    frame = pl.DataFrame(rows, schema=["household", "village", "first", "round", "y"], orient="row")
    found = evalkit.twoway_weights(moments_of(frame))
    assert (found.estimate, found.n_cells, found.n_negative) == (pytest.approx(1), 4, 1)
    assert found.sum_negative == pytest.approx(-0.5)
    assert found.by_start.rows() == [
        (2, 2, pytest.approx(0.5), 0.25),
        (2, 3, pytest.approx(0.5), 0.25),
        (2, 4, pytest.approx(-0.5), 0.25),
        (4, 4, pytest.approx(0.5), 0.25),
    ]
    assert found.spread_for_zero == pytest.approx(3**-0.5)
    assert found.spread_for_reversal == pytest.approx(0.75**0.5)


def cells_on_rows(frame: pl.DataFrame, effects: str, weights: str | None) -> tuple[Array, Array]:
    """Return weight and share of each treated village and round: residuals of the treatment on dummies, summed."""
    rows = frame.filter(pl.len().over(effects) > 1)
    treated = ((rows["first"] > 0) & (rows["round"] >= rows["first"])).to_numpy().astype(float)
    w = np.ones(rows.height) if weights is None else rows[weights].to_numpy()
    x = np.column_stack([dummies(rows[effects]), dummies(rows["round"])])
    left = w * (treated - x @ weighted_least_squares(x, treated, w))
    table = rows.with_columns(pl.Series("left", left / (left @ treated)), pl.Series("mass", w))
    table = table.filter(pl.Series(treated > 0)).group_by("village", "round").agg(pl.col("left", "mass").sum())
    table = table.sort("village", "round")
    return table["left"].to_numpy(), table["mass"].to_numpy() / table["mass"].sum()


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
@pytest.mark.parametrize("unit", ["household", None])
@pytest.mark.parametrize("starts", [[2, 2, 3, 4, 0, 0], [1, 2, 5, 5, 2]])
def test_against_residuals_on_rows(starts: list[int], unit: str | None, weights: str | None) -> None:
    """Unbalanced, with weights that change or not, with household or village effects, with some always treated."""
    frame = village_panel(4, starts, rounds=5)
    weight, share = cells_on_rows(frame, unit or "village", weights)
    found, did = evalkit.twoway_weights(moments_of(frame, weights, unit)), evalkit.did(moments_of(frame, weights, unit))
    negative = weight < -1e-10
    assert found.estimate == pytest.approx(did.values[0], rel=DENSE)
    assert (found.n_cells, found.n_negative) == (len(weight), negative.sum())
    assert found.sum_negative == pytest.approx(weight[negative].sum(), rel=DENSE, abs=1e-12)
    assert found.by_start["weight"].sum() == pytest.approx(1, rel=DENSE)
    assert found.by_start["share"].sum() == pytest.approx(1, rel=DENSE)
    spread = abs(did.values[0]) / np.sqrt((share * (weight / share - 1) ** 2).sum())
    assert found.spread_for_zero == pytest.approx(spread, rel=DENSE)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_spreads_are_the_smallest_that_there_are(seed: int) -> None:
    """The two least standard deviations, found by sequential quadratic programming on the weights of rows.

    1e-4 relative: the optimiser stops there; the closed form is exact.
    """
    frame = village_panel(seed, [1, 2, 3, 5, 2], rounds=5, missing=0.1)
    weight, share = cells_on_rows(frame, "household", None)
    found = evalkit.twoway_weights(moments_of(frame))
    beta = found.estimate

    def least(**more: object) -> float:
        mean = {"type": "eq", "fun": lambda e: weight @ e - beta}
        start = np.full(len(weight), -abs(beta)) if "bounds" in more else np.zeros(len(weight))
        solved = minimize(
            lambda e: share @ (e - share @ e) ** 2,
            start,
            jac=lambda e: 2 * share * (e - share @ e),
            constraints=[mean, *more.pop("also", [])],  # type: ignore[misc]
            method="SLSQP",
            options={"maxiter": 2000, "ftol": 1e-14},
            **more,
        )
        assert solved.success
        return float(np.sqrt(solved.fun))

    zero = least(also=[{"type": "eq", "fun": lambda e: share @ e}])
    assert found.spread_for_zero == pytest.approx(zero, rel=1e-4)
    sided = [(None, 0)] if beta > 0 else [(0, None)]
    assert found.spread_for_reversal == pytest.approx(least(bounds=sided * len(weight)), rel=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_diff_diff_on_households_seen_in_every_round() -> None:
    """diff-diff weights each household and round; balanced, those of a village are equal, and so are both spreads."""
    diff_diff = pytest.importorskip("diff_diff")
    frame = village_panel(6, [1, 2, 4, 5, 0, 3], rounds=6, missing=0)
    treated = ((pl.col("first") > 0) & (pl.col("round") >= pl.col("first"))).cast(pl.Int64)
    peer = diff_diff.twowayfeweights(
        frame.with_columns(treated.alias("treated")).to_pandas(),
        outcome="y",
        unit="household",
        time="round",
        treatment="treated",
    )
    found = evalkit.twoway_weights(moments_of(frame))
    assert found.estimate == pytest.approx(peer.beta_fe, rel=1e-8)
    assert found.n_negative / found.n_cells == pytest.approx(peer.fraction_negative, rel=1e-12)
    assert found.spread_for_zero == pytest.approx(peer.sigma_fe, rel=1e-8)


def test_one_start_without_losses_weights_all_effects_alike() -> None:
    found = evalkit.twoway_weights(moments_of(village_panel(1, [2, 2, 0, 0], rounds=4, missing=0)))
    assert found.n_negative == 0
    assert found.spread_for_zero is None
    assert found.spread_for_reversal is None


def test_what_cannot_be_weighted_is_refused() -> None:
    with pytest.raises(DesignError, match="round effects explain"):
        evalkit.twoway_weights(moments_of(village_panel(1, [2, 2])))
    with pytest.raises(DesignError, match="two rounds"):
        evalkit.twoway_weights(moments_of(village_panel(1, [2, 0]).unique("household", keep="first")))
