"""What stands beside a synthetic estimate: weights, leaving out donors, placebos in space and time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import evalkit
from evalkit import Design, DesignError, Estimate, Moments
from evalkit.diagnostics import donor_weights, leave_one_donor_out, placebo_in_space, placebo_in_time

DESIGN = Design(unit="village", cluster="village", time="round", first_treated="first")


def _frame(*, pilots: int = 1, start: int = 6) -> pl.DataFrame:
    """Return eight villages over eight rounds; the pilots gain 5 from `start` on."""
    rng = np.random.default_rng(2)
    factor = np.cumsum(rng.normal(size=8))
    y = rng.uniform(0, 2, (8, 1)) * factor + rng.normal(size=(8, 1)) + rng.normal(size=(8, 8)) * 0.2
    y[:pilots, start - 1 :] += 5
    village, time = np.divmod(np.arange(64), 8)
    names = [f"v{v}" for v in village]
    first = np.where(village < pilots, start, 0)
    return pl.DataFrame({"village": names, "round": time + 1, "first": first, "y": y.ravel()})


def _estimate(frame: pl.DataFrame) -> Estimate:
    return evalkit.synthetic_did(Moments.from_frame(frame, design=DESIGN, outcomes=["y"]))


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    return _estimate(_frame())


def test_donor_weights(estimate: Estimate) -> None:
    weights = donor_weights(estimate)
    assert weights["weight"].sum() == pytest.approx(1)
    assert weights["weight"].is_sorted(descending=True)
    assert sorted(weights["village"]) == [f"v{v}" for v in range(1, 8)]


def test_leave_one_donor_out(estimate: Estimate) -> None:
    """Without a donor the penalties stay: an estimate on the other rows would have its own."""
    table, basis = leave_one_donor_out(estimate), estimate.basis
    village, _, value = table.row(0)
    others = np.array(basis.clusters) != village
    assert value == basis.refit(basis.means[others], basis.share[others], basis.before, basis.after).att
    assert (table["weight"] > 0).all()
    assert table["estimate"].null_count() == 0


def test_placebo_in_space(estimate: Estimate) -> None:
    table = placebo_in_space(estimate)
    assert table["village"].to_list() == ["pilot", *(f"v{v}" for v in range(1, 8))]
    assert table["estimate"][0] == estimate.values[0]
    gaps = estimate.values[1:]
    after, before = np.sqrt((gaps[5:] ** 2).mean()), estimate.columns["pre_rmse"][0]
    assert table["ratio"][0] == pytest.approx(after / before)
    assert table["estimate"].abs().arg_max() == 0


def test_placebo_in_time_uses_no_round_of_the_programme(estimate: Estimate) -> None:
    """Starts 3, 4, 5 are pretended; the effect of 5 from round 6 on is in none of them."""
    table = placebo_in_time(estimate)
    assert table["start"].to_list() == [3, 4, 5]
    changed = _frame().with_columns(pl.when(pl.col("round") >= 6).then(pl.col("y") * 100).otherwise("y").alias("y"))
    assert placebo_in_time(_estimate(changed))["estimate"].to_list() == table["estimate"].to_list()
    assert table["estimate"].abs().max() < 2


def test_what_is_refused(estimate: Estimate) -> None:
    with pytest.raises(DesignError, match="2 pilot villages"):
        placebo_in_space(_estimate(_frame(pilots=2)))
    with pytest.raises(DesignError, match="2 rounds before the start"):
        placebo_in_time(_estimate(_frame(start=3)))
    with pytest.raises(DesignError, match="has no donors"):
        donor_weights(evalkit.did(Moments.from_frame(_frame(), design=DESIGN, outcomes=["y"])))
