"""Synthetic control by common factors: by hand, exact without noise, how many, properties, where others lean."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit import Design, DesignError, Moments, UsageError

DESIGN = Design(unit="household", cluster="village", time="round", first_treated="first")


def moments(y: np.ndarray, start: int, pilots: int = 1) -> Moments:
    """Return villages (rows) by rounds 1 …, the first of them pilots from round ``start`` on."""
    village, time = np.divmod(np.arange(y.size), y.shape[1])
    names = [f"v{v:02d}" for v in village]
    frame = pl.DataFrame({"household": names, "village": names, "round": time + 1, "y": y.ravel()})
    first = pl.Series("first", np.where(village < pilots, start, 0))
    return Moments.from_frame(frame.with_columns(first), design=DESIGN, outcomes=["y"])


def test_by_hand() -> None:
    """Factor 0, 1, 2, 3; donors follow it −1, 0, 1 times, the pilot twice from 5 up, and gains 4 in round 4.

    α = 5 and λ = 2 fit rounds 1 to 3 exactly, so round 4 would be 5 + 6 = 11, and is 15. As a mix of donors: a third
    of each, and 2 of the factor, of which the loads (−1, 0, 1) make Σλ² = 2: −1 of the first, +1 of the third.
    """
    f = np.arange(4.0)
    m = moments(np.array([5 + 2 * f + [0, 0, 0, 4], -f, 0 * f, f]), 4)
    estimate = evalkit.synthetic_factors(m, factors=1)
    assert estimate.values == pytest.approx([4, 0, 0, 0, 4], abs=1e-9)
    assert estimate.basis.fit.donors == pytest.approx([0, 1 / 3 - 1, 1 / 3, 1 / 3 + 1], abs=1e-9)
    assert estimate.notes[-1] == "1 common factors"


def test_noise_in_the_factor_is_taken_off_by_hand() -> None:
    """Donors move 10 (−3, −1, 1, 3) times −1, 0, 1, and (1, −1, −1, 1) times 1, −2, 1, which one factor leaves over.

    The factor as a unit course f is (−3, −1, 1, 3)/√20 of size² 2 · 100 · 20 = 4,000, with loads² ½, 0, ½. What is left
    has sums of squares 4, 16, 4 by donor; times D/((D − 1 − 1)(T − 1 − 1)) = 3/2 that is 6, 24, 6 a round, and an error
    of f of (6 + 6)/2/4,000 = .0015 a round. Before the start, 3 rounds: Σ(f − f̄)² = (11 − 3)/20 = .4, less 3 · .0015.
    The pilot follows twice (and 5 up, 4 more in round 4): 2 · .4/.3955, so that of the 4 are left
    4 − 2 (.4/.3955 − 1) · 10 · (3 + 1) = 4 − .9102.
    """
    f, rest = np.array([-30.0, -10, 10, 30]), np.array([1.0, -1, -1, 1])
    m = moments(np.array([5 + 2 * f + [0, 0, 0, 4], rest - f, -2 * rest, rest + f]), 4)
    estimate = evalkit.synthetic_factors(m, factors=1)
    assert estimate.values[0] == pytest.approx(4 - 80 * (0.4 / 0.3955 - 1), rel=1e-9)
    assert estimate.values[0] == pytest.approx(3.0898, abs=1e-4)
    assert estimate.basis.fit.donors.sum() == pytest.approx(1)


def test_without_it_the_answer_leans_where_the_pilot_follows_more_than_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth in a straight line, donors 0 to 2 times and the pilot 3 times; noise of 2. 150 draws, effect 0.

    The lean is .49, three of its standard errors; corrected it is −.06, a third of one. What is taken off differs by
    draws far less than draws do.
    """
    errors: dict[float, list[float]] = {0.0: [], 0.1: []}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        loads = np.concatenate([[3.0], np.linspace(0, 2, 16)])
        m = moments(loads[:, None] * np.arange(30) + 2 * rng.normal(size=(17, 30)), 21)
        for clear, found in errors.items():
            monkeypatch.setattr(import_module("evalkit.estimators.synthetic_factors"), "CLEAR", clear)
            found.append(float(evalkit.synthetic_factors(m, factors=1).values[0]))
    plain, corrected = (np.array(found) for found in errors.values())
    taken = plain - corrected
    assert taken.mean() > 10 * taken.std() / 150**0.5
    assert abs(corrected.mean()) < 2.6 * corrected.std() / 150**0.5 < plain.mean()


def panel(seed: int, *, noise: float, factors: int = 2, villages: int = 20, rounds: int = 21) -> np.ndarray:
    rng = np.random.default_rng(seed)
    courses = np.cumsum(rng.normal(size=(factors, rounds)), axis=1)
    loads = rng.normal(size=(villages, factors))
    loads[0] = 2
    common, level = rng.normal(size=rounds).cumsum(), 5 * rng.normal(size=(villages, 1))
    return level + common + loads @ courses + noise * rng.normal(size=(villages, rounds))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), factors=st.integers(0, 3), pilots=st.integers(1, 3))
