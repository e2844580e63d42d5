"""Headlines by statsmodels from rows: by hand, against what was published, and against the village sums."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evalkit
from evalkit.batch.refit import agrees, refit
from evalkit.estimators.registry import estimate_by_name
from tests.small_panels import village_panel


def design(weights: str | None = None) -> evalkit.Design:
    return evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)


def test_four_cells_by_hand():
    """Pilot 10 → 16 and 12 → 18, comparison 5 → 7 and 7 → 9: (6) − (2) = 4; before and after alone: 6."""
    frame = pl.DataFrame(
        {
            "household": [1, 1, 2, 2, 3, 3, 4, 4],
            "village": ["a", "a", "b", "b", "c", "c", "d", "d"],
            "round": [1, 2] * 4,
            "first": [2, 2, 2, 2, 0, 0, 0, 0],
            "y": [10.0, 16.0, 12.0, 18.0, 5.0, 7.0, 7.0, 9.0],
        }
    )
    panel = evalkit.Panel.from_frame(frame, design=design(), outcome="y")
    assert refit(panel, "did") == pytest.approx(4.0, abs=1e-12)
    assert refit(panel, "event_study") == pytest.approx(4.0, abs=1e-12)
    assert refit(panel, "pre_post") == pytest.approx(6.0, abs=1e-12)
    assert refit(panel, "itt") == pytest.approx(17.0 - 8.0, abs=1e-12)


def test_what_is_no_regression_is_not_refitted():
    panel = evalkit.Panel.from_frame(village_panel(1, [2, 2, 0, 0], rounds=3), design=design(), outcome="y")
    assert refit(panel, "synthetic_did") is None


def test_published_difference_of_arms(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The table of Christian et al. (2022) gives .050 for credit used; printed to three digits."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    panel = evalkit.Panel.from_programme(evalkit.load(root / "data_raw/moz_savings"), "credit_used")
    assert round(refit(panel, "itt_unadjusted"), 3) == 0.05


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from([0.0, 0.25]),
    weights=st.sampled_from([None, "weight", "round_weight"]),
    name=st.sampled_from(["did", "event_study", "pre_post", "itt"]),
)
def test_rows_and_village_sums_give_one_number(seed: int, missing: float, weights: str | None, name: str):
    frame = village_panel(seed, [3, 3, 4, 4, 0, 0, 0], rounds=5, missing=missing)
    panel = evalkit.Panel.from_frame(frame, design=design(weights), outcome="y")
    estimate = estimate_by_name(name, evalkit.Moments.from_panel(panel))
    att = float(estimate.values[estimate.terms.index("att")])
    assert agrees(att, refit(panel, name), 1.0)


def test_agreement_is_beside_the_standard_error():
    assert agrees(0.0, 1e-9, 1.0)
    assert not agrees(0.0, 1e-9, None)
    assert not agrees(1.0, 1.00001, 1.0)
    assert not agrees(1.0, math.nan, 1.0)
