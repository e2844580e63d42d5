"""Differences between quantiles of two arms that were drawn: by hand, against sorting and QuantReg, by simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, DesignError, Panel, UsageError

DESIGN = {"unit": "household", "cluster": "village", "treatment": "arm", "assignment": "randomised"}
DATA = Path(__file__).parents[2] / "data_raw"


def panel_of(y: list[float] | np.ndarray, arm: list[int] | np.ndarray, village: list[int] | np.ndarray) -> Panel:
    frame = pl.DataFrame({"y": np.asarray(y, float), "arm": np.asarray(arm), "village": np.asarray(village)})
    frame = frame.with_row_index("household")
    return Panel.from_frame(frame, design=Design(**DESIGN), outcome="y")


def test_by_hand() -> None:
    """Medians of 1, 2, 3, 4, 5 and 11, 13, 15, 17, 29: 3 and 15. At the lower quarter (1.25 of 5): 2 and 13."""
    panel = panel_of([1, 2, 3, 4, 5, 11, 13, 15, 17, 29], [0] * 5 + [1] * 5, [0, 0, 1, 1, 1, 2, 2, 3, 3, 3])
    found = evalkit.quantile_difference(panel, [0.25, 0.5])
    assert found.terms == ("quantile=0.25", "quantile=0.5")
    assert found.values == pytest.approx([11, 12], abs=1e-9)
    assert (found.columns["comparison"], found.columns["pilot"]) == ((2.0, 3.0), (13.0, 15.0))
    assert (found.counts.n_clusters, found.counts.n_treated_clusters, found.counts.n_units) == (4, 2, 10)


@pytest.mark.parametrize("tau", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_quantreg_s_own_numbers_and_those_of_sorting_on_published_rows(tau: float) -> None:
    """moz_savings, amounts paid in by quarter 4 (real): the coefficients of statsmodels, fitted here anew, and the
    sample quantiles by sorting, between which a quantile that is not unique lies; to 1e-5 of the range, where it stops.
    """
    from statsmodels.regression.quantile_regression import QuantReg

    panel = Panel.from_programme(evalkit.load(DATA / "moz_savings"), "box_value_q4_mzn")
    y, arm = panel.frame[panel.outcome].to_numpy(), panel.frame["first_treated"].is_not_null().to_numpy()
    found = evalkit.quantile_difference(panel, [tau])
    with np.errstate(all="ignore"):
        fit = QuantReg(y, np.column_stack([np.ones(len(y)), arm])).fit(q=tau)
    close = 1e-5 * np.ptp(y)
    assert found.values[0] == pytest.approx(fit.params[1], abs=2 * close)
    for name, own in (("pilot", arm), ("comparison", ~arm)):
        low, high = (np.quantile(y[own], tau, method=m) for m in ("inverted_cdf", "higher"))
        assert low - close <= found.columns[name][0] <= high + close


def test_who_lies_above_moves_the_difference_to_their_arm() -> None:
    """Of each arm one village lies below the median and one above: ψ of a pilot village above it is positive, of a
    comparison village negative, and each arm's sum is nothing but for the household at the median itself.
    """
    rng = np.random.default_rng(3)
    y = np.concatenate([np.sort(rng.normal(size=40)), np.sort(rng.normal(size=40)) + 1])
    panel = panel_of(y, [0] * 40 + [1] * 40, np.repeat([0, 1, 2, 3], 20))
    psi = evalkit.quantile_difference(panel, [0.5]).basis.psi[:, 0]
    assert np.sign(psi).tolist() == [1, -1, -1, 1]


def test_no_standard_error_where_many_have_the_very_value() -> None:
    """More than half paid in nothing: the lower quarter is 0 in both arms, exactly 0 apart without interval."""
    panel = Panel.from_programme(evalkit.load(DATA / "moz_savings"), "box_value_q4_mzn")
    row = evalkit.infer(evalkit.quantile_difference(panel, [0.25]), "crv1").row("quantile=0.25")
    assert row["estimate"] == 0.0
    assert row["std_error"] is None


def drawn(rng: np.random.Generator, villages: int = 40, households: int = 30) -> Panel:
    """Villages drawn by lot, with shocks of their own; the programme doubles what an exponential income spreads."""
    village = np.repeat(np.arange(villages), households)
    arm = rng.permutation(np.arange(villages) % 2)[village]
    own = rng.exponential(size=len(village)) * (1 + arm) + 0.2 * rng.normal(size=villages)[village]
    return panel_of(own, arm, village)


def test_known_truth_where_the_mean_hides_whom_it_is_for() -> None:
    """Incomes of the exponential distribution doubled: the quantile −log(1 − τ) moves by itself, .29, .69 and 1.39.

    The mean moves by 1 and says nothing of it. 150 draws: means within .03 (shocks of villages shift quantiles a
    little, less than that), intervals hold the truth in 90 of 100 or more.
    """
    truth = -np.log(1 - np.array([0.25, 0.5, 0.75]))
    rng, values, held = np.random.default_rng(3), [], []
    for _ in range(150):
        found = evalkit.infer(evalkit.quantile_difference(drawn(rng)), "crv1")
        values.append(found.estimate.values)
        held.append((found.conf_low <= truth) & (truth <= found.conf_high))
    assert np.mean(values, axis=0) == pytest.approx(truth, abs=0.03)
    assert (np.mean(held, axis=0) >= 0.9).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(0.5, 20), st.floats(-50, 50))
def test_scale_and_shift(seed: int, scale: float, shift: float) -> None:
    panel = drawn(np.random.default_rng(seed), 10, 11)
    other = Panel.from_frame(
        panel.frame.select(
            pl.col("y") * scale + shift,
            pl.col("first_treated").is_not_null().cast(pl.Int64).alias("arm"),
            pl.col("cluster").alias("village"),
            pl.col("unit").alias("household"),
        ),
        design=Design(**DESIGN),
        outcome="y",
    )
    plain = evalkit.quantile_difference(panel)
    assert evalkit.quantile_difference(other).values == pytest.approx(plain.values * scale, abs=1e-3 * scale)


def test_what_it_does_not_take() -> None:
    panel = panel_of([1, 2, 3, 4], [0, 0, 1, 1], [0, 1, 2, 3])
    for bad in ([], [0.0], [1.0], [0.5, 0.25]):
        with pytest.raises(UsageError, match="ascending numbers between 0 and 1"):
            evalkit.quantile_difference(panel, bad)
    with pytest.raises(DesignError, match="one arm is empty"):
        evalkit.quantile_difference(panel_of([1, 2], [1, 1], [0, 1]))
    chosen = Panel.from_programme(evalkit.load(DATA / "weinan_teams"), "net_income_per_mu_yuan")
    with pytest.raises(DesignError, match="villages were not drawn by lot"):
        evalkit.quantile_difference(chosen)
    weighted = Panel.from_programme(evalkit.load(DATA / "moz_savings"), "credit_used")
    with pytest.raises(DesignError, match="rows have weights"):
        evalkit.quantile_difference(weighted)