def test_without_noise_it_is_exact(seed: int, factors: int, pilots: int) -> None:
    """However far the pilots' loads lie from the donors'; the effect is 3, whatever else moved."""
    y = panel(seed, noise=0.0, factors=factors)
    y[:pilots] += 4 * (y[:pilots] - y.mean(axis=0))
    y[:pilots, 15:] += 3.0
    estimate = evalkit.synthetic_factors(moments(y, 16, pilots))
    assert estimate.values[0] == pytest.approx(3, abs=1e-6)
    assert estimate.basis.fit.donors.sum() == pytest.approx(1)


def test_no_factor_is_did_on_village_means() -> None:
    y = panel(4, noise=1.0)
    assert evalkit.synthetic_factors(moments(y, 16, 2), factors=0).values[0] == pytest.approx(
        evalkit.did(moments(y, 16, 2)).values[0], rel=1e-9
    )


def test_the_number_of_factors_is_found() -> None:
    """Little noise and long series: three times in four at least it is the true number, never fewer."""
    found = []
    for seed in range(20):
        note = evalkit.synthetic_factors(moments(panel(seed, noise=0.05, rounds=40), 31)).notes[-1]
        found.append(int(note.split()[0]))
    assert min(found) >= 2
    assert found.count(2) >= 12


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), factor=st.sampled_from([1e-3, 7.0, 1e5]))
def test_order_scale_levels_and_common_shocks(seed: int, factor: float) -> None:
    """Another unit scales the answer; levels of villages, a shock to all and the order of donors leave it."""
    y = panel(seed, noise=0.5)
    rng = np.random.default_rng(seed)
    order = np.concatenate([[0], 1 + rng.permutation(19)])
    other = factor * (y[order] + 20 * rng.normal(size=(20, 1)) + 20 * rng.normal(size=21))
    values, again = (evalkit.synthetic_factors(moments(v, 16)).values for v in (y, other))
    assert again / factor == pytest.approx(values, abs=1e-6 * np.abs(y).max())


def test_more_factors_than_can_be_determined_are_refused() -> None:
    with pytest.raises(UsageError, match="0 to 1 of them"):
        evalkit.synthetic_factors(moments(panel(5, noise=1.0, rounds=5), 4), factors=2)


def test_the_jackknife_with_weights_held_is_refused() -> None:
    estimate = evalkit.synthetic_factors(moments(panel(6, noise=0.5), 16, 2))
    assert estimate.basis.fit.donors.min() < 0
    with pytest.raises(DesignError, match="negative weight"):
        evalkit.infer(estimate, "synthetic_jackknife")


def test_few_rounds_before_are_refused() -> None:
    with pytest.raises(DesignError, match="14 round"):
        evalkit.synthetic_factors(moments(panel(5, noise=1.0), 15))


def test_did_is_wrong_and_weights_lean_where_the_pilot_grows_more_than_most() -> None:
    """Growth by a logistic curve, which donors follow 0 to 90 times and the pilot 85; noise of 4. 80 draws, effect 0.

    It rises by .53 between the periods, so did is off by (85 − 45) · .53 = 21. Weights that are kept even, and fitted
    to noisy rounds, leave a part of that; factors leave less than a third of what synthetic_did leaves, and vary less.
    """
    course = 1 / (1 + np.exp(-(np.arange(42) - 16) / 4))
    errors: dict[str, list[float]] = {"did": [], "synthetic_did": [], "synthetic_factors": []}
    for seed in range(80):
        rng = np.random.default_rng(seed)
        loads = np.concatenate([[85.0], rng.uniform(0, 90, 24)])
        m = moments(100 + loads[:, None] * course + 4 * rng.normal(size=(25, 42)), 31)
        for name, found in errors.items():
            found.append(float(getattr(evalkit, name)(m).values[0]))
    bias = {name: float(np.mean(found)) for name, found in errors.items()}
    assert bias["did"] == pytest.approx(21, abs=2)
    assert abs(bias["synthetic_factors"]) < bias["synthetic_did"] / 3
    assert np.std(errors["synthetic_factors"]) < np.std(errors["synthetic_did"])


def test_placebo_covers_with_one_pilot_of_twenty() -> None:
    """100 draws, effect 0, 15 rounds before the start; at 95 % fewer than 88 of them happen once in 300."""
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y = rng.uniform(0, 2, (20, 1)) * np.cumsum(rng.normal(size=24)) + rng.normal(size=(20, 24))
        result = evalkit.infer(evalkit.synthetic_factors(moments(y, 16)))
        held += bool(result.conf_low[0] <= 0 <= result.conf_high[0])
    assert held >= 88
