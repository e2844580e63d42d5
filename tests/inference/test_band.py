"""Uniform bands: one term, terms that move together, independent terms, and what a band may not be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import evalkit
from evalkit.inference.band import uniform_band
from evalkit.results import Counts, Estimate, Influence
from tests.small_panels import village_panel

DESIGN = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")
COUNTS = Counts(100, 50, 1000, 500, 500)
DRAWN = 0.02
"""Relative error of a quantile from 20,000 draws, generously."""


def _by_influence(psi: np.ndarray) -> evalkit.Inference:
    """Return an estimate by its influence, G = 1000, so that t is close to normal."""
    terms = ("att", *(f"event_time={k}" for k in range(psi.shape[1] - 1)))
    arms = np.arange(len(psi)) % 2 == 0
    basis = Influence(tuple(f"v{i:04d}" for i in range(len(psi))), arms, ~arms, psi)
    columns = {"event_time": (None, *range(psi.shape[1] - 1))}
    values = np.arange(psi.shape[1], dtype=float)
    return evalkit.infer(Estimate("made up", "y", terms, values, basis, COUNTS, columns), "crv1")


def _critical(result: evalkit.Inference) -> list[float]:
    low, high = uniform_band(result)
    return ((high - low) / 2 / result.std_error)[1:].tolist()


def test_independent_terms_are_sidak() -> None:
    """Uncorrelated columns: z with Φ(z) = (1 + .95^{1/4})/2 = 2.49."""
    psi = np.kron(np.eye(5), np.ones((200, 1))) * np.tile([1.0, -1.0], 500)[:, None]
    expected = norm.ppf((1 + 0.95 ** (1 / 4)) / 2)
    assert _critical(_by_influence(psi)) == pytest.approx([expected] * 4, rel=DRAWN)


def test_terms_that_move_together_have_their_own_intervals() -> None:
    """The second is 3 times the first, the third its negative."""
    own = np.random.default_rng(1).normal(size=1000)
    result = _by_influence(np.column_stack([own, own, 3 * own, -own]))
    assert _critical(result) == pytest.approx([1.962] * 3, rel=DRAWN)


def test_one_term_has_its_own_interval() -> None:
    result = _by_influence(np.random.default_rng(1).normal(size=(1000, 2)))
    low, high = uniform_band(result)
    assert (low[1], high[1]) == (
        pytest.approx(result.conf_low[1], abs=DRAWN * result.std_error[1] * 2),
        pytest.approx(result.conf_high[1], abs=DRAWN * result.std_error[1] * 2),
    )


def test_levels_of_coverage() -> None:
    """Draws of estimates with the covariance of the band: all terms are held at once in 95 of 100."""
    rng = np.random.default_rng(3)
    psi = rng.normal(size=(1000, 4)) @ rng.normal(size=(4, 5))
    result = _by_influence(psi)
    low, high = uniform_band(result)
    noise = rng.standard_normal((4000, 1000)) @ psi
    inside = ((low - result.estimate.values <= noise) & (noise <= high - result.estimate.values))[:, 1:].all(axis=1)
    assert inside.mean() == pytest.approx(0.95, abs=0.012)


PAIRS = [(e, m) for e in ("event_study", "sun_abraham") for m in ("crv1", "crv2", "crv3")]


@pytest.mark.parametrize(("estimator", "method"), [*PAIRS, ("imputation", "crv1"), ("imputation", "crv3")])
def test_between_interval_and_bonferroni(estimator: str, method: str) -> None:
    frame = village_panel(17, [3, 3, 3, 4, 4, 0, 0, 0, 0, 0], rounds=6, missing=0.15)
    moments = evalkit.Moments.from_frame(frame, design=DESIGN, outcomes=["y"])
    estimate = getattr(evalkit, estimator)(moments)
    result = evalkit.infer(estimate, method)
    low, high = uniform_band(result, seed=2)
    again = uniform_band(result, seed=2)
    assert np.array_equal(low, again[0], equal_nan=True)
    held = np.isfinite(low)
    assert held.tolist() == [
        t != "att" and np.isfinite(s) for t, s in zip(estimate.terms, result.std_error, strict=True)
    ]
    n = int(held.sum())
    bonferroni = evalkit.infer(estimate, method, level=1 - 0.05 / n)
    slack = DRAWN * (high - low)[held]
    assert (low[held] <= result.conf_low[held] + slack).all()
    assert (low[held] >= bonferroni.conf_low[held] - slack).all()
    assert (high[held] <= bonferroni.conf_high[held] + slack).all()


def test_no_band_without_a_covariance() -> None:
    moments = evalkit.Moments.from_frame(village_panel(1, [3, 3, 0, 0], rounds=4), design=DESIGN, outcomes=["y"])
    low, high = uniform_band(evalkit.infer(evalkit.event_study(moments), "wild", draws=99))
    assert np.isnan(low).all()
    assert np.isnan(high).all()
