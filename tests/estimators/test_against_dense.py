"""Estimates and CRV1 against least squares with a dummy for each household and round, on unbalanced panels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import evalkit
from tests.small_panels import Array, clustered_t, two_way_design, village_panel, weighted_least_squares

WEIGHTS = st.sampled_from([None, "weight", "round_weight"])
DENSE = 1e-8
"""Relative. Both solve the same equations; with panels drawn at random a nearly collinear one loses some digits."""


def _design(weights: str | None) -> evalkit.Design:
    return evalkit.Design(unit="household", cluster="village", time="round", first_treated="first", weights=weights)


def _crv1(x: Array, rows: pl.DataFrame, w: Array | None, counted: int) -> tuple[float, float]:
    """Return the last coefficient and its CRV1, K = `counted`: households are nested in villages and not counted."""
    y, clusters = rows["y"].to_numpy(), rows["village"].to_numpy()
    beta = float(weighted_least_squares(x, y, w)[-1])
    g, n = rows["village"].n_unique(), rows.height
    return beta, abs(beta / clustered_t(x, y, clusters, w)) * (g / (g - 1) * (n - 1) / (n - counted)) ** 0.5


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    adoption=st.lists(st.sampled_from([0, 2, 3, 4]), min_size=4, max_size=7).map(lambda dates: [3, 0, *dates]),
    missing=st.sampled_from([0.0, 0.2, 0.45]),
    weights=WEIGHTS,
)
def test_did(seed: int, adoption: list[int], missing: float, weights: str | None) -> None:
    frame = village_panel(seed, adoption, rounds=4, missing=missing)
    rows = frame.filter(pl.len().over("household") > 1)
    assume(rows["round"].n_unique() == 4)
    assume(rows.filter(pl.col("first") == 0).height > 0)
    treated = ((rows["first"] > 0) & (rows["round"] >= rows["first"])).cast(pl.Float64).to_numpy()
    x = two_way_design(rows, treated)
    assume(np.linalg.matrix_rank(x) == x.shape[1])
    w = None if weights is None else rows[weights].to_numpy()
    beta, se = _crv1(x, rows, w, counted=5)
    moments = evalkit.Moments.from_frame(frame, design=_design(weights), outcomes=["y"])
    result = evalkit.infer(evalkit.did(moments), "crv1").row("att")
    assert result["estimate"] == pytest.approx(beta, rel=DENSE, abs=DENSE)
    assert result["std_error"] == pytest.approx(se, rel=DENSE)
    assert result["n_obs"] == rows.height
    panel = evalkit.Panel.from_frame(frame, design=_design(weights), outcome="y")
    assert evalkit.did(panel).values[0] == result["estimate"]


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_event_study(weights: str | None) -> None:
    """All coefficients at once, and att as their average over treated rows (weighted: their weight)."""
    frame = village_panel(8, [3, 3, 4, 4, 0, 0, 0], rounds=5)
    rows = frame.filter(pl.len().over("household") > 1)
    event = rows.select(pl.when(pl.col("first") > 0).then(pl.col("round") - pl.col("first")).alias("k"))["k"]
    times = sorted(set(event.drop_nulls()) - {-1})
    columns = np.column_stack([(event == k).fill_null(False).cast(pl.Float64).to_numpy() for k in times])
    w = np.ones(rows.height) if weights is None else rows[weights].to_numpy()
    beta = weighted_least_squares(two_way_design(rows, columns), rows["y"].to_numpy(), w)[-len(times) :]
    study = evalkit.event_study(evalkit.Moments.from_frame(frame, design=_design(weights), outcomes=["y"]))
    found = dict(zip(study.terms, study.values, strict=True))
    assert [found[f"event_time={k}"] for k in times] == pytest.approx(beta.tolist(), rel=1e-9)
    after = [i for i, k in enumerate(times) if k >= 0]
    share = w @ columns[:, after]
    assert found["att"] == pytest.approx(float(beta[after] @ share / share.sum()), rel=1e-9)


@pytest.mark.parametrize("weights", [None, "weight", "round_weight"])
def test_pre_post(weights: str | None) -> None:
    frame = village_panel(9, [2, 3, 3, 0, 0], rounds=4)
    rows = frame.filter((pl.len().over("household") > 1) & (pl.col("first") > 0))
    after = (rows["round"] >= rows["first"]).cast(pl.Float64).to_numpy()
    households = two_way_design(rows, after)[:, : rows["household"].n_unique()]
    w = None if weights is None else rows[weights].to_numpy()
    beta, se = _crv1(np.column_stack([households, after]), rows, w, counted=2)
    moments = evalkit.Moments.from_frame(frame, design=_design(weights), outcomes=["y"])
    result = evalkit.infer(evalkit.pre_post(moments), "crv1").row("att")
    assert result["estimate"] == pytest.approx(beta, rel=1e-9)
    assert result["std_error"] == pytest.approx(se, rel=1e-9)


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("strata", [True, False])
def test_itt(weights: str | None, strata: bool) -> None:
    frame = village_panel(10, [3, 0, 3, 3, 0, 0, 0], rounds=3).filter(pl.col("round") == 3)
    arm = (frame["first"] > 0).cast(pl.Float64).to_numpy()
    fixed = [np.ones(frame.height)] + ([(frame["stratum"] == "s1").cast(pl.Float64).to_numpy()] if strata else [])
    w = None if weights is None else frame[weights].to_numpy()
    beta, se = _crv1(np.column_stack([*fixed, arm]), frame, w, counted=len(fixed) + 1)
    design = evalkit.Design(
        unit="household", cluster="village", time="round", first_treated="first", weights=weights, strata="stratum"
    )
    moments = evalkit.Moments.from_frame(frame, design=design, outcomes=["y"])
    result = evalkit.infer(evalkit.itt(moments, strata=strata), "crv1").row("att")
    assert result["estimate"] == pytest.approx(beta, rel=1e-9)
    assert result["std_error"] == pytest.approx(se, rel=1e-9)


@pytest.mark.parametrize("level", [1e3, 1e5, 1e7])
def test_a_covariate_far_from_zero(level: float) -> None:
    """A northing of 4,000,000 m with a spread of 100 m is a covariate, not another intercept."""
    frame = village_panel(11, [3, 0, 3, 3, 0, 0, 0], rounds=3).filter(pl.col("round") == 3)
    frame = frame.with_columns(pl.Series("x", np.random.default_rng(1).normal(size=frame.height)) + pl.col("y"))
    design = evalkit.Design(unit="household", cluster="village", time="round", first_treated="first")

    def row(shift: float) -> dict[str, float]:
        panel = evalkit.Panel.from_frame(
            frame.with_columns(pl.col("x") + shift), design=design, outcome="y", covariates=["x"]
        )
        return evalkit.infer(evalkit.itt(panel, covariates=["x"]), "crv2").row("att")

    near, far = row(0.0), row(level)
    for name in ("estimate", "std_error", "df"):
        assert far[name] == pytest.approx(near[name], rel=1e-6)
